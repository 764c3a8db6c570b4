import type { Fact } from '../../src/base/facts.js';
import type { HttpDeps, NumbersReading } from '../../src/http/deps.js';
import type { HistoryReader } from '../../src/ports/history.js';
import type { ReplayFrame } from '../../src/service-level/replay-frames.js';
import type { Board, CallbackView, CallView, RecordingView } from '../../src/service-level/views.js';
import { aCall, aCallback, aCaller, aHouse, anAbandoned, anAgent, aQueue, aRecording, type House } from './house.js';

/**
 * Two teams that share a queue and of which one has a queue of its own, with a call of each kind: 1001 and 1002 (north) serve general; 2001 (south)
 * serves general and cards. What is of whom can be read from the ids.
 */
const call = (callId: string, queueId: string | null, agentId: string | null, phase: CallView['phase']): CallView =>
  ({ ...aCall, callId, queueId, agentId, phase, recordings: [] }) as unknown as CallView;

export const CALLS: readonly CallView[] = [
  call('call-own', 'general', '1001', 'talking'),
  call('call-mate', 'general', '1002', 'ended'),
  call('call-south', 'general', '2001', 'talking'),
  call('call-cards', 'cards', null, 'waiting'),
  call('call-line', 'general', null, 'waiting'),
  call('call-rings', 'general', '2001', 'ringing'),
  call('call-menu', null, null, 'flow'),
];

const facts = (callId: string): readonly Fact[] => {
  const found = CALLS.find((each) => each.callId === callId);
  if (!found) return [];
  const { queueId, agentId } = found;
  const why = { trigger: 'callerCame', rule: 'longest-idle', candidates: [{ id: '1002', key: [] }], considered: 2 };
  const of = { callId, queueId };
  return [
    { kind: 'callArrived', callId, switchId: 's', legId: 'l', ani: '13800001234', dnis: '95555', flowId: null },
    ...(queueId === null ? [] : [{ kind: 'callQueued', ...of, lane: 'ordinary', priority: 0, language: 'zh' }]),
    ...(callId === 'call-own' ? [{ kind: 'offerEnded', ...of, agentId: '1002', offerId: 'o1', outcome: 'noAnswer' }] : []),
    ...(agentId === null ? [] : [{ kind: 'callOffered', ...of, agentId, offerId: 'o2', waitedMs: 5, why }]),
    ...(agentId === null ? [] : [{ kind: 'callAnswered', ...of, agentId, offerId: 'o2', waitMs: 9 }]),
  ].map((fact, at) => ({ seq: at + 1, atMs: Date.now() - 1_000 + at, ...fact })) as unknown as readonly Fact[];
};

export function twoTeamsBoard(): Board {
  const waiting = (n: number, callId: string) => ({ ...aCaller(n, 9_000), callId: callId as never });
  return {
    ...{ seq: 7, atMs: 10_000, callsNow: CALLS.length, switches: [] },
    queues: [
      aQueue('general', { en: 'General-title' }, { offered: 5, answered: 3 }, [waiting(1, 'call-line')]),
      aQueue('cards', { en: 'Cards-title' }, { offered: 41, answered: 17 }, [waiting(2, 'call-cards')]),
    ],
    agents: [anAgent('1001'), anAgent('1002'), anAgent('2001', { team: 'south', callId: 'call-south' as never })],
    alarms: [
      { ...alarmOf('cards'), rule: 'cards-alarm' },
      { ...alarmOf('general'), rule: 'general-alarm' },
    ],
  };
}

const alarmOf = (queueId: string): Board['alarms'][number] => ({
  ...{ alarmId: `line-long/${queueId}/1`, rule: 'line-long', queueId: queueId as never, metric: 'waiting', severity: 'warning' },
  ...{ value: 5, bound: 4, raisedAtMs: 1, clearedAtMs: null, acknowledgedBy: null, acknowledgedAtMs: null, note: '' },
  mutedUntilMs: null,
});

const recordings: readonly RecordingView[] = [
  { ...aRecording, recordingId: 'rec-own' as never, callId: 'call-own' as never, agentId: '1001' as never },
  { ...aRecording, recordingId: 'rec-mate' as never, callId: 'call-mate' as never, agentId: '1002' as never },
  { ...aRecording, recordingId: 'rec-south' as never, callId: 'call-south' as never, agentId: '2001' as never },
];
const callbacks: readonly CallbackView[] = [
  { ...aCallback, callbackId: 'cb-cards' as never, callId: 'call-x' as never, queueId: 'cards' as never },
  { ...aCallback, callbackId: 'cb-general' as never, callId: 'call-y' as never },
];
const abandoned = (['cards', 'general'] as const).map((queueId) => ({
  ...anAbandoned,
  ...{ callId: `gone-${queueId}` as never, queueId: queueId as never },
}));

const day = (agentId: string) => ({
  ...{ agentId: agentId as never, dayStartMs: 0, signIns: 1, signedInMs: 9, ringMs: 0, talkMs: 0, holdMs: 0, outboundMs: 0 },
  ...{ wrapUpMs: 0, idleMs: 9, notReadyMs: {}, answered: 0, declined: 0, rona: 0 },
});

