import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { RecordingView } from '../../src/service-level/views.js';
import { House, until } from '../support/house.js';
import { HZ } from '../support/house-site.js';
import type { PhoneCall } from '../support/phone/call.js';
import { hearCommands } from '../support/redis-commands.js';
import { toneIn } from '../support/tone.js';

/** Voicemail and secure digits on a real Asterisk: what is in the file, what is told, what a restart does, and what is nowhere. */

const BOX = '95611';
const SECURE = '95612';
/** The same with a short time. */
const SHORT_BOX = '95613';
const SHORT_S = 5;
const tone = (hz: number): object => ({ zh: String(hz), en: String(hz) });
/** Asterisk's own beep. */
const BEEP_HZ = 700;
const CANARY = '4716258050958645';

const boxFlow = (max: string): object => ({
  start: 'leave',
  prompts: { leave: tone(HZ.menu), thanks: tone(HZ.comfort), none: tone(HZ.refused) },
  nodes: {
    leave: {
      voicemail: { box: 'complaints', prompt: 'leave', thanks: 'thanks', max, silence: '3s' },
      next: 'bye',
      failed: 'none',
    },
    none: { play: 'none', hangup: true },
    bye: { hangup: true },
  },
});
const house = await House.open(t, {
  rules: {
    queues: { general: {} },
    agents: { '1001': { skills: { general: 1 } } },
    lines: { '95500': { to: 'general' } },
    flows: {
      [BOX]: boxFlow('20s'),
      [SHORT_BOX]: boxFlow(`${SHORT_S}s`),
      [SECURE]: {
        start: 'card',
        prompts: { ask: tone(HZ.menu), good: tone(HZ.comfort), bad: tone(HZ.refused) },
        nodes: {
          card: {
            collect: { into: 'card', prompt: 'ask', secure: true, min: 16, max: 16, check: 'luhn', tries: 2 },
            next: 'good',
            failed: 'bad',
          },
          good: { play: 'good', hangup: true },
          bad: { play: 'bad', hangup: true },
        },
      },
    },
  },
});
const scene = house.scenes(t);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function begins(call: PhoneCall): Promise<void> {
  await call.waitForTone(HZ.menu, { withinMs: 4_000 });
  await house.fact(call, 'recordingStarted');
}

async function saved(call: PhoneCall): Promise<{ recording: RecordingView; seconds: number }> {
  const recording = await house.recording(call);
  const file = join(house.folder, `${recording.recordingId}.wav`);
  writeFileSync(file, await house.audio(recording.recordingId));
  return { recording, seconds: toneIn(file, HZ.caller).seconds };
}

/** Ended by #, by silence, by hanging up: the words are in the file, the list shows it, thanks are heard. */
async function endedByTheCaller(t: Test): Promise<void> {
  const [byKey, bySilence, byGoing] = await Promise.all([1, 2, 3].map(() => house.call(BOX)));
  if (!byKey || !bySilence || !byGoing) throw new Error('three callers');
  for (const call of [byKey, bySilence, byGoing]) await begins(call);
  await pause(3_500);
  bySilence.setTone(0);
  byGoing.hangUp();
  await byKey.press('#', { by: 'rtp' });
  await Promise.all([byKey, bySilence].map((call) => call.waitForTone(HZ.comfort, { withinMs: 6_000 })));
  t.ok(byKey.heard({ hz: BEEP_HZ }).frames >= 3, `a beep is heard; ${byKey.hearing.summary()}`);
  // Between the message and the thanks a few packets are missing at times; nobody hears a tenth of a second.
  t.notMatch(byKey.hearing.summary(), /no packets (0\.[3-9]|[1-9])/, 'the line never looks dead');
  for (const [name, call] of Object.entries({ byKey, bySilence, byGoing })) {
    const left = await house.fact(call, 'voicemailLeft');
    t.match(left, { box: 'complaints', recordingId: `${left.callId}-v1` }, name);
    t.ok(left.durationMs >= 2_000 && left.durationMs <= 5_000, `${left.durationMs} ms`);
    const { recording, seconds } = await saved(call);
    t.match(recording, { state: 'sealed', agentId: null, recordingId: left.recordingId });
    t.ok(seconds > 2 && seconds < 5, `${name}: the caller is in it for ${seconds} s`);
  }
  t.match(await house.fact(byGoing, 'callEnded'), { outcome: 'contained', endedBy: 'caller' });
}

async function nothingSaidIsNothingLeft(t: Test): Promise<void> {
  const call = await house.call(BOX, { toneHz: 0 });
  await begins(call);
  await call.waitForTone(HZ.refused, { withinMs: 8_000 });
  await house.fact(call, 'callEnded');
  const callId = await house.callId(call);
  t.equal((await house.of('voicemailLeft')).filter((fact) => fact.callId === callId).length, 0);
}

