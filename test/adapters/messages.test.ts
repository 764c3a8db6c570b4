import { createHmac, timingSafeEqual } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { BullJobs } from '../../src/adapters/jobs/bull-jobs.js';
import { RedisStore } from '../../src/adapters/redis/redis-store.js';
import type { FactBody } from '../../src/base/facts.js';
import { asId, type CallId } from '../../src/base/ids.js';
import { Domain } from '../../src/control/domain.js';
import { parseFlow } from '../../src/flow/parse-flow.js';
import type { MessageEndpoint } from '../../src/main/config/endpoints.js';
import { type MessageJob, OutgoingMessages, signatureOf } from '../../src/main/messages.js';
import { SystemClock } from '../../src/main/system-clock.js';
import { SimulatedSwitch } from '../../src/simulation/simulated-switch.js';
import { SILENT } from '../support/domain-world.js';
import { sampleAcd, sampleConfig, sampleQueue } from '../support/sample-site.js';
import { startTestStack, type TestStack } from '../support/stack.js';

const KEY = 'k3-a-key-for-messages';
const SENDING = `
flow: sending
languages: [zh]
start: tell
prompts:
  bye: { zh: 再见 }
nodes:
  tell: { send: { to: sms-gateway, message: { about: card } }, next: bye }
  bye: { play: bye, hangup: true }
`;
const CANARY = 'canary-text-of-a-message';

let stack: TestStack;
let keyFile = '';
t.before(async () => {
  stack = await startTestStack(t, { redis: true });
  mkdirSync(stack.folder, { recursive: true });
  keyFile = join(stack.folder, 'message-key');
  writeFileSync(keyFile, `${KEY}\n`);
});

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver on one port that can be away, refuse, or hang. */
class Gateway {
  readonly received: Received[] = [];
  /** Statuses of the next answers; then 200. `hang`: none at all. */
  answers: (number | 'hang')[] = [];
  #server: Server | null = null;
  port = 0;

  async open(): Promise<void> {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => {
        body += part;
      });
      request.on('end', () => {
        this.received.push({ headers: request.headers, body });
        const answer = this.answers.shift() ?? 200;
        if (answer !== 'hang') response.writeHead(answer).end('x'.repeat(200_000));
      });
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  close(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
    this.#server = null;
  }
}

let houses = 0;

/** Jobs, messages and a gateway, wired as the house does it; `facts` is what the history was told. */
async function house(t: Test, change: Partial<MessageEndpoint> = {}, refusals = 0) {
  let refused = 0;
  const gateway = new Gateway();
  await gateway.open();
  const messages = new OutgoingMessages({
    'sms-gateway': {
      kind: 'message',
      url: `http://127.0.0.1:${gateway.port}/send`,
      network: 'loopback',
      timeoutMs: 500,
      headers: { 'x-sender': '95588' },
      secretFile: null,
      signFile: keyFile,
      attempts: 4,
      ...change,
    },
  });
  const facts: FactBody[] = [];
  const lines: object[] = [];
  const write = (fields: object, sentence: string): void => void lines.push({ ...fields, sentence });
  const jobs = await BullJobs.connect({
    url: stack.redis.url,
    domain: `messages-${++houses}`,
    log: { debug: write, info: write, warn: write, error: write },
    attemptsOf: (job) => (job.kind === 'sendMessage' ? messages.attemptsOf(job.endpoint) : 1),
    work: async (job, attempt) => {
      if (job.kind !== 'sendMessage') return;
      await messages.deliver(job, attempt, async (fact) => {
        if (refused++ < refusals) return { id: 'stopping', message: 'this node is stopping' };
        facts.push(fact);
        return null;
      });
    },
  });
  t.teardown(async () => {
    await jobs.close();
    await messages.close();
    gateway.close();
  });
  const told = async (count: number, withinMs = 15_000): Promise<void> => {
    const untilMs = performance.now() + withinMs;
    while (facts.length < count && performance.now() < untilMs) await pause(20);
    t.equal(facts.length, count, `facts: ${JSON.stringify(facts)}, log: ${JSON.stringify(lines)}`);
  };
  return { gateway, jobs, facts, lines, told };
}

const message = (n: number, change: Partial<MessageJob> = {}): MessageJob => ({
  kind: 'sendMessage',
  callId: asId<CallId>('c-1'),
  messageId: `c-1-m${n}`,
  endpoint: 'sms-gateway',
  message: { text: CANARY, number: '13900000101', due: 12.5, none: null, messageId: 'another', at: 'never' },
  ...change,
});

t.test('a message is signed, carries its id, and is told as delivered', async (t) => {
  const { gateway, jobs, facts, told } = await house(t);
  await jobs.add(message(1));
  await pause(200);
  t.equal(gateway.received.length, 0, 'a node that stands by sends nothing');
  jobs.startWork();
  await told(1);
  t.match(facts, [
    { kind: 'messageDelivered', callId: 'c-1', messageId: 'c-1-m1', endpoint: 'sms-gateway', attempts: 1, detail: '200' },
  ]);
  const [{ headers, body } = { headers: {}, body: '' }] = gateway.received;
  const { at, ...rest } = JSON.parse(body);
  t.same(rest, { messageId: 'c-1-m1', callId: 'c-1', text: CANARY, number: '13900000101', due: 12.5, none: null });
  t.ok(Math.abs(Date.parse(at) - Date.now()) < 20_000, at);
  t.match(headers, { 'content-type': 'application/json', 'idempotency-key': 'c-1-m1', 'x-sender': '95588' });
  const [, seconds = '', signature = ''] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-hotline-signature'])) ?? [];
  t.ok(Math.abs(Number(seconds) * 1_000 - Date.now()) < 20_000);
  const expected = createHmac('sha256', KEY).update(`${seconds}.${body}`).digest();
  t.ok(timingSafeEqual(expected, Buffer.from(signature, 'hex')), 'the receiver comes to the same signature');
  t.not(signatureOf(KEY, Number(seconds), `${body} `), headers['x-hotline-signature']);
  await jobs.add(message(1));
  await pause(200);
  t.equal(gateway.received.length, 1, 'what is asked for twice is sent once');
});

