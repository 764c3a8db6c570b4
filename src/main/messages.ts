import { createHmac } from 'node:crypto';
import type { Attempt } from '../adapters/jobs/bull-jobs.js';
import { GuardedClient, type GuardedReply } from '../adapters/look-ups/guarded-client.js';
import type { FactBody } from '../base/facts.js';
import type { Refusal } from '../base/result.js';
import type { Job } from '../call/state.js';
import type { MessageEndpoint } from './config/endpoints.js';
import { secretReader } from './secret-file.js';

export type MessageJob = Extract<Job, { kind: 'sendMessage' }>;

interface Receiver {
  readonly endpoint: MessageEndpoint;
  readonly client: GuardedClient;
  readonly authorization: () => string | null;
  readonly key: () => string | null;
}

/** As many as are worked on at once. */
const AT_ONCE = 8;
/** Beyond those of the endpoint, for a history that cannot be told at the last one because this node stops. */
const SPARE_ATTEMPTS = 3;
const OURS = new Set(['messageId', 'callId', 'at']);

/**
 * Hands the messages of flows to their endpoints: POST, JSON `{messageId, callId, at, ...message}`, headers `idempotency-key` (the message's id) and, with a
 * key, `x-hotline-signature`. Any 2xx is taken for received. A message may come twice, always with the same id.
 */
export class OutgoingMessages {
  readonly #receivers: ReadonlyMap<string, Receiver>;

  constructor(endpoints: Readonly<Record<string, MessageEndpoint>>) {
    const none = (): null => null;
    this.#receivers = new Map(
      Object.entries(endpoints).map(([name, endpoint]) => [
        name,
        {
          endpoint,
          client: new GuardedClient({ ...endpoint, atOnce: AT_ONCE }),
          authorization: endpoint.secretFile === null ? none : secretReader(endpoint.secretFile),
          key: endpoint.signFile === null ? none : secretReader(endpoint.signFile),
        },
      ]),
    );
  }

  /** How often a job of this endpoint may be begun. */
  attemptsOf(endpoint: string): number {
    return this.triesOf(endpoint) + SPARE_ATTEMPTS;
  }

  /** How often a message is tried; 1 where there is no such endpoint. */
  triesOf(endpoint: string): number {
    return this.#receivers.get(endpoint)?.endpoint.attempts ?? 1;
  }

  /** Tries once and tells the history what came of it. Rejects when it is to be tried again; the reason holds nothing of the message. */
  async deliver(job: MessageJob, attempt: Attempt, tell: (fact: FactBody) => Promise<Refusal | null>): Promise<void> {
    const { callId, messageId, endpoint } = job;
    const receiver = this.#receivers.get(endpoint);
    const own = Object.entries(job.message).filter(([name]) => !OURS.has(name));
    const at = new Date(attempt.addedAtMs).toISOString();
    const reply = await this.post(endpoint, messageId, { messageId, callId, at, ...Object.fromEntries(own) });
    const detail = reply.ok ? String(reply.status) : `${reply.fault}: ${reply.detail}`;
    if (!reply.ok && receiver && attempt.number < receiver.endpoint.attempts) throw new Error(`${endpoint}: ${detail}`);
    const kind = reply.ok ? 'messageDelivered' : 'messageGivenUp';
    const refusal = await tell({ kind, callId, messageId, endpoint, attempts: attempt.number, detail });
    if (refusal) throw new Error(refusal.message);
  }

  /** One try to hand `body` over, under an id that stays the same at each try. Never rejects. */
  async post(endpoint: string, messageId: string, body: Readonly<Record<string, unknown>>): Promise<GuardedReply> {
    const receiver = this.#receivers.get(endpoint);
    return receiver ? send(receiver, messageId, body) : { ok: false, fault: 'noEndpoint', detail: 'no such endpoint' };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#receivers.values()].map(({ client }) => client.close()));
  }
}

function send({ endpoint, client, authorization, key }: Receiver, messageId: string, message: object): Promise<GuardedReply> {
  const body = JSON.stringify(message);
  const [bearer, signingKey] = [authorization(), key()];
  return client.send({
    method: 'POST',
    headers: {
      accept: '*/*',
      'content-type': 'application/json',
      'user-agent': 'hotline-acd',
      ...endpoint.headers,
      'idempotency-key': messageId,
      ...(bearer === null ? {} : { authorization: bearer }),
      ...(signingKey === null ? {} : { 'x-hotline-signature': signatureOf(signingKey, Math.floor(Date.now() / 1_000), body) }),
    },
    body,
    timeoutMs: endpoint.timeoutMs,
    maxBytes: null,
  });
}

/**
 * `t=SECONDS,v1=HEX`: HMAC-SHA256 with the endpoint's key over `SECONDS.BODY`, the body's bytes as they came. A receiver computes it anew, compares in
 * constant time, and refuses what is older than a few minutes.
 */
export function signatureOf(key: string, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex')}`;
}
