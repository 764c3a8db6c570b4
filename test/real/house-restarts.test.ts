import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { projectFolder } from '../../src/cli/stack/places.js';
import type { AgentView } from '../../src/service-level/views.js';
import { House, HZ, until } from '../support/house.js';
import { agentHz, MENU, STRAIGHT } from '../support/house-site.js';
import { longestSilenceMs, untilTalking } from '../support/house-sound.js';
import type { PhoneCall } from '../support/phone/phone.js';
import { toneIn } from '../support/tone.js';

/** hotline, Asterisk and Redis die under calls, and come back. */

const house = await House.open(t);
const scene = house.scenes(t);

interface Four {
  readonly talking: PhoneCall;
  readonly talkingAgent: PhoneCall;
  readonly waiting: PhoneCall;
  readonly ringing: PhoneCall;
  readonly rung: PhoneCall;
  readonly inMenu: PhoneCall;
}

/** One who talks with 1001 and is recorded, one who waits for the same agent, one for whom 1005 rings, one in the menu. */
async function fourCallers(): Promise<Four> {
  house.behave({ '1005': { answerAfterMs: null } });
  await house.ready('1001', '1005');
  const coming = house.nextCall('1001');
  const talking = await house.call(STRAIGHT);
  const talkingAgent = await coming;
  await untilTalking(talking, talkingAgent);
  const [waiting, ringing, inMenu] = await Promise.all([
    house.call(STRAIGHT, { toneHz: 1200 }),
    house.call(MENU, { toneHz: 1250 }),
    house.call(MENU, { toneHz: 1300 }),
  ]);
  const rings = house.nextCall('1005');
  await ringing.waitForTone(HZ.menu, { withinMs: 3_000 });
  await ringing.press('1');
  const rung = await rings;
  await waiting.waitForTone(HZ.music, { withinMs: 3_000 });
  await house.fact(waiting, 'callQueued');
  await house.fact(talking, 'recordingStarted');
  return { talking, talkingAgent, waiting, ringing, rung, inMenu };
}

/** What all of them have to find after hotline has been away and is ready again. */
async function goOn(t: Test, four: Four, killedAt: number): Promise<void> {
  const { talking, talkingAgent, waiting, ringing, rung, inMenu } = four;
  await inMenu.waitForTone(HZ.menu, { withinMs: 6_000, sinceMs: performance.now() - 200 });
  await inMenu.press('2');
  if (rung.state !== 'up') await rung.answer();
  await untilTalking(ringing, rung, 1250);
  t.pass('the agent whose phone rang is connected');
  const gap = talking.silenceMs({ sinceMs: killedAt - 500 });
  t.ok(gap < 250, `the talk went on without a gap in sound (longest ${Math.round(gap)} ms)`);
  t.ok(talkingAgent.silenceMs({ sinceMs: killedAt - 500 }) < 250, 'in the other direction too');
  await inMenu.waitForTone(HZ.goodbye, { withinMs: 5_000 });
  await inMenu.ended(5_000);
  const coming = house.nextCall('1001');
  talking.hangUp();
  const agent = await coming;
  await untilTalking(waiting, agent, 1200);
  const talkedS = (performance.now() - (talking.answeredAt ?? 0)) / 1_000;
  const recording = await house.recording(talking);
  t.equal(recording.state, 'sealed');
  const file = join(house.folder, 'over-the-gap.wav');
  writeFileSync(file, await house.audio(recording.recordingId));
  const heard = talkingAgent.heard({ hz: HZ.caller }).seconds;
  const recorded = toneIn(file, HZ.caller).seconds;
  t.ok(recorded > heard - 0.7, `the recording has all of the talk: ${recorded} s of ${heard} s, call of ${talkedS.toFixed(1)} s`);
  t.match(await house.fact(talking, 'recordingEnded'), { complete: true });
  const { callId, atMs } = await house.fact(waiting, 'callQueued');
  t.equal((await house.of('callQueued')).filter((fact) => fact.callId === callId).length, 1, 'entered the queue once');
  const answered = await house.fact(waiting, 'callAnswered');
  t.equal(answered.waitMs, answered.atMs - atMs, 'the wait counts from the first entry');
  for (const call of [waiting, ringing]) {
    t.ok(longestSilenceMs(call) < 3_000, `never 3 s of nothing, longest ${longestSilenceMs(call)} ms: ${call.hearing.summary()}`);
    call.hangUp();
  }
  t.match(await house.fact(inMenu, 'callEnded'), { outcome: 'contained' });
}

