import type { LookUpResult } from '../../base/look-up.js';
import type { Ms } from '../../base/time.js';
import type { Log } from '../../ports/log.js';
import type { LookUpQuestion, LookUps } from '../../ports/look-ups.js';
import { parseAnswer } from './answer.js';
import { GuardedClient, type GuardedTarget, type Resolve } from './guarded-client.js';

export interface AskedEndpoint extends GuardedTarget {
  readonly method: 'GET' | 'POST';
  readonly timeoutMs: Ms;
  readonly maxBytes: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Value of the header `authorization`, read anew for each question; null: none. */
  readonly authorization: () => string | null;
}

export interface HttpLookUpsOptions {
  readonly endpoints: Readonly<Record<string, AskedEndpoint>>;
  readonly log: Log;
  /** The machine's own unless told. */
  readonly resolve?: Resolve;
}

const TOLD_EVERY_MS = 60_000;

/**
 * Look-ups over HTTP: POST with `send` as JSON, or GET with `send` in the address; a 2xx answer of JSON is the answer. No library: which
 * address is connected to, and what of an answer is taken into memory, are decided here and nowhere else.
 */
export class HttpLookUps implements LookUps {
  readonly #endpoints: ReadonlyMap<string, { readonly endpoint: AskedEndpoint; readonly client: GuardedClient }>;
  readonly #log: Log;
  /** Faults since the log was last told of them, by endpoint. */
  readonly #untold = new Map<string, { sinceMs: number; count: number }>();

  constructor({ endpoints, log, resolve }: HttpLookUpsOptions) {
    this.#log = log;
    this.#endpoints = new Map(
      Object.entries(endpoints).map(([name, endpoint]) => [name, { endpoint, client: new GuardedClient(endpoint, resolve) }]),
    );
  }

  async ask(question: LookUpQuestion): Promise<LookUpResult> {
    const asked = this.#endpoints.get(question.endpoint);
    if (!asked) return { ok: false, fault: 'noEndpoint', detail: 'no such endpoint' };
    const result = await askEndpoint(asked.endpoint, asked.client, question);
    if (!result.ok) this.#tell(question.endpoint, result.fault, result.detail);
    return result;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#endpoints.values()].map(({ client }) => client.close()));
  }

  /** A system that is away fails for every caller; the log is told once a minute. */
  #tell(endpoint: string, fault: string, detail: string): void {
    const nowMs = performance.now();
    const untold = this.#untold.get(endpoint);
    if (untold && nowMs - untold.sinceMs < TOLD_EVERY_MS) {
      untold.count++;
      return;
    }
    this.#untold.set(endpoint, { sinceMs: nowMs, count: 0 });
    this.#log.warn({ endpoint, fault, detail, untoldBefore: untold?.count ?? 0 }, 'a look-up has failed');
  }
}

async function askEndpoint(endpoint: AskedEndpoint, client: GuardedClient, question: LookUpQuestion): Promise<LookUpResult> {
  const isGet = endpoint.method === 'GET';
  // An address stands in the logs of every system on the way.
  if (isGet && question.hasSecrets !== false) return { ok: false, fault: 'forbidden', detail: 'secure values go by POST only' };
  const authorization = endpoint.authorization();
  const reply = await client.send({
    method: endpoint.method,
    headers: {
      accept: 'application/json',
      'user-agent': 'hotline-acd',
      ...endpoint.headers,
      ...(authorization === null ? {} : { authorization }),
      ...(isGet ? {} : { 'content-type': 'application/json' }),
    },
    ...(isGet ? { query: textsOf(question.send) } : { body: JSON.stringify(question.send) }),
    timeoutMs: Math.min(question.timeoutMs, endpoint.timeoutMs),
    maxBytes: endpoint.maxBytes,
  });
  if (!reply.ok) return reply;
  const parsed = parseAnswer(reply.body);
  return parsed.ok ? { ok: true, answer: parsed.answer } : { ok: false, fault: 'badAnswer', detail: parsed.why };
}

const textsOf = (send: LookUpQuestion['send']): Record<string, string> =>
  Object.fromEntries(Object.entries(send).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]])));
