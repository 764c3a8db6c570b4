import t from 'tap';
import type { LookUpResult } from '../../src/base/look-up.js';
import { parseFlow } from '../../src/flow/parse-flow.js';
import type { LookUpQuestion } from '../../src/ports/look-ups.js';
import { DomainWorld } from '../support/domain-world.js';
import { sampleAgent, sampleQueue } from '../support/sample-site.js';

/** When the loop asks, and what becomes of the answers; what calls make of them is in test/call/flows.test.ts. */

const FLOW = `
flow: balance
languages: [zh]
start: ask
prompts: { due: { zh: 应还 }, sorry: { zh: 查不到 } }
nodes:
  ask:
    lookup: { endpoint: bank, send: { branch: { value: call.dnis } }, take: { due: answer.due }, timeout: 2s }
    next: due
    failed: sorry
  due: { play: due, hangup: true }
  sorry: { play: sorry, hangup: true }
`;

interface Asked extends LookUpQuestion {
  /** What was stored in the moment of asking. */
  readonly position: number;
  readonly answer: (result: LookUpResult) => void;
  readonly fail: (error: Error) => void;
}

async function worldWithBank() {
  const world = new DomainWorld([sampleQueue('general')], [sampleAgent('101')]);
  const parsed = parseFlow(FLOW, { file: 'balance.yaml', known: {}, version: 'v1' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const flow = parsed.value;
  const asked: Asked[] = [];
  world.change = (config) => ({ ...config, numbers: { '1000': flow.flowId }, flow: () => flow });
  world.lookUps = {
    ask: (question) => new Promise((answer, fail) => asked.push({ ...question, position: world.store.position, answer, fail })),
    close: async () => {},
  };
  await world.start();
  const heard = (caller: ReturnType<typeof world.call>): string => {
    const hears = caller.hears();
    return hears.kind === 'prompts' ? hears.prompts.map((prompt) => prompt.replace(/^.*\//, '')).join(' ') : hears.kind;
  };
  return { world, asked, heard };
}

const DUE: LookUpResult = { ok: true, answer: { due: 12.5 } };

t.test('asked after the commit, with what the flow sends and nothing else; the answer is an event', async (t) => {
  const { world, asked, heard } = await worldWithBank();
  const { position } = world.store;
  const caller = world.call('13911112222', '1000');
  await world.pass(50);
  const { position: askedAt, answer, fail: _, ...question } = asked[0] as Asked;
  t.same(question, { endpoint: 'bank', send: { branch: '1000' }, timeoutMs: 2_000, hasSecrets: false });
  t.ok(askedAt > position, 'the call is stored before anybody is asked');
  t.match(
    [...world.store.calls.values()].map((json) => JSON.parse(json).life.flow.waitingFor),
    ['lookup'],
  );
  answer(DUE);
  await world.pass(20);
  t.equal(heard(caller), 'due');
  await world.pass(5_000);
  t.same(world.leftOvers(), []);
});

t.test('a look-up that breaks its contract, or a house without any, is a fault at once', async (t) => {
  const { world, asked, heard } = await worldWithBank();
  const caller = world.call('13911112222', '1000');
  await world.pass(50);
  asked[0]?.fail(new Error('4111111111111111'));
  await world.pass(20);
  t.equal(heard(caller), 'sorry');
  t.match(world.of('lookUpEnded'), [{ fault: 'notReached' }]);
  await world.pass(5_000);
  world.kill();
  world.lookUps = null;
  await world.start('node-1');
  const second = world.call('13911112223', '1000');
  await world.pass(50);
  t.equal(heard(second), 'sorry');
  t.match(world.of('lookUpEnded').at(-1), { fault: 'noEndpoint' });
  await world.pass(5_000);
  t.same(world.leftOvers(), []);
});

t.test('while the store is away callers are looked up all the same', async (t) => {
  const { world, asked, heard } = await worldWithBank();
  world.store.answers = 'unavailable';
  const caller = world.call('13911112222', '1000');
  await world.pass(50);
  t.equal(world.domain.degraded, true);
  asked[0]?.answer(DUE);
  await world.pass(20);
  t.equal(heard(caller), 'due');
  world.store.answers = null;
  await world.pass(10_000);
  t.equal(world.domain.degraded, false);
  t.same(world.leftOvers(), []);
});

t.test('a writer that is fenced off asks nobody', async (t) => {
  const { world, asked } = await worldWithBank();
  world.store.answers = 'fenced';
  world.call('13911112222', '1000');
  await world.pass(50);
  t.equal(asked.length, 0);
  t.match(world.fatal, [/another node has become the writer/]);
});

t.test('who stops waits for no answer; a late one is dropped; the successor asks anew', async (t) => {
  const { world, asked, heard } = await worldWithBank();
  const caller = world.call('13911112222', '1000');
  await world.pass(50);
  const old = world.domain;
  let stopped = false;
  void old.stop().then(() => {
    stopped = true;
  });
  await world.pass(20);
  t.ok(stopped, 'with the question still open');
  const { seq } = old;
  asked[0]?.answer({ ok: true, answer: { due: 99 } });
  await world.pass(20);
  t.equal(old.seq, seq, 'nothing has happened there');
  await world.start('node-2');
  await world.pass(100);
  t.equal(asked.length, 2, 'asked again');
  t.equal(heard(caller), 'nothing');
  asked[1]?.answer(DUE);
  await world.pass(20);
  t.equal(heard(caller), 'due');
  await world.pass(5_000);
  t.equal(world.of('lookUpEnded').length, 1);
  t.same(world.leftOvers(), []);
});
