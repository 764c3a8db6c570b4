import t from 'tap';
import type { CallbackPolicy } from '../../src/acd/config.js';
import { asId, type CallId, type LegId } from '../../src/base/ids.js';
import { seededRandom } from '../../src/base/random.js';
import { DialMeter, dialable, isAllowed, numberKey } from '../../src/call/dial-out.js';
import { createLedger } from '../../src/service-level/ledger.js';
import { recount } from '../../src/service-level/recount.js';
import type { SimulatedCaller } from '../../src/simulation/simulated-caller.js';
import { DomainWorld } from '../support/domain-world.js';
import { sampleAgent, sampleQueue } from '../support/sample-site.js';

const MINUTE = 60_000;
const ANI = '13911112222';
const POLICY: CallbackPolicy = {
  mode: 'agent-first',
  attempts: 3,
  retryAfterMs: 5 * MINUTE,
  expiresMs: 60 * MINUTE,
  ringMs: 30_000,
  leadMs: 20_000,
  calendar: null,
  open: 10,
};

async function world(change: Partial<CallbackPolicy> = {}, agents = ['1001']): Promise<DomainWorld> {
  const queue = sampleQueue('general', {
    callback: { ...POLICY, ...change },
    limits: { waiting: 200, waitMs: 30 * MINUTE },
    handleMs: 70_000,
  });
  const lost = sampleQueue('lost-card', { require: { 'lost-card': 1 } });
  const w = new DomainWorld(
    [queue, lost],
    agents.map((id) => sampleAgent(id)),
  );
  await w.start();
  return w;
}

/** Dials the callback flow, presses 1, hears that it is promised and goodbye. */
async function ask(w: DomainWorld, ani = ANI): Promise<SimulatedCaller> {
  const caller = w.call(ani, '95507');
  await w.pass(10);
  caller.press('1');
  await w.pass(10);
  return caller;
}
const callbackOf = (w: DomainWorld): CallId => w.of('callbackRequested').at(-1)?.callbackId as CallId;
const party = (w: DomainWorld, attempt: number, callbackId = callbackOf(w)): SimulatedCaller | null =>
  w.switch.outsideParty(asId<LegId>(`${callbackId}-c${attempt}`));
const attempts = (w: DomainWorld): unknown[] => w.of('callbackAttempted').map(({ attempt, result }) => [attempt, result]);

/** Offered = all ways out + waiting, by the ledger and by a recount of the stored facts; whoever is promised a call is no longer waiting. */
function lawHolds(w: DomainWorld): boolean {
  const queue = sampleQueue('general');
  const nowMs = w.clock.nowMs();
  const untilMs = nowMs + MINUTE;
  const ledger = createLedger({ queues: [queue], agents: [sampleAgent('1001')], dayStartMs: () => 0 });
  for (const fact of w.store.stream) ledger.add(fact);
  const counts = ledger.counts('general', 0, untilMs, nowMs);
  const again = recount(w.store.stream, queue, 0, untilMs, nowMs);
  const { offered, answered, abandoned, flowedOut, timedOut, exitedByKey, calledBack, waiting } = counts;
  const stands = [...w.domain.hotline.engine.calls()].filter((call) => !call.callback && call.phase !== 'talking').length;
  const sum = answered + abandoned + flowedOut + timedOut + exitedByKey + calledBack + waiting;
  return (
    offered === sum && waiting === stands && Object.entries(again).every(([key, value]) => counts[key as 'offered'] === value)
  );
}

