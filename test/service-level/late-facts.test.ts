import t from 'tap';
import type { Fact } from '../../src/base/facts.js';
import { HOUR, MINUTE, SECOND } from '../../src/base/time.js';
import type { HistoryBatch } from '../../src/service-level/history/rows.js';
import { createLedger } from '../../src/service-level/ledger.js';
import { DAY_START, foldFrom, siteDay } from '../support/history-world.js';
import { sampleQueue } from '../support/sample-site.js';

/** Some facts come when their call has ended or is forgotten, and a delivery may be told twice. No figure may move, and no call rise again. */

const queues = [sampleQueue('general')];
const call = { callId: 'c1' };
const recording = { ...call, recordingId: 'r1' };
const message = { ...call, messageId: 'm1', endpoint: 'mail' };
const LIFE = [
  { kind: 'callArrived', ...call, switchId: 's', legId: 'l1', ani: '13800000001', dnis: '95588', flowId: null },
  { kind: 'recordingStarted', ...recording, agentId: null, queueId: null },
  { kind: 'callEnded', ...call, outcome: 'contained', durationMs: 30_000, endedBy: 'caller' },
];
const LATE = [
  { kind: 'recordingEnded', ...recording, durationMs: 20_000, complete: true, reason: 'done' },
  { kind: 'voicemailLeft', ...call, box: 'night', recordingId: 'r1', durationMs: 20_000 },
  { kind: 'messageQueued', ...message },
  { kind: 'messageDelivered', ...message, attempts: 1, detail: 'ok' },
  { kind: 'messageDelivered', ...message, attempts: 2, detail: 'ok' },
];
const SEALED = { kind: 'recordingSealed', ...recording, file: 'f', bytes: 1, durationMs: 20_000, sha256: '' };

const at = (bodies: readonly object[], firstSeq: number, atMs: number): Fact[] =>
  bodies.map((body, index) => ({ ...body, seq: firstSeq + index, atMs: atMs + index })) as unknown as Fact[];

const isOpen = (batch: HistoryBatch | null): boolean | undefined => batch?.open.find(({ id }) => id === 'c1')?.json !== null;
const outcomes = (batch: HistoryBatch | null): number =>
  (batch?.rows.outcomeIntervals ?? []).filter(({ spanMin }) => spanMin === 60).reduce((sum, { calls }) => sum + calls, 0);

t.test('history: late facts of a remembered call change its record only, and leave it waiting for its recording', (t) => {
  const fold = foldFrom(queues);
  const ended = fold.take(at(LIFE, 1, DAY_START));
  const late = fold.take(at(LATE, 4, DAY_START + 10 * SECOND));
  t.equal(outcomes(ended), 1);
  t.equal(outcomes(late), 0, 'counted once');
  t.match(late?.rows.calls, [{ callId: 'c1', outcome: 'contained', endedMs: DAY_START + 2, recordings: '["r1"]' }]);
  t.equal(late?.rows.calls?.length, 1);
  t.notOk(late?.rows.stays || late?.rows.queueIntervals, 'no stay and no count');
  const hourLater = fold.take(at([{ kind: 'controllerStopped', node: 'n' }], 9, DAY_START + HOUR));
  t.same(hourLater?.open, [], 'the recording is owed still');
  const sealed = fold.take(at([SEALED], 10, DAY_START + HOUR + MINUTE));
  t.notOk(isOpen(sealed), 'done with when it is sealed');
  t.end();
});

t.test('history: a forgotten call is not raised again by any of them', (t) => {
  const fold = foldFrom(queues);
  fold.take(at([...LIFE, SEALED], 1, DAY_START));
  const forgotten = fold.take(at([{ kind: 'controllerStopped', node: 'n' }], 5, DAY_START + 5 * MINUTE));
  t.same(forgotten?.open, [{ kind: 'call', id: 'c1', json: null }]);
  const late = fold.take(at([...LATE, SEALED], 6, DAY_START + HOUR));
  t.same(late?.rows, {});
  t.same(late?.open, []);
  t.end();
});

t.test('ledger: late facts raise no live call, known or not', (t) => {
  const ledger = createLedger({ queues, agents: [], dayStartMs: siteDay, remembered: 1 });
  for (const fact of at(LIFE, 1, DAY_START)) ledger.add(fact);
  const callsNow = (): number => ledger.board(DAY_START + HOUR).callsNow;
  t.equal(callsNow(), 0);
  for (const fact of at(LATE, 4, DAY_START + SECOND)) ledger.add(fact);
  t.equal(callsNow(), 0, 'the call has ended');
  const foreign = LATE.map((body) => ({ ...body, callId: 'older' }));
  for (const fact of at(foreign, 9, DAY_START + MINUTE)) ledger.add(fact);
  t.equal(callsNow(), 0, 'nothing is raised by facts of a call that nobody remembers');
  t.end();
});
