import { readFileSync } from 'node:fs';
import t from 'tap';
import { drawFlow } from '../../src/flow/drawing/draw-flow.js';
import { flowSvg } from '../../src/flow/drawing/flow-svg.js';
import { parseFlow } from '../../src/flow/parse-flow.js';
import type { CheckedFlow } from '../../src/flow/program.js';
import type { DrawnNode, FlowDrawing } from '../../src/flow/views.js';

const read = (text: string): CheckedFlow => {
  const parsed = parseFlow(text, { file: 'x.yaml', known: {}, version: 'v1' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
};
const credit = read(readFileSync('ivr-flows/credit-card.yaml', 'utf8'));

const overlaps = (a: DrawnNode, b: DrawnNode): boolean =>
  Math.abs(a.x - b.x) < (a.width + b.width) / 2 && Math.abs(a.y - b.y) < (a.height + b.height) / 2;

type Point = { readonly x: number; readonly y: number };

/** Whether an upright or level piece of a line runs through a box. */
const touches = (a: Point, b: Point, { x, y, width, height }: DrawnNode): boolean =>
  Math.min(a.x, b.x) < x + width / 2 &&
  Math.max(a.x, b.x) > x - width / 2 &&
  Math.min(a.y, b.y) < y + height / 2 &&
  Math.max(a.y, b.y) > y - height / 2;

function isInside({ width, height, nodes, edges }: FlowDrawing): boolean {
  const points = edges.flatMap((edge) => edge.points);
  return (
    nodes.every((n) => n.x - n.width / 2 >= 0 && n.x + n.width / 2 <= width && n.y + n.height / 2 <= height) &&
    points.every(({ x, y }) => x >= 0 && x <= width && y >= 0 && y <= height)
  );
}

t.test('every node and every way of a shipped flow is in the picture', async (t) => {
  const drawing = drawFlow(credit, { language: 'zh' });
  const ids = drawing.nodes.map(({ id }) => id);
  for (const id of credit.nodes.keys()) t.ok(ids.includes(id), id);
  for (const { from, to } of credit.ways)
    t.ok(
      drawing.edges.some((edge) => edge.from === from && edge.to === to),
      `${from} ${to}`,
    );
  t.ok(isInside(drawing));
  for (const a of drawing.nodes) {
    t.ok(a.width > 0 && a.height > 0);
    for (const b of drawing.nodes) if (a !== b) t.notOk(overlaps(a, b), `${a.id} ${b.id}`);
  }
  t.same(
    drawing.nodes.filter(({ isStart }) => isStart).map(({ id }) => id),
    ['open-hours'],
  );
  const file = readFileSync('ivr-flows/credit-card.yaml', 'utf8').split('\n');
  for (const { id, line } of drawing.nodes) {
    const name = id.split('/').at(-1) as string;
    if (id.startsWith('@')) t.equal(line, null, id);
    else t.match(file[(line as number) - 1], new RegExp(`"?${name}"?:|next: *[{]`), id);
  }
  t.same(drawFlow(credit, { language: 'zh' }), drawing, 'the same flow gives the same picture');
});

t.test('ways tell what leads there; several between the same two are one', async (t) => {
  const drawing = drawFlow(
    read(`flow: ways
languages: [zh]
start: ask
nodes:
  ask: { menu: { prompt: x }, keys: { "1": agent, "2": agent, "9": ask }, failed: agent }
  agent: { queue: { to: general }, answered: rate }
  rate: { branch: [ { when: call.dnis == "95588", next: bye }, { next: { set: { seen: true }, next: bye } } ] }
  bye: { hangup: true }
`),
    { language: 'zh' },
  );
  const label = (from: string, to: string): string | undefined =>
    drawing.edges.find((edge) => edge.from === from && edge.to === to)?.label;
  t.equal(label('ask', 'agent'), '1, 2, failed');
  t.equal(label('ask', 'ask'), '9');
  t.equal(label('rate', 'bye'), 'call.dnis == "95588"');
  t.equal(label('rate', 'rate/2'), 'else');
  t.equal(label('rate/2', 'bye'), '');
  t.equal(label('agent', '@sorry-busy'), 'timedOut, blocked, exit');
  t.ok(isInside(drawing));
});

t.test('in a large drawing, ways that nobody could follow end in words; every node keeps one line', async (t) => {
  const drawing = drawFlow(credit, { language: 'zh' });
  const stubs = drawing.edges.filter(({ isStub }) => isStub);
  t.ok(stubs.length > 20, `${stubs.length} are cut short`);
  const whole = new Set(drawing.edges.filter(({ isStub }) => !isStub).map(({ to }) => to));
  for (const { id, isStart } of drawing.nodes) t.ok(isStart || whole.has(id), id);
  for (const { from, labelAt, points } of stubs) {
    const box = drawing.nodes.find(({ id }) => id === from) as DrawnNode;
    t.ok(labelAt !== null && labelAt.y > box.y + box.height / 2, `the words stand below ${from}`);
    t.ok(points.length > 1);
    for (const other of drawing.nodes)
      if (labelAt !== null)
        t.notOk(Math.abs(other.x - labelAt.x) < other.width / 2 && Math.abs(other.y - labelAt.y) < other.height / 2, other.id);
  }
  t.ok(drawing.width < 3_000 && drawing.height < 2_600, `${drawing.width} x ${drawing.height}: to be read at its own size`);
  for (const { from, to, points, isStub } of drawing.edges) {
    if (isStub) continue;
    const others = drawing.nodes.filter(({ id }) => id !== from && id !== to);
    for (const [at, point] of points.slice(1).entries())
      for (const other of others) t.notOk(touches(points[at] as Point, point, other), `${from} -> ${to} beside ${other.id}`);
  }
  t.match(flowSvg(drawing, 'x'), /→ goodbye</);
  const small = drawFlow(read(readFileSync('ivr-flows/after-hours.yaml', 'utf8')), { language: 'zh' });
  t.notOk(
    small.edges.some(({ isStub }) => isStub),
    'a small one is drawn whole',
  );
});

t.test('words stand in the language that is asked for', async (t) => {
  const welcome = (language: string): string | undefined =>
    drawFlow(credit, { language }).nodes.find(({ id }) => id === 'welcome')?.label;
  t.match(welcome('zh'), /^您好/);
  t.match(welcome('en'), /^Welcome/);
  t.equal(welcome('fr'), welcome('zh'));
});

t.test('the SVG holds the words of a stranger as text only', async (t) => {
  const flow = read(`flow: hostile
title: { zh: "</title><script>alert(1)</script>" }
languages: [zh]
start: constructor
prompts:
  hello: { zh: "<img src=x onerror=alert(1)> & \\"'" }
nodes:
  constructor: { play: hello, next: ask }
  ask: { branch: [ { when: "call.dnis == '</text><script>'", next: tostring }, { next: tostring } ] }
  tostring: { hangup: true }
`);
  const svg = flowSvg(drawFlow(flow, { language: 'zh' }), flow.title.zh ?? '');
  t.notMatch(svg, /<script|<img|\u202e/);
  t.match(svg, '&lt;img src=x');
  t.match(svg, '&lt;/text&gt;');
  t.notMatch(svg, /href|url\(http|@import|https?:\/\/(?!www\.w3\.org\/2000\/svg)/, 'nothing from elsewhere');
  t.equal((svg.match(/<text/g) ?? []).length, (svg.match(/<\/text>/g) ?? []).length);
});

t.test('a flow of any size is drawn in time', async (t) => {
  const ring = (n: number): CheckedFlow =>
    read(`flow: big
languages: [zh]
start: n0
nodes:
  end: { hangup: true }
${Array.from({ length: n }, (_, i) => `  n${i}: { menu: { prompt: x }, keys: { "1": n${(i + 1) % n}, "2": n${(i * 7 + 3) % n} }, failed: end }`).join('\n')}
`);
  const tree = read(`flow: tree
languages: [zh]
start: n0
nodes:
  end: { hangup: true }
${Array.from({ length: 500 }, (_, i) => `  n${i}: ${2 * i + 2 < 500 ? `{ menu: { prompt: x }, keys: { "1": n${2 * i + 1}, "2": n${2 * i + 2} }, failed: n${2 * i + 2} }` : '{ play: x, next: end }'}`).join('\n')}
`);
  for (const flow of [ring(60), ring(500), ring(4_000), tree]) {
    const began = performance.now();
    const drawing = drawFlow(flow, { language: 'zh' });
    t.ok(performance.now() - began < 5_000, `${flow.nodes.size} nodes`);
    t.equal(drawing.nodes.length, flow.nodes.size);
    t.ok(isInside(drawing));
  }
});
