import { cpSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parse, stringify } from 'yaml';
import { flowVersion } from '../../src/adapters/files/flow-files.js';
import type { Fact, FactOf } from '../../src/base/facts.js';
import { freePorts } from '../../src/cli/stack/ports.js';
import { House, HZ, until } from '../support/house.js';
import type { PhoneCall } from '../support/phone/phone.js';

/**
 * Flows change while callers are in them, on a real Asterisk: 50 callers by SIPp stand in a menu as its file is first broken and then replaced together
 * with the file of the flow that it leads to. In the new version no node has its old name, so a caller who is moved would be lost.
 */

const MENU = '95588';
const SUB = '95599';
const CALLERS = 50;
const NEWCOMERS = 10;

const tone = (hz: number) => ({ zh: String(hz), en: String(hz) });
const menuFlow = (word: string, hz: number) => ({
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
const subFlow = (word: string, hz: number) => ({
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

const flowsFolder = join(house.folder, 'flows');
const fileOf = (number: string): string => `flow-${number}.yaml`;
const textOf = (number: string, flow: object): string => stringify({ flow: `flow-${number}`, languages: ['zh', 'en'], ...flow });
const write = (number: string, flow: object): void => writeFileSync(join(flowsFolder, fileOf(number)), textOf(number, flow));
/** The version of what stands in the folder. */
const versionInFolder = (number: string): string => flowVersion(readFileSync(join(flowsFolder, fileOf(number)), 'utf8'));
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
  const crowd = await house.toldCallers(MENU, callers, { wanted: 'rfc4733', ratePerSecond: 25, atOnce: CALLERS });
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
  for (const caller of crowd) await caller.press('1');
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
    await crowd[0]?.done,
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

/** What is live, as it is told and as it stands in the folder; both flows have exactly one live version. */
async function liveNow(t: Test): Promise<{ menu: string; sub: string }> {
  const live = async (number: string): Promise<string> => {
    const path = `/api/v1/flows/flow-${number}/versions`;
    const { versions } = await house.get<{ versions: { version: string; live: boolean }[] }>(path);
    const ones = versions.filter((each) => each.live).map(({ version }) => version);
    t.same(ones, [versionInFolder(number)], 'one version is live, the one that stands in the folder');
    return ones[0] ?? '';
  };
  return { menu: await live(MENU), sub: await live(SUB) };
}
async function publish(number: string, flow: object): Promise<void> {
  await house.post(`/api/v1/flows/flow-${number}/versions`, {
    text: textOf(number, flow),
    note: 'in a hurry',
    basedOn: versionInFolder(number),
  });
}
interface Began {
  readonly call: PhoneCall;
  readonly versions: readonly string[];
}
async function comesIn(versions: { menu: string; sub: string }): Promise<Began> {
  const call = await house.call(MENU);
  await call.waitForTone(HZ.menu, { withinMs: 5_000 });
  return { call, versions: [versions.menu, versions.sub] };
}
/** Each presses its key, and walks what it began with to the end. */
async function walkToTheEnd(t: Test, callers: readonly Began[]): Promise<void> {
  await Promise.all(callers.map(({ call }) => call.press('1', { by: 'rtp' })));
  await Promise.all(callers.map(({ call }) => call.ended(15_000)));
  for (const { call } of callers) await house.fact(call, 'callEnded');
  const told = lives(
    await house.facts(),
    callers.map(({ call }) => call.from),
  );
  for (const { call, versions } of callers) {
    const life = told.get(call.from);
    t.same(life?.versions, versions, 'it ended on the versions that it began with');
    t.equal(life?.outcome, 'contained');
    t.match(life?.nodes.at(-1), /-sub$/, 'and was not lost on the way');
  }
}

/** Something comes to pass while `act` is under way. */
const POINTS: Record<string, (file: string) => Promise<void>> = {
  'while the new text is being written': (file) => inFolder((name) => name.startsWith(`.${file}.`)),
  'when the new text stands in its file': (file) => inFolder((name) => name === file),
  'when the new version has been told': async () => {
    const before = (await house.of('flowPublished')).length;
    await until('the fact', async () => (await house.of('flowPublished')).length > before, { withinMs: 10_000, everyMs: 2 });
  },
};
function inFolder(isIt: (name: string) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const tooLate = setTimeout(() => reject(new Error('nothing was written')), 10_000);
    const watcher = watch(flowsFolder, (_event, name) => {
      if (name === null || !isIt(name)) return;
      clearTimeout(tooLate);
      watcher.close();
      resolve();
    });
  });
}

scene('hotline is killed (-9) while a version goes live, at three moments: each caller ends on what it began with', async (t) => {
  write(MENU, menuFlow('one', HZ.left));
  write(SUB, subFlow('one', HZ.position));
  await until(
    'the first version',
    async () => (await house.of('flowPublished')).findLast(({ version }) => version === versionInFolder(SUB)),
    {
      withinMs: 10_000,
    },
  );
  const callers = [await comesIn(await liveNow(t))];
  for (const [i, [when, point]] of Object.entries(POINTS).entries()) {
    const number = i % 2 === 0 ? MENU : SUB;
    const next = number === MENU ? menuFlow(`word${i}`, HZ.left) : subFlow(`word${i}`, HZ.position);
    const wanted = flowVersion(textOf(number, next));
    const before = versionInFolder(number);
    const reached = point(fileOf(number));
    const published = publish(number, next).then(
      () => true,
      () => false,
    );
    await reached;
    await house.hotline.kill();
    t.comment(`${when}: ${(await published) ? 'it was told to be live' : 'the page got no answer'}`);
    await house.hotline.start();
    t.match((await house.of('controllerStarted')).at(-1), { restoredCalls: callers.length }, 'nobody is lost');
    const live = await liveNow(t);
    const now = number === MENU ? live.menu : live.sub;
    t.ok(now === wanted || now === before, 'the old version or the new one');
    const news = (await house.of('flowPublished')).filter(({ version }) => version === wanted);
    t.equal(news.length, now === wanted ? 1 : 0, 'that it went live is told once');
    callers.push(await comesIn(live));
  }
  await walkToTheEnd(t, callers);
});

scene(
  'a second controller stands by, a version goes live, the first one dies: the second knows what is live, and what callers began with',
  async (t) => {
    const port = await freePorts(1);
    const config = join(house.folder, 'config-of-the-second');
    cpSync(house.config, config, { recursive: true });
    const main = parse(readFileSync(join(config, 'hotline.yaml'), 'utf8')) as { http: object; folders: object };
    const own = {
      ...main,
      node: 'hotline-2',
      http: { ...main.http, port },
      folders: { ...main.folders, data: join(house.folder, 'data-of-the-second') },
    };
    writeFileSync(join(config, 'hotline.yaml'), stringify(own));
    const second = house.hotline.twin({ config, url: `http://127.0.0.1:${port}`, logFile: join(house.folder, 'second.log') });
    second.launch();
    try {
      await until('the second one to stand by', () => second.child.tail(50).includes('standing by'), { withinMs: 30_000 });
      const before = await comesIn(await liveNow(t));
      await publish(MENU, menuFlow('last', HZ.full));
      const live = await liveNow(t);
      t.not(live.menu, before.versions[0]);
      const published = (await house.of('flowPublished')).length;
      await house.hotline.kill();
      await second.ready();
      const after = await comesIn(live);
      await walkToTheEnd(t, [before, after]);
      t.equal((await house.of('flowPublished')).length, published, 'it takes nothing for new that was live before');
    } finally {
      await second.stop();
      await house.hotline.start();
    }
  },
);