t.test('agent first: the agent is rung and told, then the caller is dialled and both talk', async (t) => {
  const w = await world();
  w.switch.outside(ANI, { afterMs: 4_000, talkMs: null });
  const asking = w.call(ANI, '95507');
  await w.pass(10);
  t.same(asking.hears(), { kind: 'prompts', prompts: ['system/callback-confirm'] });
  asking.press('1');
  await w.pass(10);
  t.same(asking.hears(), { kind: 'prompts', prompts: ['system/callback-accepted'] });
  await w.pass(4_000);
  t.equal(asking.isThere, false, 'goodbye');
  const original = w.callIdOf(asking);
  t.match(w.of('callEnded'), [{ callId: original, outcome: 'calledBack' }]);
  t.match(w.of('callQueued'), [{ callId: original }]);
  t.match(w.of('callLeftQueue'), [{ callId: original, exit: 'calledBack', waitMs: 0 }]);
  t.match(w.of('callbackRequested'), [{ callId: original, number: ANI, mode: 'agent-first' }]);
  await w.pass(60_000);
  const callbackId = callbackOf(w);
  t.match(w.domain.hotline.engine.call(callbackId), { phase: 'waiting', enteredAtMs: w.of('callQueued')[0]?.atMs });

  w.switch.phone('sip:1001', { afterMs: 2_000, talkMs: null });
  await w.ready('1001');
  await w.pass(100);
  const agentLeg = [...w.switch.legs.values()].find((leg) => leg.dnis === 'sip:1001');
  t.match(agentLeg, { ani: ANI, aniName: 'Callback' }, 'the phone shows that it is a callback');
  t.equal(party(w, 1), null, 'nobody is dialled before the agent is there');
  await w.pass(2_000);
  t.match(agentLeg?.playing, { prompts: [{ prompt: 'system/callback-next' }] });
  t.ok(party(w, 1)?.isThere, 'now the caller is dialled');
  t.equal(w.agent('1001').state, 'ringing');
  await w.pass(4_100);
  t.equal(party(w, 1)?.hears().kind, 'agent');
  t.equal(w.agent('1001').state, 'talking');
  t.same(attempts(w), [[1, 'connected']]);
  t.match(w.of('callbackEnded'), [{ callId: callbackId, outcome: 'reached', attempts: 1, agentId: '1001' }]);
  t.equal(w.of('callAnswered').length, 0, 'counted as calledBack, and not again');
  t.equal(w.of('recordingStarted').length, 1, 'recorded like any talk');
  t.ok(lawHolds(w));
  await w.pass(20_000);
  party(w, 1)?.hangUp();
  await w.pass(30_000);
  t.match(w.of('callEnded').at(-1), { callId: callbackId, outcome: 'answered', endedBy: 'caller' });
  t.match(w.of('talkEnded'), [{ callId: callbackId, agentId: '1001' }]);
  t.equal(w.agent('1001').state, 'idle');
  t.same(w.leftOvers(), []);
});

t.test('not answered: the agent is free at once, the caller is tried again, until it is given up', async (t) => {
  const w = await world();
  w.switch.outside(ANI, { afterMs: 0, silent: true, talkMs: null });
  await ask(w);
  await w.pass(3_000);
  w.switch.phone('sip:1001', { afterMs: 1_000, talkMs: null });
  await w.ready('1001');
  await w.pass(1_100);
  t.equal(w.agent('1001').state, 'ringing');
  await w.pass(30_000);
  t.same(attempts(w), [[1, 'noAnswer']]);
  await w.pass(100);
  t.match(w.agent('1001'), { state: 'idle', status: 'ready', legOf: null }, 'no blame, and free');
  const live = w.call('13900000009');
  await w.pass(1_200);
  t.equal(live.hears().kind, 'agent', 'meanwhile others are served');
  live.hangUp();
  w.switch.outside(ANI, { afterMs: 500, refuse: 'busy', talkMs: null });
  await w.pass(5 * MINUTE + 5_000);
  t.same(attempts(w), [
    [1, 'noAnswer'],
    [2, 'busy'],
  ]);
  w.switch.outside(ANI, { afterMs: 500, refuse: 'unreachable', talkMs: null });
  await w.pass(5 * MINUTE + 5_000);
  t.match(w.of('callbackEnded'), [{ outcome: 'gaveUp', attempts: 3, agentId: null }]);
  t.match(w.of('callEnded').at(-1), { callId: callbackOf(w), outcome: 'notReached' });
  t.equal(w.agent('1001').status, 'ready');
  t.ok(lawHolds(w));
  await w.pass(30_000);
  t.same(w.leftOvers(), []);
});

