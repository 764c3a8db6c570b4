import t from 'tap';
import type { Fact, FactBody } from '../../src/base/facts.js';
import { seededRandom } from '../../src/base/random.js';
import { FlowFold } from '../../src/service-level/flow-fold.js';
import type { FlowDayView } from '../../src/service-level/views.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const dayName = (atMs: number): string => `day-${Math.floor(atMs / DAY)}`;

class Story {
  readonly facts: Fact[] = [];
  readonly fold = new FlowFold({ dayName });
  #seq = 0;

  at(atMs: number, callId: string, ...bodies: object[]): void {
    for (const body of bodies) {
      const fact = { callId, ...body, seq: ++this.#seq, atMs } as unknown as Fact;
      this.facts.push(fact);
      this.fold.add(fact);
    }
  }

  view(flowId: string, day = 'day-0'): FlowDayView {
    const view = this.fold.view(flowId, day, this.#seq);
    if (!view) throw new Error(`nobody was in ${flowId}`);
    return view;
  }
}

const flow = (flowId: string) => ({ kind: 'flowEntered', flowId, version: 'v1' });
const node = (flowId: string, name: string) => ({ kind: 'nodeEntered', flowId, node: name });
const ended = (outcome: string) => ({ kind: 'callEnded', outcome, durationMs: 0, endedBy: 'caller' });
const queued = { kind: 'callQueued', queueId: 'general', lane: 'ordinary', priority: 0, requirement: '', language: 'zh' };
const answered = { kind: 'callAnswered', queueId: 'general', offerId: 'o', agentId: '1001', waitMs: 0 };
const figures = ({ entered, contained, gaveUp, toQueue, other, now }: FlowDayView) => ({
  entered,
  contained,
  gaveUp,
  toQueue,
  other,
  now,
});
const nodesOf = (view: FlowDayView) => Object.fromEntries(view.nodes.map(({ node: name, ...count }) => [name, count]));

t.test('contained, given up, to a queue, and still in it', async (t) => {
  const story = new Story();
  for (const call of ['a', 'b', 'c', 'd']) story.at(1_000, call, flow('card'), node('card', 'welcome'));
  for (const call of ['a', 'b', 'c']) story.at(3_000, call, node('card', 'main'));
  story.at(5_000, 'a', ended('contained'));
  story.at(6_000, 'b', ended('abandonedInFlow'));
  story.at(7_000, 'c', node('card', 'agent'), queued);
  const view = story.view('card');
  t.same(figures(view), { entered: 4, contained: 1, gaveUp: 1, toQueue: 1, other: 0, now: 1 });
  t.same(view.containment, { numerator: 1, denominator: 3, share: 1 / 3 });
  t.same(nodesOf(view), {
    welcome: { entered: 4, now: 1, gaveUp: 0, sumStayMs: 6_000 },
    main: { entered: 3, now: 0, gaveUp: 1, sumStayMs: 2_000 + 3_000 + 4_000 },
    agent: { entered: 1, now: 1, gaveUp: 0, sumStayMs: 0 },
  });
  t.same(view.edges, [
    { from: 'welcome', to: 'main', count: 3 },
    { from: 'main', to: 'agent', count: 1 },
  ]);
  t.same(view.paths, [
    { nodes: ['welcome', 'main'], count: 1, outcome: 'contained' },
    { nodes: ['welcome', 'main'], count: 1, outcome: 'gaveUp' },
    { nodes: ['welcome', 'main', 'agent'], count: 1, outcome: 'toQueue' },
  ]);
  t.equal(view.otherPaths, 0);
});

t.test('a caller waits at the node of the queue until an agent answers, and may come back', async (t) => {
  const story = new Story();
  story.at(0, 'a', flow('card'), node('card', 'agent'), queued);
  t.match(nodesOf(story.view('card')), { agent: { now: 1 } });
  story.at(20_000, 'a', answered);
  t.match(nodesOf(story.view('card')), { agent: { now: 0, sumStayMs: 20_000 } });
  story.at(90_000, 'a', node('card', 'survey'));
  t.match(nodesOf(story.view('card')), { survey: { now: 1 } });
  story.at(91_000, 'a', ended('answered'));
  const view = story.view('card');
  t.same(figures(view), { entered: 1, contained: 0, gaveUp: 0, toQueue: 1, other: 0, now: 0 });
  t.match(nodesOf(view), { survey: { now: 0, sumStayMs: 1_000, gaveUp: 0 } });
  t.same(view.paths, [{ nodes: ['agent'], count: 1, outcome: 'toQueue' }]);
});

t.test('a sub-flow: the call counts once in each, where it stands counts now, the rest is other', async (t) => {
  const story = new Story();
  story.at(0, 'a', flow('card'), node('card', 'ask'), flow('who'), node('who', 'enter'));
  t.same(figures(story.view('card')), { entered: 1, contained: 0, gaveUp: 0, toQueue: 0, other: 1, now: 0 });
  t.same(figures(story.view('who')), { entered: 1, contained: 0, gaveUp: 0, toQueue: 0, other: 0, now: 1 });
  story.at(5_000, 'a', flow('card'), node('card', 'main'));
  t.same(figures(story.view('card')), { entered: 1, contained: 0, gaveUp: 0, toQueue: 0, other: 0, now: 1 });
  t.same(figures(story.view('who')), { entered: 1, contained: 0, gaveUp: 0, toQueue: 0, other: 1, now: 0 });
  t.same(story.view('card').edges, [{ from: 'ask', to: 'main', count: 1 }]);
  story.at(6_000, 'a', ended('contained'));
  t.same(figures(story.view('card')), { entered: 1, contained: 1, gaveUp: 0, toQueue: 0, other: 0, now: 0 });
  t.same(story.view('who').paths, [{ nodes: ['enter'], count: 1, outcome: 'other' }]);
});

t.test('transferred to the outside and lost are other; a transfer that failed is not', async (t) => {
  const story = new Story();
  const transfer = (result: string) => ({ kind: 'callTransferred', to: 'outside', number: null, result, talkMs: 0 });
  for (const call of ['a', 'b', 'c']) story.at(0, call, flow('card'), node('card', 'outside'));
  story.at(1_000, 'a', transfer('talked'), ended('contained'));
  story.at(1_000, 'b', transfer('busy'), ended('contained'));
  story.at(1_000, 'c', ended('switchLost'));
  t.same(figures(story.view('card')), { entered: 3, contained: 1, gaveUp: 0, toQueue: 0, other: 2, now: 0 });
});

t.test('a call belongs to the day on which it entered; eight days are kept', async (t) => {
  const story = new Story();
  story.at(DAY - 1_000, 'late', flow('card'), node('card', 'main'));
  story.at(DAY + 1_000, 'late', node('card', 'bye'), ended('contained'));
  t.same(figures(story.view('card')), { entered: 1, contained: 1, gaveUp: 0, toQueue: 0, other: 0, now: 0 });
  t.equal(story.fold.view('card', 'day-1', 0), null, 'nobody entered on the next');
  for (let day = 1; day <= 8; day++) story.at(day * DAY, `c${day}`, flow('card'), ended('contained'));
  t.equal(story.fold.view('card', 'day-0', 0), null);
  t.match(story.view('card', 'day-1'), { entered: 1 });
});

t.test('what makes no sense changes nothing: nodes of calls and flows that were never entered', async (t) => {
  const story = new Story();
  story.at(0, 'a', node('card', 'main'), queued, answered, ended('contained'));
  t.equal(story.fold.view('card', 'day-0', 0), null);
  story.at(0, 'b', flow('card'), node('other', 'main'));
  t.same(story.view('card').nodes, []);
});

t.test('paths and circles are bounded, and nothing is lost in the count', async (t) => {
  const story = new Story();
  for (let n = 0; n < 700; n++) {
    story.at(n, `c${n}`, flow('card'), node('card', `n${n}`), ended('contained'));
  }
  story.at(
    1_000,
    'round',
    flow('card'),
    ...Array.from({ length: 500 }, (_, n) => node('card', n % 2 ? 'x' : 'y')),
    ended('contained'),
  );
  const view = story.view('card');
  t.equal(view.paths.length, 20);
  t.equal(
    view.paths.reduce((sum, { count }) => sum + count, view.otherPaths),
    701,
  );
  t.ok(view.paths.every(({ nodes }) => nodes.length <= 60));
});

/** A random day: what callers may do, in any order, also what should never come. */
function randomStory(seed: number): Story {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  const story = new Story();
  let atMs = 20 * HOUR;
  for (let step = 0; step < 400; step++) {
    atMs += random.below(2 * 60_000);
    const call = `call-${random.below(25)}`;
    const in_ = pick(['card', 'who', 'night']);
    const body = pick([
      flow(in_),
      flow(in_),
      node(in_, pick(['a', 'b', 'c', 'd'])),
      node(in_, pick(['a', 'b', 'c', 'd'])),
      node(in_, pick(['a', 'b', 'c', 'd'])),
      queued,
      answered,
      ended(pick(['contained', 'abandonedInFlow', 'answered', 'abandonedInQueue', 'blocked', 'switchLost'])),
    ]);
    story.at(atMs, call, body);
  }
  return story;
}

/** The same figures, counted by looking at each call from its first fact to its last, with nothing shared with the fold. */
function counted(facts: readonly Fact[], flowId: string, day: string) {
  const figures = { entered: 0, contained: 0, gaveUp: 0, toQueue: 0, other: 0, now: 0 };
  const lives = new Map<string, FactBody[][]>();
  for (const fact of facts as (Fact & { callId: string })[]) {
    const all = lives.get(fact.callId) ?? [[]];
    (all.at(-1) as Fact[]).push(fact);
    if (fact.kind === 'callEnded') all.push([]);
    lives.set(fact.callId, all);
  }
  for (const life of [...lives.values()].flat() as Fact[][]) {
    const entry = life.find((fact) => fact.kind === 'flowEntered' && fact.flowId === flowId);
    if (!entry || dayName(entry.atMs) !== day) continue;
    figures.entered++;
    let current: string | null = null;
    let reachedQueue = false;
    for (const fact of life) {
      if (fact.kind === 'flowEntered') current = fact.flowId;
      if (fact.kind === 'callQueued' && current === flowId) reachedQueue = true;
    }
    const end = life.find((fact) => fact.kind === 'callEnded');
    const outcome = end?.kind === 'callEnded' ? end.outcome : null;
    if (reachedQueue) figures.toQueue++;
    else if (current !== flowId) figures.other++;
    else if (outcome === null) figures.now++;
    else if (outcome === 'contained') figures.contained++;
    else if (outcome === 'abandonedInFlow') figures.gaveUp++;
    else figures.other++;
  }
  return figures;
}

t.test(
  'random stories: the law holds after every fact, a recount agrees, and a fold that begins anew says the same',
  async (t) => {
    for (let seed = 1; seed <= 60; seed++) {
      const story = randomStory(seed);
      const again = new FlowFold({ dayName });
      story.facts.forEach((fact, index) => {
        again.add(fact);
        for (const flowId of ['card', 'who', 'night']) {
          for (const day of ['day-0', 'day-1']) {
            const view = again.view(flowId, day, 0);
            if (!view) continue;
            const { entered, contained, gaveUp, toQueue, other, now } = view;
            if (entered !== contained + gaveUp + toQueue + other + now) t.fail(`the law is broken, seed ${seed}, fact ${index}`);
            if (view.nodes.some((each) => each.now < 0 || each.gaveUp > each.entered)) t.fail(`below nothing, seed ${seed}`);
            const sum = view.nodes.reduce((total, each) => total + each.gaveUp, 0);
            if (sum > gaveUp) t.fail(`more gave up at nodes than in the flow, seed ${seed}`);
          }
        }
      });
      for (const flowId of ['card', 'who', 'night']) {
        for (const day of ['day-0', 'day-1']) {
          const view = story.fold.view(flowId, day, 0);
          t.same(view, again.view(flowId, day, 0), `seed ${seed}: after a restart`);
          if (view) t.same(figures(view), counted(story.facts, flowId, day), `seed ${seed}: recount of ${flowId} on ${day}`);
        }
      }
    }
  },
);