const TARGET = { share: 0.8, withinMs: 20_000, formula: 'answered-of-offered', shortAbandonMs: 5_000 } as never;
const numbers: NumbersReading = {
  details: (queueId) => {
    const queue = twoTeamsBoard().queues.find((each) => each.queueId === queueId);
    const { today: counts, serviceLevel: level } = queue as NonNullable<typeof queue>;
    const parts = ['agent:1001', 'agent:1002', 'agent:2001', 'team:north', 'team:south', 'tier:vip'];
    return {
      queueId: queueId as never,
      counts,
      level,
      parts: parts.map((part) => ({ part, counts, level })),
      waits: [] as never,
    };
  },
  agentDays: () => ['1001', '1002', '2001'].map(day),
  targets: new Map(['general', 'cards'].map((id) => [id, TARGET])),
  limits: { notReadyMs: {}, wrapUpMs: null },
  kindOfDay: () => 'ordinary',
};

/** Rows of the history as far as the routes look at them; whatever else is asked is answered with nothing. */
const KEPT: Partial<Record<keyof HistoryReader, (query: never) => unknown>> = {
  stand: () => ({ position: { life: 1, seq: 7 }, atMs: 0, missing: 0 }),
  calls: ({ after, limit }: { after?: { callId: string }; limit: number }) => {
    const from = after === undefined ? 0 : CALLS.findIndex(({ callId }) => callId === after.callId) + 1;
    return CALLS.slice(from, from + limit).map(kept);
  },
  call: ((callId: string) => {
    const found = CALLS.find((each) => each.callId === callId);
    return found ? { call: kept(found), stays: [], offers: [], legs: [], visits: [] } : null;
  }) as never,
  reasonSums: () =>
    ['1001', '1002', '2001'].map((agentId) => ({ agentId, startMs: null, reason: `tea-${agentId}`, times: 1, lengthMs: 1 })),
  surveySums: () => ['1001', '1002', '2001'].map((agentId) => ({ queueId: 'general', agentId, scale: 5, score: 4, calls: 1 })),
  repeatSums: () => ['general', 'cards'].map((queueId) => ({ queueId, calls: 3, within1Day: 1, within7Days: 1 })),
  alarms: () => [
    ...['1001', '1002', '2001'].map((agentId) => ({
      ...{
        atMs: 1,
        kind: 'notReadyLimitExceeded',
        subject: agentId,
        detail: JSON.stringify({ agentId, reason: 'tea' }),
        place: 1,
      },
    })),
    { atMs: 1, kind: 'switchDown', subject: 'pbx', detail: '{"switchId":"pbx"}', place: 2 },
  ],
};
const kept = ({ callId, queueId, agentId, ani }: CallView, at = 0) =>
  ({ callId, queueId, agentId, ani, arrivedMs: 1_000 - at, recordings: '[]' }) as never;
const reader: object = new Proxy(
  {},
  {
    get: (_, name: keyof HistoryReader) => (name === 'asking' ? () => reader : async (query: never) => KEPT[name]?.(query) ?? []),
  },
);

async function* replayed(): AsyncGenerator<ReplayFrame, void> {
  const board = twoTeamsBoard();
  yield { type: 'begin', fromMs: 1, toMs: 2, stepMs: 1, board };
  const change = { seq: 8, atMs: 2, callsNow: 9, agents: [{ agentId: '2001' as never, reason: 'tea' }] };
  yield { type: 'delta', ...change, queues: [{ queueId: 'cards' as never, callers: [] }] };
  yield { type: 'delta', ...change, seq: 9, agents: [{ agentId: '1001' as never, reason: 'tea' }], queues: [] };
  yield { type: 'end', atMs: 2, isCut: false };
}

export function twoTeams(more: Partial<HttpDeps> = {}): House {
  const { ledger } = aHouse();
  const house = aHouse({
    bind: { host: '0.0.0.0', port: 0 },
    roster: [
      { agentId: '1001', team: 'north', queueIds: ['general'] },
      { agentId: '1002', team: 'north', queueIds: ['general'] },
      { agentId: '2001', team: 'south', queueIds: ['general', 'cards'] },
    ],
    ledger: {
      ...ledger,
      seq: 7,
      calls: (limit) => CALLS.slice(0, limit),
      call: (id) => CALLS.find(({ callId }) => callId === id) ?? null,
      factsOf: facts,
      callbacks: (limit) => callbacks.slice(0, limit),
      abandoned: (limit) => abandoned.slice(0, limit),
      recordings: (limit) => recordings.slice(0, limit),
    },
    explanation: (callId) => (facts(callId).length === 0 ? null : { parts: [], text: `why ${callId}` }),
    numbers,
    history: { reader: reader as HistoryReader, queues: [], agents: twoTeamsBoard().agents },
    alarms: { up: () => twoTeamsBoard().alarms, ended: () => [], rules: () => [] } as never,
    replay: { frames: replayed },
    ...more,
  });
  house.show(twoTeamsBoard());
  const person = { name: 'x', password: '$argon2id$', teams: null, agentId: null };
  house.users.set('one', { ...person, id: 'one', role: 'agent', agentId: '1001' as never });
  house.users.set('north', { ...person, id: 'north', role: 'supervisor', teams: ['north'] });
  house.users.set('south', { ...person, id: 'south', role: 'supervisor', teams: ['south'] });
  house.users.set('whole', { ...person, id: 'whole', role: 'supervisor' });
  house.users.set('wall', { ...person, id: 'wall', role: 'viewer' });
  return house;
}
