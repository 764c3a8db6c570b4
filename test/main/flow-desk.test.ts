import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { err } from '../../src/base/result.js';
import {
  CARD,
  CARD_2,
  CARD_3,
  CARD_BROKEN,
  type FlowDeskWorld,
  flowDeskWorld,
  MemoryFlowArchive,
  NIGHT,
} from '../support/flow-desk-world.js';

/** The desk of flows over a real folder: publish, roll back, watch, refuse, start again. */

const WRONG = { name: 'WrongFlows', message: /^the flows have 1 mistake/ };
const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);
const [V1, V2, V3, BROKEN] = [CARD, CARD_2, CARD_3, CARD_BROKEN].map(versionOf) as [string, string, string, string];
const live = (world: FlowDeskWorld, flowId = 'card') => world.flows.list().find((flow) => flow.flowId === flowId)?.version;
const published = (world: FlowDeskWorld) => world.facts.filter((fact) => fact.kind === 'flowPublished');
const refusedFacts = (world: FlowDeskWorld) => world.facts.filter((fact) => fact.kind === 'flowRefused');
const inVersion = (version: string, release: number) => ({
  flow: { flowId: 'card' as never, version, stack: [] },
  release,
});
const publish = (world: FlowDeskWorld, text: string, basedOn: string, by = 'root') =>
  world.flows.publish({ flowId: 'card', text, note: 'why', basedOn, by });

t.test('the first start: what the folder holds is live, and who put it there is told', async (t) => {
  const world = await flowDeskWorld(t);
  t.same(
    world.flows.list().map(({ flowId, version, publishedBy, numbers }) => ({ flowId, version, publishedBy, numbers })),
    [
      { flowId: 'card', version: V1, publishedBy: 'start', numbers: ['95588'] },
      { flowId: 'night', version: versionOf(NIGHT), publishedBy: 'start', numbers: [] },
    ],
  );
  t.match(published(world), [{ flowId: 'card', version: V1, from: null, source: 'start' }, { flowId: 'night' }]);
  t.equal(world.archive.texts.get(`card@${V1}`), CARD);
  t.same([...world.archive.releases.keys()], [1]);
  t.equal(world.told.times, 0, 'nothing changed for the calls');
});

t.test('published by a page: the file is replaced, new calls get it, the old one stays for its calls', async (t) => {
  const world = await flowDeskWorld(t);
  chmodSync(join(world.folder, 'card.yaml'), 0o640);
  world.calls = [inVersion(V1, 1), inVersion(V1, 1)];
  const done = await publish(world, CARD_2, V1);
  t.match(done, {
    ok: true,
    value: { version: V2, text: CARD_2, publishedBy: 'root', readOnly: null, drawing: { version: V2 } },
  });
  t.equal(world.text('card.yaml'), CARD_2);
  t.equal(statSync(join(world.folder, 'card.yaml')).mode & 0o777, 0o640, 'the mode stays');
  t.same(world.told, { release: 2, times: 1 }, 'told once');
  const calls = world.desk.forCalls();
  t.equal(calls.flow('card' as never, null)?.version, V2);
  t.equal(calls.flow('card' as never, V1)?.version, V1);
  t.equal(calls.flowInRelease('card' as never, 1)?.version, V1);
  t.match(published(world).at(-1), { version: V2, from: V1, source: 'page', by: 'root', note: 'why' });
  t.match(world.flows.versions('card'), [
    { version: V2, by: 'root', source: 'page', note: 'why', live: true, callsNow: 0 },
    { version: V1, by: 'start', source: 'start', live: false, callsNow: 2 },
  ]);
  t.equal(world.spoken.at(-1), `card@${V2}`, 'its prompts were made');
  await world.desk.looked();
  t.equal(published(world).length, 3, 'our own writing is no change of somebody else');
  world.calls = [];
  await publish(world, CARD_3, V2);
  t.equal(world.desk.forCalls().flow('card' as never, V1), null, 'a version that no call needs is forgotten');
  t.same([...world.archive.releases.keys()], [2, 3]);
  t.match(await world.flows.detail('card', V1, null), { version: V1, text: CARD, publishedBy: 'start' }, 'and can still be read');
});

t.test('two who publish at once: one after the other, and the second is told that it is outdated', async (t) => {
  const world = await flowDeskWorld(t);
  const [a, b] = await Promise.all([publish(world, CARD_2, V1, 'anna'), publish(world, CARD_3, V1, 'bert')]);
  t.equal(a.ok, true);
  t.match(b, { ok: false, error: { id: 'outdated' } });
  t.equal(live(world), V2);
  t.match(await publish(world, CARD_2, V2), { ok: false, error: { id: 'unchanged' } });
  t.match(await world.flows.publish({ flowId: 'none', text: CARD, note: '', basedOn: V1, by: 'x' }), {
    error: { id: 'no-such-flow' },
  });
});

