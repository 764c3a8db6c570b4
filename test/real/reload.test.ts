import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { stringify } from 'yaml';
import type { Fact, FactOf } from '../../src/base/facts.js';
import { House, HZ, until } from '../support/house.js';

/**
 * Flows change while callers are in them, on a real Asterisk: 50 callers by SIPp stand in a menu as its file is first broken and then replaced together
 * with the file of the flow that it leads to. In the new version no node has its old name, so a caller who is moved would be lost.
 */

const MENU = '95588';
const SUB = '95599';
const CALLERS = 50;
const NEWCOMERS = 10;
/** Long enough that all stand in the menu, and the files change twice, before anybody presses. */
const PRESS_AFTER_MS = 14_000;

const tone = (hz: number) => ({ zh: String(hz), en: String(hz) });
const menuFlow = (word: 'old' | 'new', hz: number) => ({
  start: `${word}-main`,
  prompts: { menu: tone(HZ.menu), chosen: tone(hz) },
  nodes: {
    [`${word}-main`]: {
      menu: { prompt: 'menu', firstDigit: '30s', tries: 1 },
      keys: { '1': `${word}-chosen` },
      failed: `${word}-lost`,
    },
    [`${word}-chosen`]: { play: 'chosen', next: `${word}-away` },
    [`${word}-away`]: { flow: `flow-${SUB}`, next: `${word}-lost` },
    [`${word}-lost`]: { play: 'goodbye', hangup: true },
  },
});
const subFlow = (word: 'old' | 'new', hz: number) => ({
  start: `${word}-sub`,
  prompts: { said: tone(hz) },
  nodes: { [`${word}-sub`]: { play: 'said', hangup: true } },
});
const OLD = { menu: menuFlow('old', HZ.left), sub: subFlow('old', HZ.position) };
const NEW = { menu: menuFlow('new', HZ.full), sub: subFlow('new', HZ.closed) };

const house = await House.open(t, {
  rules: {
    queues: { service: {} },
    agents: { '1001': { skills: { service: 1 } } },
    lines: {},
    flows: { [MENU]: OLD.menu, [SUB]: OLD.sub },
  },
});
const scene = house.scenes(t);

const write = (number: string, flow: object): void =>
  writeFileSync(
    join(house.folder, 'flows', `flow-${number}.yaml`),
    stringify({ flow: `flow-${number}`, languages: ['zh', 'en'], ...flow }),
  );
const numbersFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, n) => `13700${String(first + n).padStart(6, '0')}`);

interface Life {
  readonly nodes: readonly string[];
  readonly versions: readonly string[];
  readonly outcome: string | null;
}

/** What became of each caller, by the number that called. */
function lives(facts: readonly Fact[], callers: readonly string[]): ReadonlyMap<string, Life> {
  const arrivals = facts.filter((fact): fact is FactOf<'callArrived'> => fact.kind === 'callArrived');
  return new Map(
    arrivals
      .filter(({ ani }) => callers.includes(ani))
      .map(({ ani, callId }) => {
        const own = facts.filter((fact) => 'callId' in fact && fact.callId === callId);
        const end = own.find((fact): fact is FactOf<'callEnded'> => fact.kind === 'callEnded');
        return [
          ani,
          {
            nodes: own.flatMap((fact) => (fact.kind === 'nodeEntered' ? fact.node : [])),
            versions: own.flatMap((fact) => (fact.kind === 'flowEntered' ? fact.version : [])),
            outcome: end?.outcome ?? null,
          },
        ];
      }),
  );
}