scene('hotline is killed (-9) and started again: the talk, the line, the ringing phone and the menu go on', async (t) => {
  const four = await fourCallers();
  const killedAt = performance.now();
  await house.hotline.kill();
  t.notOk(house.hotline.child.isRunning);
  await house.hotline.start();
  t.comment(`away for ${Math.round(performance.now() - killedAt)} ms`);
  await goOn(t, four, killedAt);
  const started = (await house.of('controllerStarted')).at(-1);
  t.match(started, { restoredCalls: 4 });
});

scene('the same with SIGTERM; an agent who picks up while nobody is there is rung again', async (t) => {
  const four = await fourCallers();
  const killedAt = performance.now();
  const end = await house.hotline.stop();
  t.match(end, { code: 0, signal: null }, 'it ends by itself, in order');
  await four.rung.answer();
  // Asterisk has nobody to give the answered phone to and hangs it up; the caller keeps the place and is offered again.
  await four.rung.ended(3_000);
  house.behave({ '1005': {} });
  const again = house.nextCall('1005', 30_000);
  await house.hotline.start();
  await goOn(t, { ...four, rung: await again }, killedAt);
});

scene('callers and agents leave while hotline is away', async (t) => {
  const four = await fourCallers();
  await house.hotline.kill();
  four.talking.hangUp();
  four.waiting.hangUp();
  four.rung.reject(603);
  four.inMenu.hangUp();
  const late = await house.dial(MENU, { toneHz: 1350 });
  await until('those who left to be gone', () => [four.talking, four.waiting, four.inMenu].every((call) => call.isOver));
  house.behave({ '1005': {} });
  const again = house.nextCall('1005', 30_000);
  await house.hotline.start();
  t.match(await house.fact(four.talking, 'callEnded'), { outcome: 'answered' });
  t.match(await house.fact(four.waiting, 'callEnded'), { outcome: 'abandonedInQueue' });
  t.match(await house.fact(four.inMenu, 'callEnded'), { outcome: 'abandonedInFlow' });
  await untilTalking(four.ringing, await again, 1250);
  t.pass('the caller whose agent declined meanwhile is offered again');
  late.hangUp();
});

scene('hotline is killed while an agent holds the call; the phone takes it back meanwhile', async (t) => {
  await house.ready('1001', '1002');
  const [first, second] = [house.nextCall('1001'), house.nextCall('1002')];
  const [a, b] = await Promise.all([house.call(STRAIGHT), house.call(STRAIGHT)]);
  const agents = await Promise.all([first, second]);
  for (const agent of agents) {
    await agent.confirmed();
    await until('sound', () => agent.heard({ hz: HZ.caller }).frames > 10);
    await agent.hold();
    agent.setTone(0);
  }
  const heldAt = performance.now();
  await Promise.all([a, b].map((caller) => caller.waitForTone(HZ.music, { withinMs: 3_000, sinceMs: heldAt, forMs: 300 })));
  const [back, still] = agents;
  const callers = [a, b].map((caller) => house.fact(caller, 'callAnswered'));
  await Promise.all(callers);
  await house.hotline.kill();
  await back.unhold();
  back.setTone(agentHz('1001'));
  await house.hotline.start();
  const startedAt = performance.now();
  const talker = (await callers[0])?.agentId === '1001' ? a : b;
  const waiter = talker === a ? b : a;
  await talker.waitForTone(agentHz('1001'), { withinMs: 3_000, sinceMs: startedAt, forMs: 300 });
  const music = talker.heard({ hz: HZ.music, sinceMs: performance.now() - 250 }).frames;
  t.equal(music, 0, `no music over the talk that was taken back: ${talker.hearing.summary()}`);
  t.ok(waiter.silenceMs({ sinceMs: heldAt + 500 }) < 1_000, `music for who is still held: ${waiter.hearing.summary()}`);
  await still.unhold();
  still.setTone(agentHz('1002'));
  const unheldAt = performance.now();
  await waiter.waitForTone(agentHz('1002'), { withinMs: 3_000, sinceMs: unheldAt, forMs: 300 });
});