t.test('a bad text is refused with its findings; nothing changes', async (t) => {
  const world = await flowDeskWorld(t);
  const done = await publish(world, CARD_BROKEN, V1);
  const line = CARD_BROKEN.split('\n').findIndex((each) => each.includes('agnet')) + 1;
  t.match(done, { ok: false, error: { id: 'flow-refused', findings: [{ line, rule: 'unknown-node', file: 'card.yaml' }] } });
  t.equal(world.text('card.yaml'), CARD);
  t.equal(live(world), V1);
  t.match(refusedFacts(world), [{ flowId: 'card', source: 'page', by: 'root', errors: 1, first: /unknown-node/ }]);
  const other = await publish(world, CARD.replace('flow: card', 'flow: cash'), V1);
  t.match(other, { ok: false, error: { id: 'flow-refused', findings: [{ rule: 'other-flow' }] } }, 'a flow keeps its name');
  t.match(await world.flows.check(CARD_BROKEN, 'card', null), {
    ok: false,
    version: BROKEN,
    drawing: null,
    findings: [{ line }],
  });
  t.match(await world.flows.check(CARD_2, 'card', null), { ok: true, version: V2, drawing: { version: V2 } });
  t.match(await world.flows.check(NIGHT, 'card', null), { ok: false, findings: [{ rule: 'other-flow', line: 1 }] });
});

t.test('roll back: the older version is live again, as one more entry', async (t) => {
  const world = await flowDeskWorld(t);
  await publish(world, CARD_2, V1);
  const done = await world.flows.rollBack({ flowId: 'card', version: V1, note: 'complaints', by: 'root' });
  t.match(done, { ok: true, value: { version: V1 } });
  t.equal(world.text('card.yaml'), CARD);
  t.match(world.flows.versions('card'), [
    { version: V1, source: 'rollback', note: 'complaints', live: true },
    { version: V2, live: false },
    { version: V1, source: 'start', live: false },
  ]);
  t.match(published(world).at(-1), { source: 'rollback', from: V2, version: V1 });
  for (const version of [V3, '__proto__', '../../etc'])
    t.match(await world.flows.rollBack({ flowId: 'card', version, note: '', by: 'root' }), { error: { id: 'no-such-version' } });
  t.match(await world.flows.difference('card', V1, V2), {
    ok: true,
    value: { a: V1, b: V2, prompts: [{ prompt: /welcome/, language: 'zh', before: '欢迎致电', after: '您好，欢迎' }] },
  });
  t.match(await world.flows.difference('card', V1, V3), { ok: false, error: { id: 'no-such-version' } });
});

t.test('the folder is watched: good goes live once, bad is refused once, and mended', async (t) => {
  const world = await flowDeskWorld(t);
  world.write('card.yaml', CARD_2);
  await world.looked();
  t.equal(live(world), V2);
  t.match(published(world).at(-1), { source: 'file', by: 'file', version: V2, from: V1 });
  world.write('card.yaml', CARD_BROKEN);
  await world.looked();
  await world.looked();
  t.equal(live(world), V2, 'the old one stays');
  t.match(world.flows.list()[0]?.refused, { by: 'file', findings: [{ rule: 'unknown-node' }] });
  t.match(world.flows.refusedFiles(), [{ file: 'card.yaml', flowId: 'card' }]);
  t.equal(refusedFacts(world).length, 1, 'told once');
  world.write('card.yaml', CARD_3);
  await world.looked();
  t.equal(live(world), V3);
  t.equal(world.flows.list()[0]?.refused, null);
  t.same(world.flows.refusedFiles(), []);
});

