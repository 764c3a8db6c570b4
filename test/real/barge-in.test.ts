import t from 'tap';
import { House } from '../support/house.js';
import { HZ } from '../support/house-site.js';
import type { PhoneCall } from '../support/phone/call.js';

/** Keys against prompts, on a real Asterisk: how fast a prompt steps back, and that no key falls between a prompt and the wait after it. */

const LONG = '95601';
const LAST_WORD = '95602';
const NO_BARGE_IN = '95603';
const tone = (hz: number): object => ({ zh: String(hz), en: String(hz) });
/** As a prompt of the house sounds. */
const PROMPT_MS = 1_200;
const KEY_MS = 120;

const menu = (prompt: string | string[], more: object = {}): object => ({
  start: 'main',
  prompts: { main: tone(HZ.menu), yes: tone(HZ.comfort), no: tone(HZ.refused) },
  nodes: {
    main: { menu: { prompt, firstDigit: '1500ms', tries: 1, ...more }, keys: { '1': 'yes' }, failed: 'no' },
    yes: { play: 'yes', hangup: true },
    no: { play: 'no', hangup: true },
  },
});

const house = await House.open(t, {
  rules: {
    queues: { general: {} },
    agents: { '1001': { skills: { general: 1 } } },
    lines: {},
    flows: {
      [LONG]: menu(['main', 'main', 'main', 'main']),
      [LAST_WORD]: menu('main'),
      [NO_BARGE_IN]: menu('main', { bargeIn: false }),
    },
  },
});
const scene = house.scenes(t);

scene('a key cuts the prompt: from the end of the key to silence', async (t) => {
  const took: number[] = [];
  for (let i = 0; i < 12; i++) {
    const call = await house.call(LONG);
    await call.waitForTone(HZ.menu, { withinMs: 3_000 });
    await new Promise((resolve) => setTimeout(resolve, 200 + 37 * i));
    const pressedAt = performance.now();
    await call.press('1', { by: 'rtp', keyMs: KEY_MS, gapMs: 120 });
    await call.waitForTone(HZ.comfort, { withinMs: 3_000 });
    const last = call.heard({ hz: HZ.menu }).lastAtMs ?? pressedAt;
    took.push(Math.round(last - (pressedAt + KEY_MS)));
    call.hangUp();
  }
  const sorted = [...took].sort((a, b) => a - b);
  t.comment(`from key-up to the last frame of the prompt, ms: ${sorted.join(' ')}`);
  t.ok((sorted.at(-1) ?? Number.POSITIVE_INFINITY) <= 150, `at most ${sorted.at(-1)} ms`);
});

for (const [name, number] of [
  ['that may be cut', LAST_WORD],
  ['that is heard to its end', NO_BARGE_IN],
] as const) {
  scene(`a key around the last word of a prompt ${name} is not lost: 20 times`, async (t) => {
    const press = async (offsetMs: number): Promise<PhoneCall> => {
      const call = await house.call(number);
      const begunAt = await call.waitForTone(HZ.menu, { withinMs: 4_000 });
      const keyUpAt = begunAt + PROMPT_MS + offsetMs;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, keyUpAt - KEY_MS - performance.now())));
      await call.press('1', { by: 'rtp', keyMs: KEY_MS, gapMs: 120 });
      await call.ended(8_000);
      return call;
    };
    const offsets = Array.from({ length: 20 }, (_, i) => -100 + 10 * i);
    const calls = await Promise.all(offsets.map(press));
    for (const [i, call] of calls.entries()) {
      t.ok(call.heard({ hz: HZ.comfort }).frames > 10, `key-up ${offsets[i]} ms from the end: ${call.hearing.summary()}`);
      t.equal(call.heard({ hz: HZ.refused }).frames, 0);
    }
  });
}