scene('a crowd by SIPp, agents who answer, decline and are busy, and hotline killed twice in the middle', async (t) => {
  const answers = { answerAfterMs: 50, hangUpAfterMs: 400 };
  house.behave({ '1001': answers, '1002': answers, '1003': { respond: 603 }, '1004': { respond: 486 } });
  await house.ready('1001', '1002', '1003', '1004');
  const numbers = (of: number, count: number): string[] => Array.from({ length: count }, (_, i) => `13911${of}${1000 + i}`);
  const crowd = { ratePerSecond: 3, withinMs: 45_000 };
  const patientNumbers = numbers(50, 15);
  const sipps = await Promise.all([
    house.sipp({ ...crowd, scenario: 'caller-stays', service: STRAIGHT, callers: patientNumbers, pauses: { stayMs: 35_000 } }),
    house.sipp({ ...crowd, scenario: 'caller-stays', service: STRAIGHT, callers: numbers(51, 10), pauses: { stayMs: 1_500 } }),
    // A key that is pressed while nobody is there is lost, and this caller presses once.
    house.sipp({
      ...crowd,
      scenario: 'caller-one-key',
      service: MENU,
      callers: numbers(52, 10),
      keys: { key1: '0' },
      pauses: { stayMs: 5_000 },
    }),
  ]);
  for (const seen of [8, 24]) {
    const created = (): number => sipps.reduce((sum, sipp) => sum + sipp.counts().created, 0);
    await until('callers', () => created() >= seen, { withinMs: 10_000 });
    await house.hotline.kill();
    await house.hotline.start();
  }
  house.behave({ '1003': answers, '1004': answers });
  const results = await Promise.all(sipps.map((sipp) => sipp.done));
  for (const [i, count] of [15, 10, 10].entries()) t.match(results[i], { successful: count, failed: 0, errors: '' });
  const patient = (await house.of('callArrived')).filter(({ ani }) => patientNumbers.includes(ani)).map(({ callId }) => callId);
  const ends = (await house.of('callEnded')).filter(({ callId }) => patient.includes(callId));
  t.match(ends, Array(patient.length).fill({ outcome: 'answered' }), 'who was ready to wait was answered');
  const { agents } = await house.get<{ agents: AgentView[] }>('/api/v1/agents');
  t.same(
    agents.filter(({ reason }) => reason === 'rona').map(({ agentId }) => agentId),
    [],
    'no agent is blamed for an answer in the gap',
  );
});

scene('Asterisk is killed and comes back: calls are closed as switchLost, agents are free within 5 s', async (t) => {
  const four = await fourCallers();
  await house.stack.asterisk.kill();
  for (const call of [...house.phones.values()].flatMap((phone) => phone.openCalls)) call.drop();
  for (const call of [four.talking, four.waiting, four.ringing, four.inMenu]) call.drop();
  await until('the board to say so', async () => (await readyz()).includes('"ok":false'), { withinMs: 15_000, everyMs: 50 });
  await house.stack.asterisk.start();
  const backAt = performance.now();
  for (const call of [four.talking, four.waiting, four.ringing, four.inMenu]) {
    t.match(await house.fact(call, 'callEnded', 15_000), { outcome: 'switchLost' });
  }
  await Promise.all(['1001', '1005'].map((name) => house.untilAgent(name, { state: 'idle' }, 15_000)));
  const freeMs = performance.now() - backAt;
  t.ok(freeMs < 5_000, `agents were free ${Math.round(freeMs)} ms after it was back`);
  house.behave({ '1005': {} });
  const coming = house.nextCall('1001');
  const next = await house.call(STRAIGHT);
  await untilTalking(next, await coming);
  t.pass('a new call goes through');
});

