import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/**
 * A bank for the demonstration: answers the look-ups that the shipped flows ask, and takes their messages. Any card with a right check digit is known, with any
 * password but 000000; what it owes follows from its last digits. 4111111111111111 owes 1280.50, payable on the 5th of next month; 4012888888881881 owes
 * nothing. A case of 8 digits is known too, but 00000000, and a transport card of 10 digits, but 0000000000: its balance is its last four digits in 0.1 yuan.
 * Cards are forgotten at once; messages are written into a file, as JSON lines.
 */

export interface DemoEndpoint {
  readonly kind: 'lookup' | 'message';
  /** http:// on this machine. */
  readonly url: string;
}

export interface DemoBank {
  /** Endpoints whose port is taken by something else. */
  readonly missing: readonly string[];
  stop(): void;
}

const MAX_BODY = 64 * 1024;

export async function startDemoBank(endpoints: readonly DemoEndpoint[], messageFile: string): Promise<DemoBank> {
  const servers: Server[] = [];
  const missing: string[] = [];
  const origins = new Set(endpoints.map(({ url }) => new URL(url).origin));
  for (const origin of origins) {
    const own = endpoints.filter(({ url }) => new URL(url).origin === origin);
    const server = createServer((request, response) => void answer(own, messageFile, request, response));
    if (await listen(server, new URL(origin))) servers.push(server);
    else missing.push(...own.map(({ url }) => url));
  }
  return {
    missing,
    stop: () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

function listen(server: Server, { hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) }, () => resolve(true));
    server.unref();
  });
}

async function answer(
  endpoints: readonly DemoEndpoint[],
  messageFile: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const endpoint = endpoints.find(({ url }) => new URL(url).pathname === request.url);
  const asked = endpoint && request.method === 'POST' ? await bodyOf(request) : null;
  const found = asked === null ? null : endpoint?.kind === 'lookup' ? bankAnswer(asked, new Date()) : {};
  if (asked !== null && endpoint?.kind === 'message') appendFileSync(messageFile, `${JSON.stringify(asked)}\n`);
  response.writeHead(found === null ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(found ?? { error: 'unknown' }));
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown> | null> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > MAX_BODY) return null;
      parts.push(part);
    }
    const value: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const WRONG_PASSWORD = '000000';
const CASES = ['received', 'inProgress', 'waitingForYou', 'closed'] as const;
const DUES: Readonly<Record<string, number>> = { '4111111111111111': 1280.5, '4012888888881881': 0 };

/** What the bank says about a card or a case; null: it knows none. Days are those of the bank's own month. */
export function bankAnswer(
  asked: Readonly<Record<string, unknown>>,
  now: Date,
): Record<string, string | number | boolean> | null {
  const card = typeof asked.card === 'string' ? asked.card : '';
  if (/^\d{12,19}$/.test(card)) {
    if (!hasRightCheckDigit(card)) return null;
    if (asked.password === WRONG_PASSWORD) return { result: 'notVerified' };
    const tail = Number(card.slice(-5));
    const due = DUES[card] ?? tail / 10;
    const limit = 10_000 + (tail % 9) * 5_000;
    const payBy = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 5)).toISOString().slice(0, 10);
    return {
      result: 'ok',
      due,
      minimum: Math.ceil(due * 10) / 100,
      payBy,
      limit,
      available: Math.max(0, Math.round((limit - due) * 100) / 100),
      points: tail % 20_000,
      blocked: false,
    };
  }
  const transport = typeof asked.transportCard === 'string' ? asked.transportCard : '';
  if (/^\d{10}$/.test(transport)) return Number(transport) === 0 ? null : { balance: Number(transport.slice(-4)) / 10 };
  const name = typeof asked.case === 'string' ? asked.case : '';
  if (!/^\d{8}$/.test(name)) return null;
  return Number(name) === 0
    ? { status: 'unknown' }
    : { status: CASES[Number(name.slice(-1)) % CASES.length] ?? 'received', days: Number(name.slice(-2)) % 14 };
}

function hasRightCheckDigit(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}
