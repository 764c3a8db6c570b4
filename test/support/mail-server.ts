import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body as they came, lines of the header unfolded. */
  readonly text: string;
}

/** A mail server of a few lines: takes what it is given, refuses and hangs on demand. No encryption. */
export class MailServer {
  readonly mails: ReceivedMail[] = [];
  /** What was given to sign in, decoded: `\0user\0password`. */
  readonly logins: string[] = [];
  /** Answers to the next mails in place of taking them: `451 later`, `hang`. */
  answers: string[] = [];
  /** Addresses that nobody has here. */
  unknown = new Set<string>();
  asksForLogin = false;
  password = 'a-good-password';
  readonly #sockets = new Set<Socket>();
  #server: Server | null = null;
  port = 0;

  async open(): Promise<void> {
    const server = createServer((socket) => this.#serve(socket));
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server?.close();
    this.#server = null;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    let from = '';
    let to: string[] = [];
    let data: string[] | null = null;
    let rest = '';
    const hear = (line: string): void => {
      if (data !== null) {
        if (line !== '.') return void data.push(line.replace(/^\.\./, '.'));
        const text = data.join('\n').replace(/\n[ \t]+/g, ' ');
        data = null;
        const answer = this.answers.shift();
        if (answer === 'hang') return;
        if (answer !== undefined) return say(answer);
        this.mails.push({ from, to, text });
        return say('250 taken');
      }
      const [verb = ''] = line.toUpperCase().split(' ');
      const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
      if (verb === 'EHLO') return say(this.asksForLogin ? '250-here\r\n250 AUTH PLAIN' : '250 here');
      if (verb === 'AUTH') {
        const login = Buffer.from(line.split(' ')[2] ?? '', 'base64').toString();
        this.logins.push(login);
        return say(login.endsWith(`\0${this.password}`) ? '235 welcome' : `535 wrong, ${login.replaceAll('\0', ' ')}`);
      }
      if (verb === 'MAIL') {
        from = address;
        to = [];
        return say('250 ok');
      }
      if (verb === 'RCPT') {
        if (this.unknown.has(address)) return say(`550 no ${address} here`);
        to.push(address);
        return say('250 ok');
      }
      if (verb === 'DATA') {
        data = [];
        return say('354 go on');
      }
      if (verb === 'QUIT') return void socket.end('221 bye\r\n');
      say('250 ok');
    };
    say('220 mail.test');
    socket.on('data', (part) => {
      const lines = (rest + part.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) hear(line);
    });
  }
}