t.test('caller first: dialled shortly before the turn, hears the greeting, and stands where he stood', async (t) => {
  const w = await world({ mode: 'caller-first', leadMs: 20_000 });
  w.switch.phone('sip:1001', { afterMs: 500, talkMs: 60_000 });
  await w.ready('1001');
  const callers: SimulatedCaller[] = [];
  for (let i = 0; i < 4; i++) {
    callers.push(w.call(`1390000000${i}`));
    await w.pass(500);
  }
  w.switch.outside(ANI, { afterMs: 5_000, talkMs: null });
  await ask(w);
  await w.pass(1_000);
  const later = w.call('13900000008');
  await w.pass(2_000);
  t.equal(party(w, 1), null, 'three callers stand before him');
  // 60 s of talk and 10 s of wrap-up each.
  await w.pass(2 * 70_000);
  t.equal(w.of('callAnswered').length, 3);
  for (let waited = 0; party(w, 1) === null && waited < 5 * MINUTE; waited += 1_000) await w.pass(1_000);
  t.ok(party(w, 1)?.isThere, 'his turn is near');
  t.equal(w.of('callAnswered').length < 5, true, 'before it is over');
  await w.pass(5_100);
  t.same(party(w, 1)?.hears(), { kind: 'prompts', prompts: ['system/callback-greeting'] });
  await w.pass(2_000);
  t.ok(['music', 'agent'].includes(party(w, 1)?.hears().kind ?? ''));
  for (let waited = 0; w.of('callbackEnded').length === 0 && waited < 3 * MINUTE; waited += 1_000) await w.pass(1_000);
  t.match(w.of('callbackEnded'), [{ outcome: 'reached', attempts: 1, agentId: '1001' }]);
  t.not(later.hears().kind, 'agent', 'who came after him is served after him');
  t.ok(lawHolds(w));
  for (const caller of [...callers, later]) if (caller.isThere) caller.hangUp();
  party(w, 1)?.hangUp();
  await w.pass(2 * MINUTE);
  t.same(w.leftOvers(), []);
});

t.test(
  'one promise per number and queue; calling in by himself the caller takes the place, and the promise is over',
  async (t) => {
    const w = await world();
    await ask(w);
    await w.pass(4_000);
    const again = await ask(w, `+86${ANI}`);
    t.same(again.hears(), { kind: 'prompts', prompts: ['system/callback-exists'] }, 'the number in another dress is the same');
    await w.pass(4_000);
    t.match(w.of('callbackRefused'), [{ reason: 'alreadyOpen' }]);
    t.equal(w.of('callbackRequested').length, 1);
    const other = w.call('13900000007');
    await w.pass(60_000);
    const live = w.call(ANI);
    await w.pass(100);
    t.match(w.of('callbackEnded'), [{ outcome: 'merged', by: w.callIdOf(live) }]);
    t.match(w.of('callEnded').at(-1), { callId: callbackOf(w), outcome: 'notReached' });
    await w.ready('1001');
    await w.pass(100);
    t.equal(live.hears().kind, 'agent', 'before the one who came after the request');
    t.equal(other.hears().kind, 'music');
    t.ok(lawHolds(w));
    live.hangUp();
    other.hangUp();
    await w.pass(60_000);
    t.equal(w.of('callbackAttempted').length, 0);
    t.same(w.leftOvers(), []);
  },
);

