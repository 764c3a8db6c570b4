import { createTransport, type Transporter } from 'nodemailer';
import type SMTPTransport from 'nodemailer/lib/smtp-transport/index.js';
import type { Ms } from '../../base/time.js';

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** `starttls` refuses a server that does not offer it. */
  readonly security: 'starttls' | 'tls' | 'none';
  readonly from: string;
  /** For each step: connection, greeting, an answer. */
  readonly timeoutMs: Ms;
  /** Null: the server asks for no name. Asked at each mail, so that a password can be changed while we run. */
  readonly login: () => { readonly user: string; readonly password: string } | null;
}

export interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  /** The same at each try, so that who gets it twice can tell. Letters, digits, `.`, `-` and `/`. */
  readonly id: string;
}

/** What came of one try. `detail` is the code of an error or an answer of the protocol: no address, nothing of the mail. */
export type Mailed =
  | { readonly ok: true; readonly refused: number }
  /** `again` false: the server will never take it. */
  | { readonly ok: false; readonly again: boolean; readonly detail: string };

/** nodemailer: SMTP, plain text only. One connection for each mail: alarms are rare, and a connection that has been kept may be dead. */
export class SmtpMail {
  readonly #server: SmtpServer;

  constructor(server: SmtpServer) {
    this.#server = server;
  }

  /** Never rejects. A mail that one of several people gets counts as sent: who was refused is counted in `refused`. */
  async send({ to, subject, text, id }: Mail): Promise<Mailed> {
    const { from } = this.#server;
    const messageId = `<${id.replaceAll('/', '.')}@${from.slice(from.indexOf('@') + 1)}>`;
    // RFC 3834: no holiday message is wanted as an answer.
    const headers = { 'Auto-Submitted': 'auto-generated' };
    return this.#with(async (transport) => {
      const { rejected } = await transport.sendMail({ from, to: [...to], subject, text, messageId, headers });
      return { ok: true, refused: rejected.length };
    });
  }

  /** Connects, signs in, sends nothing. Null when all is well, else a code. */
  async verify(): Promise<string | null> {
    const found = await this.#with(async (transport) => {
      await transport.verify();
      return { ok: true, refused: 0 };
    });
    return found.ok ? null : found.detail;
  }

  async #with(use: (transport: Transporter<SMTPTransport.SentMessageInfo>) => Promise<Mailed>): Promise<Mailed> {
    const { host, port, security, timeoutMs, login } = this.#server;
    const known = login();
    const transport = createTransport({
      ...{ host, port, secure: security === 'tls', requireTLS: security === 'starttls', ignoreTLS: security === 'none' },
      ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs, dnsTimeout: timeoutMs },
      // What is written is text of ours; nothing in it may make the library read a file or an address.
      ...{ disableFileAccess: true, disableUrlAccess: true },
      ...(known === null ? {} : { auth: { user: known.user, pass: known.password } }),
    });
    try {
      return await use(transport);
    } catch (error) {
      return faultOf(error);
    } finally {
      transport.close();
    }
  }
}

/** The text of an error may repeat addresses and what the server said; its codes do not. */
function faultOf(error: unknown): Mailed {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const name = typeof code === 'string' && /^[A-Z][A-Z0-9_]{0,40}$/.test(code) ? code : 'EUNKNOWN';
  const answer = typeof responseCode === 'number' ? responseCode : null;
  const final = answer !== null && answer >= 500 && name !== 'EAUTH';
  return { ok: false, again: !final, detail: answer === null ? name : `${name} ${answer}` };
}
