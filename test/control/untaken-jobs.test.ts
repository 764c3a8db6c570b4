import t from 'tap';
import { asId, type FlowId } from '../../src/base/ids.js';
import type { Job } from '../../src/call/state.js';
import type { FlowProgram } from '../../src/flow/contract.js';
import { parseFlow } from '../../src/flow/parse-flow.js';
import type { Commit } from '../../src/ports/state-store.js';
import { DomainWorld } from '../support/domain-world.js';
import { sampleAgent, sampleQueue } from '../support/sample-site.js';

/** A message that a flow has sent is handed over though the process dies in the moment between the commit and the act, or Redis is away then. */

const SENDING = `
flow: sending
languages: [zh]
start: tell
prompts:
  bye: { zh: 再见 }
nodes:
  tell: { send: { to: sms, message: { about: card } }, next: bye }
  bye: { play: bye, hangup: true }
`;

const program = (): FlowProgram => {
  const parsed = parseFlow(SENDING, { file: 'sending.yaml', known: {}, version: 'v1' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
};

function world(): DomainWorld {
  const w = new DomainWorld([sampleQueue('general')], [sampleAgent('1001')]);
  const sending = program();
  w.change = (config) => ({
    ...config,
    flow: (flowId, version) => (flowId === 'sending' ? sending : config.flow(flowId, version)),
    numbers: { ...config.numbers, '95533': asId<FlowId>('sending') },
  });
  return w;
}

/** `act` at the first commit that keeps a job, when the store has taken it and the writer does not know yet. */
function afterJobCommitted(w: DomainWorld, act: () => void): void {
  const commit = w.store.commit.bind(w.store);
  w.store.commit = async (batch: Commit) => {
    const result = await commit(batch);
    if (batch.changes.some(({ kind, json }) => kind === 'job' && json !== null)) {
      w.store.commit = commit;
      act();
    }
    return result;
  };
}

const messages = (jobs: readonly Job[]): string[] => jobs.flatMap((job) => (job.kind === 'sendMessage' ? [job.messageId] : []));

t.test('killed between commit and act, the next writer hands the message over, and forgets it once it is taken', async (t) => {
  const w = world();
  await w.start();
  afterJobCommitted(w, () => w.kill());
  w.call('13911112222', '95533');
  await w.pass(100);
  t.same(w.jobs, [], 'the process died before it could hand it over');
  t.equal(w.store.jobs.size, 1);
  await w.start();
  const [queued] = w.store.stream.filter((fact) => fact.kind === 'messageQueued');
  t.same(messages(w.jobs), [queued?.kind === 'messageQueued' ? queued.messageId : 'none was queued']);
  await w.pass(1_100);
  t.equal(w.store.jobs.size, 0, 'forgotten without any call');
  w.kill();
  await w.start();
  t.equal(w.jobs.length, 1, 'and not handed over again');
});

t.test('killed while nobody takes it: handed over again, with the same id', async (t) => {
  const w = world();
  await w.start();
  const asked: Job[] = [];
  w.takeJob = (job) => {
    asked.push(job);
    return new Promise(() => {});
  };
  w.call('13911112222', '95533');
  await w.pass(5_000);
  t.equal(asked.length, 1);
  t.equal(w.store.jobs.size, 1);
  w.kill();
  w.takeJob = async (job) => void w.jobs.push(job);
  await w.start();
  t.same(messages(w.jobs), messages(asked));
});

t.test('one that is refused against the contract is told, and waits for the next start', async (t) => {
  const w = world();
  const told: object[] = [];
  w.log = { ...w.log, error: (fields) => void told.push(fields) };
  await w.start();
  w.takeJob = () => Promise.reject(new Error('broken'));
  w.call('13911112222', '95533');
  await w.pass(5_000);
  t.match(told, [{ error: 'Error: broken' }]);
  t.equal(w.store.jobs.size, 1);
  t.same(w.fatal, []);
});

t.test('a store that is away, and comes back empty, gets what is not taken yet and nothing else', async (t) => {
  const w = world();
  await w.start();
  const take: (() => void)[] = [];
  w.takeJob = () => new Promise((resolve) => take.push(resolve));
  w.store.answers = 'unavailable';
  w.call('13911112222', '95533');
  w.call('13911113333', '95533');
  await w.pass(100);
  t.equal(take.length, 2);
  t.equal(w.store.jobs.size, 0);
  take[0]?.();
  await w.pass(10);
  w.store.empty();
  w.store.answers = null;
  await w.pass(1_000);
  t.notOk(w.domain.degraded);
  t.same(messages([...w.store.jobs.values()].map((json) => JSON.parse(json))).length, 1);
  take[1]?.();
  await w.pass(1_100);
  t.equal(w.store.jobs.size, 0);
});

t.test('what was taken goes with the next commit, and the stop leaves nothing', async (t) => {
  const w = world();
  await w.start();
  w.call('13911112222', '95533');
  await w.pass(50);
  await w.ready('1001');
  t.equal(w.store.jobs.size, 0, 'gone before the second is over');
  w.call('13911113333', '95533');
  await w.pass(50);
  await w.domain.stop();
  t.equal(w.store.jobs.size, 0);
  t.equal(w.jobs.length, 2);
});