t.test('merged while his phone is ringing: it stops ringing, the agent is free for the live call', async (t) => {
  const w = await world();
  w.switch.outside(ANI, { afterMs: 20_000, talkMs: null });
  await ask(w);
  await w.pass(4_000);
  await w.ready('1001');
  await w.pass(2_000);
  t.ok(party(w, 1)?.isThere);
  const live = w.call(ANI);
  await w.pass(3_000);
  t.equal(party(w, 1), null);
  t.same(attempts(w), [[1, 'calledOff']]);
  t.equal(live.hears().kind, 'agent');
  live.hangUp();
  await w.pass(60_000);
  t.same(w.leftOvers(), []);
});

t.test('expiry, and a supervisor who takes it back', async (t) => {
  const w = await world({ expiresMs: 10 * MINUTE });
  await ask(w);
  await w.pass(9 * MINUTE);
  t.equal(w.of('callbackEnded').length, 0);
  await w.pass(2 * MINUTE);
  t.match(w.of('callbackEnded'), [{ outcome: 'expired', attempts: 0 }]);
  await ask(w);
  await w.pass(5_000);
  const callbackId = callbackOf(w);
  t.match(await w.domain.submit({ kind: 'cancelCallback', callbackId: asId('nobody'), by: 'eve' }), { id: 'no-such-callback' });
  t.equal(await w.domain.submit({ kind: 'cancelCallback', callbackId, by: 'eve' }), null);
  t.match(w.of('callbackEnded').at(-1), { callId: callbackId, outcome: 'cancelled', by: 'eve' });
  t.match(await w.domain.submit({ kind: 'cancelCallback', callbackId, by: 'eve' }), { id: 'no-such-callback' });
  await w.ready('1001');
  await w.pass(60_000);
  t.equal(w.of('callOffered').length, 0, 'nobody is rung for it');
  t.same(w.leftOvers(), []);
});

t.test('the place of a caller who waited in vain is kept, and he is counted once', async (t) => {
  const w = await world();
  const caller = w.call(ANI, '95507');
  await w.pass(10);
  caller.press('5');
  await w.pass(29 * MINUTE);
  const other = w.call('13900000006');
  await w.pass(MINUTE + 100);
  t.match(w.of('callLeftQueue'), [{ exit: 'timedOut' }]);
  t.same(caller.hears(), { kind: 'prompts', prompts: ['system/callback-accepted'] });
  await w.pass(5_000);
  t.equal(w.of('callQueued').length, 2);
  t.equal(w.of('callLeftQueue').length, 1);
  t.match(w.of('callEnded'), [{ outcome: 'calledBack' }]);
  await w.ready('1001');
  await w.pass(100);
  t.match(w.of('callOffered'), [{ callId: callbackOf(w) }], 'who stands behind him waits');
  t.ok(w.of('callOffered')[0]?.waitedMs ?? 0 > 30 * MINUTE);
  await w.pass(1_000);
  party(w, 1)?.hangUp();
  other.hangUp();
  await w.pass(60_000);
  t.same(w.leftOvers(), []);
});

t.test('numbers that must not be dialled', async (t) => {
  const w = await world();
  for (const ani of ['anonymous', '', '110', '0012025550100', '+12025550100', '19001234567', '13911112222;ext=1', 'PJSIP/1&x']) {
    const caller = await ask(w, ani);
    t.same(caller.hears(), { kind: 'prompts', prompts: ['system/callback-refused'] }, ani);
    t.match(w.of('callbackRefused').at(-1), { reason: 'numberDenied' });
    caller.hangUp();
    await w.pass(10);
  }
  t.equal(w.of('callbackRequested').length, 0);
  t.same(w.leftOvers(), []);

  const policy = {
    allow: ['1', '021', '0044'],
    deny: ['1900'],
    perHour: 3,
    perNumberPerHour: 2,
    callerId: '',
    countryCode: '86',
  };
  for (const good of ['13911112222', '+8613911112222', '008613911112222', '02160000002', '+442079460000', '00442079460000']) {
    t.ok(isAllowed(policy, good), good);
  }
  for (const bad of [
    '19001112222',
    '+8619001112222',
    '+12025550100',
    '09001234567',
    '119',
    '1391111222a',
    '1391111 2222',
    '١٣٩١١١١٢٢٢٢',
  ]) {
    t.notOk(isAllowed(policy, bad), bad);
  }
  t.notOk(isAllowed({ ...policy, allow: [''] }, '13911112222'), 'an empty prefix allows nothing');
  t.notOk(isAllowed({ ...policy, allow: ['0'] }, '0012025550100'), 'a national prefix opens no other country');
  t.equal(dialable('1391111222\n2'), null);
  t.equal(numberKey('+8613911112222', '86'), numberKey('013911112222', '86'));
  const meter = new DialMeter();
  const take = (number: string, atMs: number): boolean => meter.take(policy, number, atMs);
  t.same([take('13911112222', 0), take('+8613911112222', 1), take('13911112222', 2)], [true, true, false], 'per number');
  t.same([take('13911112223', 3), take('13911112224', 4)], [true, false], 'in all');
  t.equal(take('13911112224', 3_600_002), true, 'an hour later');
});

