import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import t from 'tap';
import { CARD, flowDeskWorld, NIGHT } from '../support/flow-desk-world.js';

/** Keys of callers must be heard while a large flow goes live: nothing of it is compiled in the thread of the calls. */

/** `note` makes it another version. */
function largeFlow(nodes: number, note: string): string {
  const lines = Array.from({ length: nodes }, (_, at) => {
    const [next, other] = [at + 1 < nodes ? `n${at + 1}` : 'bye', at % 7 === 0 ? 'n0' : 'bye'];
    if (at % 3 === 0) return `  n${at}: { menu: { prompt: main, tries: 2 }, keys: { "1": ${next}, "2": ${other} }, failed: bye }`;
    if (at % 3 === 1) return `  n${at}: { set: { v${at}: { value: ${at} + 1 } }, next: ${next} }`;
    return `  n${at}: { branch: [{ when: vars.v${at - 1} > ${at}, next: ${next} }, { next: ${next} }] }`;
  });
  return [
    'flow: card',
    'languages: [zh]',
    'start: n0',
    'prompts:',
    `  main: { zh: 请按键${note} }`,
    'nodes:',
    ...lines,
    '  bye: { play: goodbye, hangup: true }',
    '',
  ].join('\n');
}

/** The longest time in ms in which nothing else could run. */
async function stallDuring(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 2 });
  delay.enable();
  await pause(50);
  delay.reset();
  await work();
  await pause(20);
  delay.disable();
  return delay.max / 1e6;
}

t.test('a flow of 500 nodes goes live, by a page and by the folder, without holding up the calls', async (t) => {
  const world = await flowDeskWorld(t, { files: { 'card.yaml': CARD, 'night.yaml': NIGHT } });
  const live = (): string => world.flows.list().find(({ flowId }) => flowId === 'card')?.version ?? '';
  const publish = async (text: string): Promise<void> => {
    const done = await world.flows.publish({ flowId: 'card', text, note: '', basedOn: live(), by: 'root' });
    t.ok(done.ok, done.ok ? '' : JSON.stringify(done.error));
  };
  await publish(CARD.replace('tries: 2', 'tries: 3'));
  const stalls: number[] = [];
  for (const note of ['甲', '乙', '丙']) stalls.push(await stallDuring(() => publish(largeFlow(500, note))));
  world.write('card.yaml', largeFlow(500, '丁'));
  stalls.push(await stallDuring(() => world.looked()));
  t.equal(world.flows.list().find(({ flowId }) => flowId === 'card')?.warnings, 0);
  const list = stalls.map((ms) => ms.toFixed(1)).join(', ');
  t.comment(`longest stalls: ${list} ms`);
  t.ok(Math.min(...stalls) < 100, `stalls of ${list} ms`);
  t.ok(Math.max(...stalls) < 250, `stalls of ${list} ms`);
});
