import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { House, HZ, until } from '../support/house.js';
import { agentHz, CARD, MENU, STRAIGHT, VIP_NUMBER } from '../support/house-site.js';
import { longestSilenceMs, untilTalking } from '../support/house-sound.js';
import { toneIn } from '../support/tone.js';

/** Real calls through the whole house: a real Asterisk, real SIP, hotline as a process, Redis. */

const house = await House.open(t);
const scene = house.scenes(t);

scene('keys by RFC 4733 and by SIP INFO lead to the right queue and cut the prompt; SIPp walks the shipped flow', async (t) => {
  await house.ready('1001', '1002', '1005');
  // Language 1, then 0 for an agent, in ivr-flows/credit-card.yaml.
  const sipp = await house.sipp({
    scenario: 'caller-keys-tone-info',
    service: CARD,
    callers: ['13911110001'],
    keys: { key1: '1', key2: '0' },
    pauses: { beforeKeyMs: 2_500, beforeSecondKeyMs: 1_000, stayMs: 20_000 },
    toneHz: 1300,
  });
  const [general, lost] = await Promise.all([house.call(MENU), house.call(MENU, { toneHz: 1200 })]);
  await Promise.all([general, lost].map((call) => call.waitForTone(HZ.menu, { withinMs: 3_000 })));
  const toGeneral = house.nextCall('1001');
  const toLost = house.nextCall('1005');
  await general.press('0', { by: 'rtp' });
  const pressedAt = performance.now();
  await lost.press('1', { by: 'info' });
  await Promise.all([untilTalking(general, await toGeneral), untilTalking(lost, await toLost, 1200)]);
  for (const call of [general, lost]) {
    const after = call.heard({ hz: HZ.menu, sinceMs: pressedAt + 400 });
    t.equal(after.frames, 0, `the prompt is cut by the key; ${call.hearing.summary()}`);
  }
  t.match(await house.fact(general, 'menuEnded'), { key: '0', result: 'chosen' });
  t.match(await house.fact(general, 'callQueued'), { queueId: 'general' });
  t.match(await house.fact(lost, 'menuEnded'), { key: '1' });
  t.match(await house.fact(lost, 'callQueued'), { queueId: 'lost-card', priority: 100 });
  const bySipp = await until('the caller by SIPp on 1002', () => house.phone('1002').call, { withinMs: 15_000 });
  await bySipp.waitForTone(1300, { withinMs: 5_000, forMs: 500 });
  t.equal(bySipp.from, '13911110001', 'the agent sees who calls');
  bySipp.hangUp();
  const result = await sipp.done;
  t.match(result, { successful: 1, failed: 0, errors: '' }, 'the caller heard the goodbye and was hung up');
});

scene('a tone of the caller is on the agent’s leg and in the recording, which is sealed and can be fetched', async (t) => {
  await house.ready('1001');
  const coming = house.nextCall('1001');
  const caller = await house.call(STRAIGHT);
  const agent = await coming;
  await untilTalking(caller, agent);
  const started = await house.fact(caller, 'recordingStarted');
  await until('two seconds of talk', () => agent.heard({ hz: HZ.caller }).seconds > 2, { withinMs: 6_000 });
  const talkedS = agent.heard({ hz: HZ.caller }).seconds;
  caller.hangUp();
  await agent.ended();
  t.equal(agent.endedBy, 'them', 'the agent is hung up');
  t.ok((agent.endedAt ?? 0) - (caller.byeAt ?? 0) < 1_000, 'at once');
  const recording = await house.recording(caller);
  t.match(recording, { state: 'sealed', queueId: 'general', agentId: '1001', recordingId: started.recordingId });
  const sound = await house.audio(recording.recordingId);
  t.equal(createHash('sha256').update(sound).digest('hex'), recording.sha256, 'the checksum is that of the sound');
  t.equal(sound.length, recording.bytes);
  const file = join(house.folder, 'fetched.wav');
  writeFileSync(file, sound);
  const callers = toneIn(file, HZ.caller);
  const agents = toneIn(file, agentHz('1001'));
  t.ok(callers.seconds > talkedS - 0.5, `the caller is in it for ${callers.seconds} s of ${talkedS} s`);
  t.ok(agents.seconds > talkedS - 0.5, `the agent is in it for ${agents.seconds} s of ${talkedS} s`);
  t.match(await house.fact(caller, 'recordingEnded'), { complete: true });
  t.match(await house.fact(caller, 'callEnded'), { outcome: 'answered', endedBy: 'caller' });
  const { facts } = await house.get<{ facts: { kind: string }[] }>(`/api/v1/calls/${recording.callId}/facts`);
  const kinds = facts.map((fact) => fact.kind);
  const story = ['callArrived', 'callQueued', 'callOffered', 'callAnswered', 'talkEnded', 'callEnded', 'recordingSealed'];
  t.same(
    kinds.filter((kind) => story.includes(kind)),
    story,
    'the facts of one call are read by REST, in order',
  );
});