scene('50 callers in a menu, its file broken and then replaced: none is disturbed, old and new are both right', async (t) => {
  const before = await house.of('flowPublished');
  const versionOf = (facts: readonly FactOf<'flowPublished'>[], number: string) =>
    facts.findLast((fact) => fact.flowId === `flow-${number}`)?.version ?? '';
  const oldVersions = [versionOf(before, MENU), versionOf(before, SUB)];
  const callers = numbersFrom(0, CALLERS);
  const sipp = await house.sipp({
    scenario: 'caller-one-key',
    service: MENU,
    callers,
    keys: { key1: '1' },
    ratePerSecond: 25,
    atOnce: CALLERS,
    pauses: { beforeKeyMs: PRESS_AFTER_MS, stayMs: 20_000 },
  });
  const listener = await house.call(MENU);
  await listener.waitForTone(HZ.menu, { withinMs: 3_000 });
  await until(
    'all callers in the menu',
    async () => (await house.of('nodeEntered')).filter(({ node }) => node === 'old-main').length === CALLERS + 1,
    { withinMs: 10_000, everyMs: 100 },
  );
  const allIn = performance.now();

  const broken = { ...NEW.menu, start: 'nowhere' };
  write(MENU, broken);
  const refused = await until('the refusal', async () => (await house.of('flowRefused'))[0], { withinMs: 5_000 });
  t.match(refused, { flowId: `flow-${MENU}`, source: 'file', first: /unknown-node/ });
  const list = await house.get<{ flows: { flowId: string; version: string; refused: { findings: object[] } | null }[] }>(
    '/api/v1/flows',
  );
  const shown = list.flows.find(({ flowId }) => flowId === `flow-${MENU}`);
  t.match(shown, { version: oldVersions[0], refused: { findings: [{ rule: 'unknown-node' }] } }, 'the old one stays');

  write(SUB, NEW.sub);
  write(MENU, NEW.menu);
  const published = await until(
    'both new versions',
    async () => {
      const news = (await house.of('flowPublished')).slice(before.length);
      return news.length >= 2 ? news : null;
    },
    { withinMs: 8_000 },
  );
  t.comment(`live ${Math.round(performance.now() - allIn)} ms after all stood in the menu`);
  t.ok(performance.now() - allIn < PRESS_AFTER_MS - 3_000, 'before anybody pressed a key');
  const newVersions = [versionOf(published, MENU), versionOf(published, SUB)];
  t.notSame(newVersions, oldVersions);
  const now = await house.get<{ versions: { version: string; live: boolean; callsNow: number }[] }>(
    `/api/v1/flows/flow-${MENU}/versions`,
  );
  t.match(now.versions, [
    { version: newVersions[0], live: true },
    { version: oldVersions[0], live: false, callsNow: CALLERS + 1 },
  ]);
  t.equal((await house.of('callEnded')).length, 0, 'nobody has been hung up');

  const newcomers = numbersFrom(1_000, NEWCOMERS);
  const after = await house.sipp({
    scenario: 'caller-one-key',
    service: MENU,
    callers: newcomers,
    keys: { key1: '1' },
    ratePerSecond: 10,
    pauses: { beforeKeyMs: 1_000, stayMs: 15_000 },
  });
  const newListener = await house.call(MENU);
  await newListener.waitForTone(HZ.menu, { withinMs: 3_000 });
  await newListener.press('1', { by: 'rtp' });
  await newListener.waitForTone(HZ.full, { withinMs: 5_000 });
  await newListener.waitForTone(HZ.closed, { withinMs: 5_000 });
  await listener.press('1', { by: 'rtp' });
  await listener.waitForTone(HZ.left, { withinMs: 5_000 });
  await listener.waitForTone(HZ.position, { withinMs: 5_000 });
  t.equal(
    listener.heard({ hz: HZ.full }).frames + listener.heard({ hz: HZ.closed }).frames,
    0,
    'a caller of before hears no new word',
  );
  t.equal(
    newListener.heard({ hz: HZ.left }).frames + newListener.heard({ hz: HZ.position }).frames,
    0,
    'and a new one no old word',
  );

  t.match(
    await sipp.done,
    { successful: CALLERS, failed: 0, errors: '' },
    'all 50 were hung up by the flow, after their last word',
  );
  t.match(await after.done, { successful: NEWCOMERS, failed: 0, errors: '' });
  await Promise.all([listener.ended(), newListener.ended()]);
  const facts = await house.facts();
  const old = [...lives(facts, [...callers, listener.from]).values()];
  const young = [...lives(facts, [...newcomers, newListener.from]).values()];
  const path = (word: string) => [`${word}-main`, `${word}-chosen`, `${word}-away`, `${word}-sub`];
  t.equal(old.length, CALLERS + 1);
  t.equal(young.length, NEWCOMERS + 1);
  for (const [word, group, versions] of [
    ['old', old, oldVersions],
    ['new', young, newVersions],
  ] as const) {
    const strange = group.filter(
      (life) =>
        JSON.stringify(life.nodes) !== JSON.stringify(path(word)) ||
        JSON.stringify(life.versions) !== JSON.stringify(versions) ||
        life.outcome !== 'contained',
    );
    t.same(strange, [], `each caller of the ${word} version walked it from end to end, the flow behind it too`);
  }
  const day = await house.get<{ entered: number; contained: number; now: number; other: number }>(
    `/api/v1/flows/flow-${SUB}/days/today`,
  );
  t.match(day, { entered: CALLERS + NEWCOMERS + 2, contained: CALLERS + NEWCOMERS + 2, now: 0 });
});