t.test('a controller dies at any moment of a callback; the next one goes on', async (t) => {
  const moments: ReadonlyArray<readonly [string, number]> = [
    ['promised', 0],
    ['agent rings', 1_000],
    ['caller is dialled', 3_000],
    ['both talk', 9_000],
  ];
  for (const [name, afterMs] of moments) {
    const w = await world();
    w.switch.outside(ANI, { afterMs: 4_000, talkMs: null });
    w.switch.phone('sip:1001', { afterMs: 2_000, talkMs: null });
    await ask(w);
    await w.pass(5_000);
    await w.ready('1001');
    await w.pass(afterMs);
    w.kill();
    await w.pass(3_000);
    w.store.owner = null;
    await w.start('node-2');
    await w.pass(60_000);
    const last = w.of('callbackAttempted').at(-1);
    t.match(w.of('callbackEnded'), [{ outcome: 'reached' }], `${name}: ${JSON.stringify(w.of('callbackAttempted'))}`);
    t.equal(party(w, last?.attempt ?? 0)?.hears().kind, 'agent', name);
    party(w, last?.attempt ?? 0)?.hangUp();
    await w.pass(60_000);
    t.same(w.leftOvers(), [], name);
    t.ok(lawHolds(w), name);
  }
});

t.test('nobody is dialled outside the window', async (t) => {
  const w = await world({ calendar: 'office', expiresMs: 4 * 60 * MINUTE });
  t.equal(w.of('callbackRequested').length, 0);
  const openFromMs = w.clock.nowMs() + 60 * MINUTE;
  w.open = (_calendar, atMs) => atMs >= openFromMs;
  await w.ready('1001');
  await ask(w);
  await w.pass(59 * MINUTE);
  t.match(w.of('callbackRequested'), [{ number: ANI }]);
  t.equal(w.of('callOffered').length, 0);
  await w.pass(3 * MINUTE);
  t.match(w.of('callbackEnded'), [{ outcome: 'reached' }]);
  party(w, 1)?.hangUp();
  await w.pass(MINUTE);
  w.open = () => false;
  const refused = await ask(w);
  t.same(refused.hears(), { kind: 'prompts', prompts: ['system/callback-refused'] });
  t.match(w.of('callbackRefused'), [{ reason: 'outOfHours' }]);
  await w.pass(10_000);
  t.same(w.leftOvers(), []);
});