async function readyz(): Promise<string> {
  return (await fetch(`${house.url}/readyz`)).text();
}

scene('Redis is killed and comes back: calls go on, new ones too, and no fact is missing', async (t) => {
  await house.ready('1001', '1002');
  const coming = house.nextCallAnywhere();
  const before = await house.call(STRAIGHT);
  const agent = await coming;
  await untilTalking(before, agent);
  await house.stack.redis.kill();
  const killedAt = performance.now();
  const next = house.nextCallAnywhere();
  const during = await house.call(STRAIGHT, { toneHz: 1200 });
  const second = await next;
  await untilTalking(during, second, 1200);
  t.equal(await house.metric('hotline_store_degraded'), 1, 'it says that it goes on from memory');
  const waiting = await house.call(STRAIGHT, { toneHz: 1250 });
  await waiting.waitForTone(HZ.music, { withinMs: 3_000 });
  before.hangUp();
  await agent.ended();
  await house.stack.redis.start();
  await until('everything to be written', async () => (await house.metric('hotline_store_degraded')) === 0, { withinMs: 10_000 });
  t.ok(before.silenceMs({ sinceMs: killedAt, untilMs: before.byeAt ?? 0 }) < 250, 'the talk had no gap');
  const { callId } = await house.fact(before, 'callEnded');
  t.match(await house.fact(during, 'callAnswered'), { agentId: second.home.name });
  t.ok((await house.of('callQueued')).some((fact) => fact.callId === callId));
  await until('the waiting caller to talk', () => waiting.heard({ hz: agentHz(agent.home.name) }).frames > 10, {
    withinMs: 8_000,
  });
  waiting.hangUp();
  during.hangUp();
  t.match(await house.recording(during), { state: 'sealed' });
});

scene('no controller: the dialplan takes the caller within a second, says so, and rings an agent', async (t) => {
  await house.hotline.stop();
  const rings = house.nextCall('1001', 10_000);
  const caller = await house.dial(MENU);
  await caller.answered(3_000);
  t.ok((caller.answeredAt ?? 0) - caller.invitedAt < 1_000, 'picked up within a second');
  await caller.waitForTone(HZ.spoken, { withinMs: 1_000 });
  const agent = await rings;
  await untilTalking(caller, agent);
  await house.hotline.start();
  const gap = caller.silenceMs({ sinceMs: performance.now() - 1_000 });
  t.ok(gap < 250, 'a call that the dialplan has taken is left alone when hotline comes');
  caller.hangUp();
  await agent.ended();
});

scene('a mistake in the configuration: exit code 78 and file:line:column, nothing is started', async (t) => {
  const config = join(house.folder, 'planted');
  cpSync(join(projectFolder, 'config'), config, { recursive: true });
  const queues = join(config, 'queues.yaml');
  const lines = readFileSync(queues, 'utf8').split('\n');
  const at = lines.findIndex((line) => line.includes('choose: longest-idle'));
  lines[at] = (lines[at] ?? '').replace('longest-idle', 'longest-idol');
  writeFileSync(queues, lines.join('\n'));
  const column = (lines[at] ?? '').indexOf('longest-idol') + 1;
  const { code, said } = await house.hotline.tryServe(config);
  t.equal(code, 78, said);
  t.ok(said.includes(`queues.yaml:${at + 1}:${column}`), said);
  t.match(said, /longest-idle/, 'and what is allowed there');
  const agents = (await house.get<{ agents: AgentView[] }>('/api/v1/agents')).agents;
  t.equal(agents.length, 6, 'the house that runs is not disturbed');
});
