import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestLike } from './stack.js';

/** A system of the house for flows under test: answers look-ups and takes messages, and remembers both. */

export type BankAnswer = { readonly status: number; readonly body: unknown };

export interface TakenMessage {
  readonly headers: IncomingHttpHeaders;
  /** As it came, which is what a signature is made of. */
  readonly body: string;
}

export interface StubBank {
  readonly lookUpUrl: string;
  readonly messageUrl: string;
  readonly asked: ReadonlyArray<Readonly<Record<string, unknown>>>;
  readonly messages: readonly TakenMessage[];
}

/** `answer` decides what a look-up is told; null: nothing, ever. */
export async function startStubBank(
  t: TestLike,
  answer: (asked: Readonly<Record<string, unknown>>) => BankAnswer | null,
): Promise<StubBank> {
  const asked: Record<string, unknown>[] = [];
  const messages: TakenMessage[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString('utf8');
      const answered = request.url === '/messages' ? take(request.headers, body) : ask(body);
      if (answered === null) return;
      response.writeHead(answered.status, { 'content-type': 'application/json' }).end(JSON.stringify(answered.body));
    });
  });
  const take = (headers: IncomingHttpHeaders, body: string): BankAnswer => {
    messages.push({ headers, body });
    return { status: 200, body: {} };
  };
  const ask = (body: string): BankAnswer | null => {
    const question = JSON.parse(body) as Record<string, unknown>;
    asked.push(question);
    return answer(question);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { lookUpUrl: `${origin}/bank`, messageUrl: `${origin}/messages`, asked, messages };
}