t.test('whatever happens at whatever moment, each promise has one end and nothing is left', async (t) => {
  const broken: string[] = [];
  for (let seed = 1; seed <= 60; seed++) {
    const random = seededRandom(`callback/${seed}`);
    const mode = random.below(2) === 0 ? 'agent-first' : 'caller-first';
    const w = await world({ mode, attempts: 3, retryAfterMs: 20_000, expiresMs: 10 * MINUTE }, ['1001', '1002']);
    const outside = () => {
      const kind = random.below(5);
      const afterMs = random.below(8_000);
      const refuse = (['busy', 'declined', 'unreachable'] as const)[random.below(3)] ?? 'busy';
      if (kind === 0) w.switch.outside(ANI, { afterMs, refuse, talkMs: null });
      else if (kind === 1) w.switch.outside(ANI, { afterMs, silent: true, talkMs: null });
      else w.switch.outside(ANI, { afterMs, talkMs: random.below(20_000) });
    };
    const phones = () => {
      for (const id of ['1001', '1002']) {
        const afterMs = random.below(4_000);
        if (random.below(5) === 0) w.switch.phone(`sip:${id}`, { afterMs, refuse: 'declined', talkMs: null });
        else w.switch.phone(`sip:${id}`, { afterMs, talkMs: random.below(3) === 0 ? random.below(6_000) : null });
      }
    };
    outside();
    phones();
    await w.ready('1001', '1002');
    const actions: (() => Promise<void> | void)[] = [
      outside,
      phones,
      async () => void (await ask(w)),
      async () => void (await ask(w, `1391111000${random.below(3)}`)),
      () => void w.call(ANI).givesUpAt(w.clock.nowMs() + random.below(30_000)),
      () => void w.call().givesUpAt(w.clock.nowMs() + random.below(30_000)),
      async () => {
        const leg = [...w.switch.legs.keys()][random.below(Math.max(1, w.switch.legs.size))];
        if (leg) w.switch.endLeg(leg, 'hungUp');
      },
      async () => {
        const callbackId = w.of('callbackRequested').at(-1)?.callbackId;
        if (callbackId) await w.domain.submit({ kind: 'cancelCallback', callbackId, by: 'sue' });
      },
      async () => {
        await w.domain.submit({ kind: 'signOut', agentId: asId('1001'), by: 'test' });
        await w.pass(random.below(3_000));
        await w.ready('1001');
      },
      async () => {
        w.switch.cutConnection();
        await w.pass(random.below(5_000));
        w.switch.reconnect();
      },
      async () => {
        w.switch.crash();
        await w.pass(random.below(5_000));
        w.switch.reconnect();
      },
      async () => {
        w.kill();
        await w.pass(random.below(5_000));
        w.store.owner = null;
        await w.start(`node-${w.clock.nowMs()}`);
      },
    ];
    for (let n = 0; n < 25; n++) {
      await actions[random.below(actions.length)]?.();
      await w.pass(random.below(10_000));
    }
    w.switch.outside(ANI, { afterMs: 100, talkMs: 1_000 });
    for (const id of ['1001', '1002']) w.switch.phone(`sip:${id}`, { afterMs: 100, talkMs: 5_000 });
    await w.ready('1001', '1002');
    // Whoever talks or waits hangs up within a minute; promises are kept or come to their end.
    for (let minute = 0; minute < 16; minute++) {
      for (const leg of [...w.switch.legs.values()]) if (leg.state === 'up') w.switch.endLeg(leg.legId, 'hungUp');
      await w.pass(MINUTE);
    }
    const facts = w.store.stream;
    const of = (kind: string) =>
      facts.filter((fact) => fact.kind === kind) as { callId?: string; callbackId?: string; enteredAtMs?: number }[];
    const found = w.leftOvers().filter((each) => !each.includes('outcomes'));
    for (const { callbackId } of of('callbackRequested')) {
      for (const kind of ['callbackEnded', 'callEnded']) {
        const ends = of(kind).filter(({ callId }) => callId === callbackId).length;
        if (ends !== 1) found.push(`${callbackId} has ${ends} ${kind}`);
      }
    }
    for (const { callId } of of('callArrived')) {
      const ends = of('callEnded').filter((each) => each.callId === callId).length;
      if (ends !== 1) found.push(`call ${callId} has ${ends} outcomes`);
    }
    if (!lawHolds(w)) found.push('the counts do not add up');
    for (const each of found) broken.push(`seed ${seed} (${mode}): ${each}`);
  }
  t.same(broken, []);
});