scene('a VIP overtakes an ordinary caller who came first', async (t) => {
  await house.ready('1001');
  let coming = house.nextCall('1001');
  const first = await house.call(STRAIGHT);
  await untilTalking(first, await coming);
  const ordinary = await house.call(STRAIGHT);
  await house.fact(ordinary, 'callQueued');
  const vip = await house.call(MENU, { from: VIP_NUMBER, toneHz: 1200 });
  await vip.waitForTone(HZ.vip, { withinMs: 3_000 });
  t.match(await house.fact(vip, 'callQueued'), { lane: 'vip' });
  coming = house.nextCall('1001');
  first.hangUp();
  await untilTalking(vip, await coming, 1200);
  t.equal(ordinary.heard({ hz: agentHz('1001') }).frames, 0, 'the ordinary caller still waits');
  const offered = await house.fact(vip, 'callOffered');
  t.match(offered, { why: { trigger: 'agentFreed', rule: 'vip-first' } }, 'and the fact says why');
  coming = house.nextCall('1001');
  vip.hangUp();
  await untilTalking(ordinary, await coming);
  ordinary.hangUp();
  t.match(await house.fact(ordinary, 'callEnded'), { outcome: 'answered' });
});

scene('two agents, three callers: longest idle first, the third waits for the first who is free', async (t) => {
  await house.ready('1002', '1001');
  const [a, b] = [house.nextCall('1002'), house.nextCall('1001')];
  const first = await house.call(STRAIGHT);
  await untilTalking(first, await a);
  const second = await house.call(STRAIGHT);
  await untilTalking(second, await b);
  const third = await house.call(STRAIGHT);
  await third.waitForTone(HZ.music, { withinMs: 3_000 });
  const again = house.nextCall('1001');
  second.hangUp();
  await untilTalking(third, await again);
  const answered = await Promise.all([first, second, third].map((call) => house.fact(call, 'callAnswered')));
  t.same(
    answered.map(({ agentId }) => agentId),
    ['1002', '1001', '1001'],
  );
  t.match(await house.fact(first, 'callOffered'), { why: { rule: 'longest-idle', considered: 2 } });
});

scene('six callers by SIPp through the menu, three agents who hang up: all are answered, in order', async (t) => {
  const agents = ['1001', '1002', '1003'];
  await house.ready(...agents);
  house.behave(Object.fromEntries(agents.map((name) => [name, { answerAfterMs: 50, hangUpAfterMs: 500 }])));
  const callers = Array.from({ length: 6 }, (_, i) => `1391112000${i}`);
  const sipp = await house.sipp({
    scenario: 'caller-one-key',
    service: MENU,
    callers,
    ratePerSecond: 4,
    keys: { key1: '0' },
    pauses: { stayMs: 20_000 },
    withinMs: 30_000,
  });
  const result = await sipp.done;
  t.match(result, { successful: 6, failed: 0, errors: '' });
  const arrived = (await house.of('callArrived')).filter(({ ani }) => callers.includes(ani));
  const ids = arrived.map(({ callId }) => callId);
  t.equal(ids.length, 6);
  const own = <F extends { callId: string }>(facts: F[]): F[] => facts.filter(({ callId }) => ids.includes(callId as never));
  const queued = own(await house.of('callQueued')).map(({ callId }) => callId);
  const offered = own(await house.of('callOffered')).map(({ callId }) => callId);
  t.same(offered, queued, 'who came first was offered first, each once');
  t.equal(own(await house.of('callAnswered')).length, 6);
  t.match(own(await house.of('talkEnded')), Array(6).fill({ endedBy: 'agent' }));
});

scene('rona: the agent who does not answer becomes not ready, the caller keeps the place', async (t) => {
  house.behave({ '1001': { answerAfterMs: null } });
  await house.ready('1001');
  const ringing = house.nextCall('1001');
  const caller = await house.call(STRAIGHT);
  const rung = await ringing;
  const later = await house.call(STRAIGHT, { toneHz: 1200 });
  await rung.ended(6_000);
  t.equal(rung.status, 487, 'the phone stops ringing');
  t.ok(performance.now() - rung.invitedAt < 4_500, 'after the time of the queue');
  await house.untilAgent('1001', { status: 'notReady', reason: 'rona', state: 'idle', ronaToday: 1 });
  const coming = house.nextCall('1002');
  await house.ready('1002');
  const agent = await coming;
  await untilTalking(caller, agent);
  t.equal(later.heard({ hz: agentHz('1002') }).frames, 0, 'who came later waits on');
  const offers = (await house.of('offerEnded')).slice(-2);
  t.match(offers, [
    { agentId: '1001', outcome: 'noAnswer' },
    { agentId: '1002', outcome: 'accepted' },
  ]);
  const { waitMs } = await house.fact(caller, 'callAnswered');
  t.ok(waitMs > 2_900, `the wait of ${waitMs} ms counts from the first entry`);
  t.ok(longestSilenceMs(caller) < 3_000, `never 3 s of nothing; ${caller.hearing.summary()}`);
});