t.test('without being told, the watch finds a change by itself', async (t) => {
  const world = await flowDeskWorld(t);
  world.write('card.yaml', CARD_2);
  for (let tries = 0; live(world) !== V2 && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  t.equal(live(world), V2);
  t.equal(world.told.times, 1);
});

t.test('a page that publishes over a refused file puts that aside', async (t) => {
  const world = await flowDeskWorld(t);
  world.write('card.yaml', CARD_BROKEN);
  await world.looked();
  const done = await publish(world, CARD_3, V1);
  t.equal(done.ok, true);
  t.equal(readFileSync(join(world.folder, 'card.yaml.refused'), 'utf8'), CARD_BROKEN, 'nobody’s work is lost');
  t.equal(world.flows.list()[0]?.refused, null);
});

t.test('a good change in the folder goes before a page that has not seen it', async (t) => {
  const world = await flowDeskWorld(t);
  world.write('card.yaml', CARD_2);
  t.match(await publish(world, CARD_3, V1), { ok: false, error: { id: 'outdated' } });
  t.equal(live(world), V2);
});

t.test('files come and go: a new one is a new flow; one that is needed cannot go', async (t) => {
  const world = await flowDeskWorld(t);
  world.write('late.yaml', NIGHT.replace('flow: night', 'flow: late'));
  await world.looked();
  t.equal(world.flows.list().length, 3);
  world.remove('late.yaml');
  await world.looked();
  t.equal(world.flows.list().length, 2, 'nobody needs it');
  world.remove('card.yaml');
  await world.looked();
  t.equal(live(world), V1, 'a number leads there');
  t.match(world.flows.refusedFiles(), [{ file: 'card.yaml', findings: [{ rule: 'flow-in-use', message: /95588/ }] }]);
  t.match(world.desk.forCalls().flow('card' as never, null), { version: V1 });
  world.write('card.yaml', CARD);
  await world.looked();
  t.same(world.flows.refusedFiles(), []);
  t.equal(live(world), V1);
});

t.test('flows are checked against each other', async (t) => {
  const JUMP = CARD.replace(
    'bye: { play: goodbye, hangup: true }',
    'bye: { play: goodbye, next: over }\n  over: { goto: { flow: night } }',
  ).replace('over: { goto: { flow: night } }', 'over: { flow: night, next: end }\n  end: { hangup: true }');
  const world = await flowDeskWorld(t, {
    files: { 'card.yaml': JUMP, 'night.yaml': NIGHT.replace('hangup: true', 'next: back }\n  back: { return: true') },
  });
  world.remove('night.yaml');
  await world.looked();
  t.equal(world.flows.list().length, 2, 'the other flow leads there');
  t.match(world.flows.refusedFiles(), [{ file: 'night.yaml', findings: [{ rule: 'unknown-flow' }] }]);
  world.remove('card.yaml');
  await world.looked();
  t.equal(world.flows.list().length, 2, 'and that one is needed by a number');
});

t.test('a folder that cannot be written: read-only, and told so', async (t) => {
  const world = await flowDeskWorld(t, {
    change: (files) => ({
      read: () => files.read(),
      write: async () => err('EROFS'),
      putAside: (name) => files.putAside(name),
      whyReadOnly: async () => 'the folder of flows cannot be written (EROFS)',
      watch: () => () => {},
    }),
  });
  t.match(await world.flows.detail('card', null, null), { readOnly: /EROFS/ });
  t.match(await publish(world, CARD_2, V1), { ok: false, error: { id: 'read-only' } });
  t.equal(live(world), V1);
});

t.test('a write that fails changes nothing', async (t) => {
  const world = await flowDeskWorld(t, {
    change: (files) => ({
      read: () => files.read(),
      write: async () => err('ENOSPC'),
      putAside: (name) => files.putAside(name),
      whyReadOnly: () => files.whyReadOnly(),
      watch: () => () => {},
    }),
  });
  t.match(await publish(world, CARD_2, V1), { ok: false, error: { id: 'not-written', message: /ENOSPC/ } });
  t.equal(live(world), V1);
  t.equal(world.told.times, 0);
  t.equal(published(world).length, 2);
});

t.test('a standby shows and does not change', async (t) => {
  const world = await flowDeskWorld(t, { isWriter: false });
  t.equal(live(world), V1);
  t.match(await publish(world, CARD_2, V1), { ok: false, error: { id: 'standing-by' } });
});

t.test(
  'a standby takes over: what went live meanwhile is live, as it was, and calls go on in what they began with',
  async (t) => {
    const first = await flowDeskWorld(t);
    const { folder, archive } = first;
    const second = await flowDeskWorld(t, { folder, archive, isWriter: false });
    await publish(first, CARD_2, V1);
    await publish(first, CARD_3, V2);
    await first.stop();
    second.calls = [inVersion(V1, 1), inVersion(V2, 2)];
    const entries = archive.log.length;
    await second.becomeWriter(2, first.facts);
    t.equal(live(second), V3);
    t.same(second.facts, [], 'nothing is told that was told before');
    t.equal(archive.log.length, entries);
    const calls = second.desk.forCalls();
    t.equal(calls.release, 3);
    t.equal(calls.flow('card' as never, null)?.version, V3);
    t.equal(calls.flow('card' as never, V1)?.version, V1);
    t.equal(calls.flowInRelease('card' as never, 2)?.version, V2);
    t.ok(second.spoken.includes(`card@${V3}`), 'with its prompts');
    t.match(await publish(second, CARD, V3), { ok: true });
  },
);

t.test('a standby takes over a folder with errors: what was live last is live, loudly; or what it knows itself', async (t) => {
  const first = await flowDeskWorld(t);
  const { folder, archive } = first;
  const second = await flowDeskWorld(t, { folder, archive, isWriter: false });
  const third = await flowDeskWorld(t, { folder, archive: new MemoryFlowArchive(), isWriter: false });
  await publish(first, CARD_2, V1);
  await first.stop();
  first.write('card.yaml', CARD_BROKEN);
  await second.becomeWriter(2, first.facts);
  t.equal(live(second), V2);
  t.ok(second.logged.some((line) => line.startsWith('error a flow has errors; starting with its last good version')));
  t.match(second.flows.refusedFiles(), [{ file: 'card.yaml' }]);
  await second.stop();
  await third.becomeWriter(3);
  t.equal(live(third), V1);
  t.ok(third.logged.some((line) => line.startsWith('error flows have errors, and no version that was live is known')));
});

t.test(
  'the writer died after it had told of a version and before the archive took it: who and when is not lost, nor told twice',
  async (t) => {
    const first = await flowDeskWorld(t);
    const { folder, archive } = first;
    archive.isAway = true;
    await publish(first, CARD_2, V1, 'sue');
    archive.isAway = false;
    await first.stop();
    t.equal(archive.log.at(-1)?.version === V2, false, 'the archive does not know');
    const second = await flowDeskWorld(t, { folder, archive, isWriter: false });
    await second.becomeWriter(2, first.facts);
    t.same(second.facts, []);
    t.match(archive.log.at(-1), { flowId: 'card', version: V2, source: 'page', by: 'sue', note: 'why' });
    t.equal(archive.texts.get(`card@${V2}`), CARD_2);
    await second.stop();

    const told = first.facts.filter((fact) => fact.kind !== 'flowPublished' || fact.version !== V2);
    const third = await flowDeskWorld(t, { folder, archive, isWriter: false });
    await third.becomeWriter(3, told);
    t.match(published(third), [{ version: V2, from: V1 }], 'the other way round it is told');
  },
);

t.test('over a restart: calls go on in their version and release, who and when is known', async (t) => {
  const first = await flowDeskWorld(t);
  first.calls = [inVersion(V1, 1)];
  await publish(first, CARD_2, V1);
  await first.stop();
  const { folder, archive } = first;
  const second = await flowDeskWorld(t, { folder, archive, calls: [inVersion(V1, 1)], fence: 2 });
  const calls = second.desk.forCalls();
  t.equal(calls.release, 2, 'nothing changed, so no new release');
  t.equal(calls.flow('card' as never, V1)?.version, V1);
  t.equal(calls.flowInRelease('card' as never, 1)?.version, V1);
  t.ok(second.spoken.includes(`card@${V1}`), 'its prompts are there');
  t.match(second.flows.versions('card'), [
    { version: V2, by: 'root', live: true },
    { version: V1, callsNow: 1 },
  ]);
  t.equal(published(second).length, 0);
  await second.stop();
  second.write('card.yaml', CARD_3);
  const third = await flowDeskWorld(t, { folder, archive, calls: [inVersion(V1, 1), inVersion(V2, 2)], fence: 3 });
  t.equal(third.desk.forCalls().release, 3, 'the file was changed while nobody looked');
  t.match(published(third), [{ version: V3, from: V2, source: 'file', by: 'file' }]);
  t.equal(third.desk.forCalls().flow('card' as never, V2)?.version, V2);
  t.equal(third.desk.forCalls().flowInRelease('card' as never, 2)?.version, V2);
});

t.test('started with a bad file: the last good version is live, loudly; without one it does not start', async (t) => {
  const first = await flowDeskWorld(t);
  await publish(first, CARD_2, V1);
  await first.stop();
  const { folder, archive } = first;
  first.write('card.yaml', CARD_BROKEN);
  const second = await flowDeskWorld(t, { folder, archive, fence: 2 });
  t.equal(live(second), V2);
  t.match(second.flows.list()[0]?.refused, { findings: [{ rule: 'unknown-node' }] });
  t.ok(second.logged.some((line) => line.startsWith('error a flow has errors')));
  t.match(refusedFacts(second), [{ flowId: 'card', file: 'card.yaml', source: 'file' }]);
  t.equal(second.text('card.yaml'), CARD_BROKEN, 'the file is left as it is');
  await second.stop();
  const fresh = flowDeskWorld(t, { folder, archive: new MemoryFlowArchive(), fence: 3 });
  await t.rejects(fresh, WRONG, 'nothing is known of before');
  const away = new MemoryFlowArchive();
  away.isAway = true;
  await t.rejects(flowDeskWorld(t, { folder, archive: away, fence: 3 }), WRONG);
  first.write('card.yaml', CARD_2);
  first.write('new.yaml', 'flow: [');
  await t.rejects(flowDeskWorld(t, { folder, archive, fence: 3 }), WRONG, 'a file that was never good');
});

t.test('an archive that is away stops nothing, and gets what it missed', async (t) => {
  const world = await flowDeskWorld(t);
  world.archive.isAway = true;
  t.equal((await publish(world, CARD_2, V1)).ok, true);
  t.equal(live(world), V2);
  t.equal(world.archive.texts.has(`card@${V2}`), false);
  world.archive.isAway = false;
  const kept = () => world.archive.texts.get(`card@${V2}`) === CARD_2 && world.archive.releases.has(2);
  for (let tries = 0; !kept() && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  t.ok(kept());
  t.match(world.archive.log.at(-1), { version: V2, by: 'root' });
  world.archive.lose();
  for (let tries = 0; !kept() && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  t.ok(kept(), 'and what it has lost');
});

t.test('a text in the archive that is not what its version says is not used', async (t) => {
  const world = await flowDeskWorld(t);
  await publish(world, CARD_2, V1);
  world.archive.texts.set(`card@${V1}`, CARD_3);
  await publish(world, CARD_3, V2);
  t.match(await world.flows.rollBack({ flowId: 'card', version: V1, note: '', by: 'root' }), {
    error: { id: 'no-such-version' },
  });
  t.equal(await world.flows.detail('card', V1, null), null);
});

t.test('an editor’s half-written files are no flows', async (t) => {
  const world = await flowDeskWorld(t);
  for (const file of ['.card.yaml.swp', '.#card.yaml', '.half.yaml', 'card.test.yaml', 'card.yaml~'])
    world.write(file, 'flow: [');
  await world.looked();
  t.same(world.flows.refusedFiles(), []);
  t.equal(existsSync(join(world.folder, 'card.yaml')), true);
});

t.test('emergency announcements: for all numbers or some, over a restart, with who', async (t) => {
  const world = await flowDeskWorld(t);
  const heard = (of: FlowDeskWorld, dnis: string) => of.emergencies.forCalls().emergency(dnis)?.prompt ?? null;
  t.equal(heard(world, '95588'), null);
  const turn = (announcement: string, on: boolean, numbers: string[] | null) =>
    world.emergency.turn({ announcement, on, numbers, by: 'sue' });
  t.match(await turn('outage', true, ['95589']), { ok: true, value: { on: true, numbers: ['95589'], by: 'sue' } });
  t.equal(world.told.times, 1);
  t.equal(heard(world, '95588'), null);
  t.equal(heard(world, '95589'), 'emergency/outage');
  await turn('flood', true, null);
  t.equal(heard(world, '95589'), 'emergency/flood', 'the one that ends the call goes first');
  t.match(await turn('fire', true, null), { ok: false, error: { id: 'no-such-announcement' } });
  t.match(await turn('__proto__', true, null), { ok: false, error: { id: 'no-such-announcement' } });
  t.match(await turn('flood', true, ['110']), { ok: false, error: { id: 'bad-numbers' } });
  t.match(await turn('flood', true, []), { ok: false, error: { id: 'bad-numbers' } });
  t.match(
    world.facts.filter(({ kind }) => kind === 'emergencySwitched'),
    [
      { announcement: 'outage', on: true, numbers: ['95589'], by: 'sue' },
      { announcement: 'flood', on: true, numbers: null, by: 'sue' },
    ],
  );
  await world.stop();
  const again = await flowDeskWorld(t, { folder: world.folder, archive: world.archive, fence: 2 });
  t.equal(heard(again, '95588'), 'emergency/flood');
  await again.emergency.turn({ announcement: 'flood', on: false, numbers: null, by: 'root' });
  t.equal(heard(again, '95588'), null);
  t.match(again.emergency.list(), [
    { announcement: 'flood', on: false, by: 'root' },
    { announcement: 'outage', on: true },
  ]);
});