async function overWhenTheTimeIsUp(t: Test): Promise<void> {
  const call = await house.call(SHORT_BOX);
  await begins(call);
  await call.waitForTone(HZ.comfort, { withinMs: SHORT_S * 1_000 + 6_000 });
  const { durationMs } = await house.fact(call, 'voicemailLeft');
  t.ok(durationMs >= SHORT_S * 1_000 - 1_000 && durationMs <= SHORT_S * 1_000 + 1_000, `${durationMs} ms`);
  await until('the goodbye', () => call.isOver, { withinMs: 5_000 });
}

/** Not in Redis at any moment, not in facts, not in a log of hotline or Asterisk. */
async function secureDigitsAreNowhere(t: Test): Promise<void> {
  const { commands, stop } = await hearCommands(house.stack.redis.url);
  const [right, wrong] = [await house.call(SECURE), await house.call(SECURE)];
  await Promise.all([right, wrong].map((call) => call.waitForTone(HZ.menu, { withinMs: 4_000 })));
  const odd = `${CANARY.slice(0, 15)}4`;
  await Promise.all([
    right.press(`${CANARY}#`, { by: 'rtp' }),
    wrong.press(`${odd}#`, { by: 'rtp' }).then(() => wrong.press(`${CANARY}9#`, { by: 'info' })),
  ]);
  await right.waitForTone(HZ.comfort, { withinMs: 6_000 });
  await Promise.all([right, wrong].map((call) => call.ended(20_000)));
  t.match(await house.fact(right, 'digitsCollected'), { result: 'collected', secure: true, length: 0 });
  await house.fact(wrong, 'callEnded');
  await pause(300);
  stop();
  t.ok(commands.length > 20, `${commands.length} commands to Redis were read`);
  const logs = [house.folder, house.stack.folder].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.log$|log\/|messages/.test(name) && !name.includes('node_modules'))
      .map((name) => join(folder, name)),
  );
  const text = logs.map((path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  });
  t.ok(logs.length >= 2, logs.join(' '));
  const facts = JSON.stringify(await house.facts());
  // Long enough not to be a moment or a port by chance.
  const parts = Array.from({ length: CANARY.length - 6 }, (_, i) => CANARY.slice(i, i + 7));
  const found = (name: string, hay: string): string[] =>
    parts.filter((part) => hay.includes(part)).map((part) => `${part} in ${name}`);
  t.same([...found('Redis', commands.join('\n')), ...found('facts', facts), ...found('logs', text.join('\n'))], []);
  const apis = ['/api/v1/calls?limit=50', '/api/v1/board', `/api/v1/calls/${await house.callId(right)}/facts`];
  for (const path of apis) t.same(found(path, JSON.stringify(await house.get(path))), []);
  // Digits one by one would show as keys of facts.
  const own = (await house.facts()).filter((fact) => 'callId' in fact && fact.kind !== 'callArrived');
  t.same(
    own.filter((fact) => 'key' in fact && fact.kind === 'menuEnded' && fact.node === 'card'),
    [],
  );
}

scene(
  'messages ended by #, by silence, by hanging up, by the longest time, and of nothing; and secure digits beside them, which are found nowhere',
  async (t) => {
    await Promise.all([endedByTheCaller(t), nothingSaidIsNothingLeft(t), overWhenTheTimeIsUp(t), secureDigitsAreNowhere(t)]);
  },
);

scene('hotline is killed (-9) while two speak: one goes on and ends by key, the other hangs up meanwhile', async (t) => {
  const [stays, goes] = [await house.call(BOX), await house.call(BOX)];
  for (const call of [stays, goes]) await begins(call);
  await pause(2_500);
  await house.hotline.kill();
  await pause(500);
  goes.hangUp();
  await house.hotline.start();
  await pause(1_000);
  t.notOk(stays.isOver, 'nobody is disturbed');
  t.equal(stays.heard({ hz: HZ.menu, sinceMs: performance.now() - 1_500 }).frames, 0, 'and nothing is said into the message');
  await stays.press('#', { by: 'rtp' });
  await stays.waitForTone(HZ.comfort, { withinMs: 6_000 });
  await stays.ended(8_000);
  const whole = await saved(stays);
  t.ok(whole.seconds > 4, `the caller is in it for ${whole.seconds} s, over the restart`);
  t.match(await house.fact(goes, 'voicemailLeft'), { box: 'complaints' });
  const cut = await saved(goes);
  t.ok(cut.seconds > 2, `what was said before is kept: ${cut.seconds} s`);
});