scene('hold and unhold by the agent; then the agent hangs up', async (t) => {
  await house.ready('1001');
  const coming = house.nextCall('1001');
  const caller = await house.call(STRAIGHT);
  const agent = await coming;
  await untilTalking(caller, agent);
  await agent.hold();
  // A phone that holds sends nothing of its own.
  agent.setTone(0);
  const heldAt = performance.now();
  await caller.waitForTone(HZ.music, { withinMs: 3_000, sinceMs: heldAt, forMs: 400 });
  await house.fact(caller, 'callHeld');
  await house.untilAgent('1001', { state: 'onHold' });
  await until('a second on hold', () => performance.now() - heldAt > 1_000);
  const backAt = performance.now();
  await agent.unhold();
  agent.setTone(agentHz('1001'));
  await caller.waitForTone(agentHz('1001'), { withinMs: 3_000, sinceMs: backAt, forMs: 200 });
  await house.fact(caller, 'callUnheld');
  const goneAt = performance.now();
  agent.hangUp();
  await caller.waitForTone(HZ.goodbye, { withinMs: 3_000, sinceMs: goneAt });
  await caller.ended(5_000);
  t.equal(caller.endedBy, 'them', 'the flow goes on after the talk: goodbye, then hung up');
  const talk = await house.fact(caller, 'talkEnded');
  t.equal(talk.endedBy, 'agent');
  t.ok(talk.holdMs > 800 && talk.holdMs < 3_000, `on hold for ${talk.holdMs} ms`);
  t.match(await house.fact(caller, 'callEnded'), { outcome: 'answered', endedBy: 'system' });
});

scene('the place in the line is told while waiting, and cut when the agent answers', async (t) => {
  const caller = await house.call(STRAIGHT);
  await caller.waitForTone(HZ.music, { withinMs: 3_000 });
  const coming = house.nextCall('1001');
  const toldAt = await caller.waitForTone(HZ.position, { withinMs: 5_000 });
  await house.ready('1001');
  const agent = await coming;
  await untilTalking(caller, agent);
  const connectedAt = caller.heard({ hz: agentHz('1001') }).firstAtMs ?? 0;
  t.ok(connectedAt - toldAt < 1_200, `the agent was there ${Math.round(connectedAt - toldAt)} ms into the announcement`);
  const after = caller.heard({ hz: HZ.position, sinceMs: connectedAt + 100 });
  t.equal(after.frames, 0, `nothing of it after the agent is there; ${caller.hearing.summary()}`);
  t.ok(longestSilenceMs(caller) < 3_000, `never 3 s of nothing, longest ${longestSilenceMs(caller)} ms`);
});

scene('feature codes from the agent’s phone, each confirmed by voice', async (t) => {
  const steps = [
    ['*50', HZ.signedIn, { status: 'notReady' }],
    ['*51', HZ.ready, { status: 'ready' }],
    ['*52', HZ.notReady, { status: 'notReady' }],
    ['*53', HZ.signedOut, { status: 'loggedOut' }],
    ['*51', HZ.refused, { status: 'loggedOut' }],
  ] as const;
  for (const [code, hz, wanted] of steps) {
    const call = await house.feature('1001', code);
    await call.waitForTone(hz, { withinMs: 4_000 });
    await call.ended(5_000);
    t.equal(call.endedBy, 'them', `${code} is confirmed and hung up`);
    t.match(await house.agent('1001'), wanted, code);
  }
});

scene('names and numbers that try to be something else pass through harmlessly', async (t) => {
  await house.ready('1001', '1002');
  house.behave({ '1002': { answerAfterMs: null } });
  const script = `"><script>alert(1)</script>\\ \${SHELL(id)} '; DROP TABLE --`;
  const hostile = [
    { from: house.number(), fromName: script },
    { from: house.number(), fromName: '王'.repeat(400) },
    { from: '1&PJSIP/1002,$;=?', fromName: 'x' },
    { from: '9'.repeat(200), fromName: '' },
  ];
  for (const [i, names] of hostile.entries()) {
    const arrivedBefore = (await house.of('callArrived')).length;
    await house.untilAgent('1001', { state: 'idle' });
    const coming = house.nextCall('1001');
    const caller = await house.call(STRAIGHT, names);
    const agent = await coming;
    await untilTalking(caller, agent);
    t.notMatch(agent.fromName, /[<>"\\]/, `name ${i} is told without signs that mean something: ${agent.fromName}`);
    t.ok(agent.fromName.length <= 80 && agent.from.length <= 80, 'and bounded');
    const arrived = (await house.of('callArrived')).slice(arrivedBefore);
    t.equal(arrived.length, 1, 'one call arrived');
    t.ok((arrived[0]?.ani.length ?? 99) <= 40, `its number is bounded: ${arrived[0]?.ani}`);
    const shown = await house.get<{ call: { ani: string } }>(`/api/v1/calls/${arrived[0]?.callId}`);
    t.notMatch(shown.call.ani, /[<>"]/);
    caller.hangUp();
    await agent.ended();
    // The other agent is made to wait behind the first, so that only a number that dials could reach it.
    await house.post('/api/v1/agents/1002/sign-out', {});
  }
  t.equal(house.phone('1002').call, null, 'nobody else was rung');
});