t.test('a receiver that is away, refuses and hangs gets it in the end, always under the same id', async (t) => {
  const { gateway, jobs, facts, lines, told } = await house(t, { attempts: 5 });
  gateway.close();
  jobs.startWork();
  await jobs.add(message(1));
  while (!lines.some((line) => JSON.stringify(line).includes('ECONNREFUSED'))) await pause(20);
  gateway.answers = [503];
  await gateway.open();
  await told(1);
  t.match(facts, [{ kind: 'messageDelivered', messageId: 'c-1-m1', attempts: 3 }]);
  t.same(
    gateway.received.map(({ headers }) => headers['idempotency-key']),
    ['c-1-m1', 'c-1-m1'],
    'refused once, taken once',
  );
  t.same(new Set(gateway.received.map(({ body }) => body)).size, 1, 'word by word the same');
  t.notMatch(JSON.stringify(lines), CANARY);
  t.notMatch(JSON.stringify(lines), KEY);
});

t.test('after its last attempt a message is given up, and an endpoint that is no more is not waited for', async (t) => {
  const { gateway, jobs, facts, told } = await house(t, { attempts: 2 });
  gateway.answers = [500, 'hang'];
  jobs.startWork();
  await jobs.add(message(1));
  await jobs.add(message(2, { endpoint: 'gone' }));
  await told(2);
  t.match(facts[0], {
    kind: 'messageGivenUp',
    messageId: 'c-1-m2',
    endpoint: 'gone',
    attempts: 1,
    detail: 'noEndpoint: no such endpoint',
  });
  t.match(facts[1], { kind: 'messageGivenUp', messageId: 'c-1-m1', attempts: 2, detail: 'timeout: 500 ms' });
  t.equal(gateway.received.length, 2);
});

t.test('a message that is sent while Redis is away waits in memory', async (t) => {
  const { gateway, jobs, facts, lines, told } = await house(t);
  jobs.startWork();
  await stack.redis.stop();
  const keeps: string[] = [];
  const kept = [message(1), message(1)].map((each) => jobs.add(each).then(() => void keeps.push(each.messageId)));
  const untilMs = performance.now() + 5_000;
  while (!/could not be kept/.test(JSON.stringify(lines)) && performance.now() < untilMs) await pause(20);
  t.match(JSON.stringify(lines), /could not be kept/);
  t.equal(gateway.received.length, 0);
  t.same(keeps, [], 'nobody is told that it is kept while it is not');
  await stack.redis.start();
  await told(1, 20_000);
  await Promise.all(kept);
  t.match(facts, [{ kind: 'messageDelivered', messageId: 'c-1-m1' }]);
  t.equal(gateway.received.length, 1);
});

t.test('a process that dies between the commit and the handing over loses no message', async (t) => {
  const { gateway, jobs, told } = await house(t);
  const sending = parseFlow(SENDING, { file: 'sending.yaml', known: {}, version: 'v1' });
  if (!sending.ok) throw new Error(JSON.stringify(sending.error));
  const site = sampleConfig(sampleAcd([sampleQueue('general')], []));
  const clock = new SystemClock(0);
  const begin = async (change: (store: RedisStore, dies: () => void) => void = () => {}) => {
    const store = await RedisStore.connect({ url: stack.redis.url, domain: `senders-${houses}`, log: SILENT });
    t.teardown(() => store.close());
    const hall = new SimulatedSwitch({ clock });
    const domain = await Domain.open({
      ...{ node: 'node-1', clock, store, switches: [hall], jobs, log: SILENT, leaseMs: 5_000 },
      config: { ...site, flow: () => sending.value, numbers: { '95533': sending.value.flowId } },
      onFacts: () => {},
      onFatal: (reason) => t.fail(reason),
    });
    t.teardown(() => domain.stop());
    change(store, () => domain.abandon());
    return { store, hall };
  };
  let died = false;
  const first = await begin((store, dies) => {
    const commit = store.commit.bind(store);
    store.commit = async (batch) => {
      const result = await commit(batch);
      if (!batch.changes.some(({ kind, json }) => kind === 'job' && json !== null)) return result;
      died = true;
      dies();
      return result;
    };
  });
  jobs.startWork();
  const caller = first.hall.placeCall({ ani: '13911112222', dnis: '95533' });
  const untilMs = performance.now() + 5_000;
  while (!died && performance.now() < untilMs) await pause(10);
  await pause(200);
  t.equal(gateway.received.length, 0, 'the dead process has sent nothing');
  t.equal((await first.store.load()).jobs.size, 1);
  caller.hangUp();
  const second = await begin();
  await told(1);
  t.equal(gateway.received.length, 1);
  while ((await second.store.load()).jobs.size > 0 && performance.now() < untilMs + 5_000) await pause(50);
  t.equal((await second.store.load()).jobs.size, 0, 'it is forgotten once BullMQ keeps it');
});

t.test('what the history cannot be told at the last attempt is told later', async (t) => {
  const { gateway, jobs, facts, told } = await house(t, { attempts: 1 }, 1);
  gateway.answers = [500, 500];
  jobs.startWork();
  await jobs.add(message(1));
  await told(1);
  t.match(facts, [{ kind: 'messageGivenUp', messageId: 'c-1-m1', attempts: 2, detail: 'status: 500' }]);
  t.equal(gateway.received.length, 2);
});
