import type { FlowValue } from '../contract.js';
import { didYouMean } from '../finding.js';
import type { Expectations, ExpectedHeard, FlowTest } from './flow-tests.js';
import type { Rehearsal } from './rehearsal.js';
import type { Problem, TestStage } from './run-test.js';
import type { Heard, RehearsalEvent } from './scene.js';
import { heardText, nodeName, skillText } from './transcript.js';

/** Where what happened is not what the test expects. */
export function problemsOf(test: FlowTest, rehearsal: Rehearsal, stage: TestStage): Problem[] {
  const problems: Problem[] = [];
  const check = (what: keyof Expectations, problem: { expected: string; happened: string } | null): void => {
    if (problem !== null) problems.push({ line: test.expectLines[what] ?? test.line, what, ...problem });
  };
  const { expect } = test;
  const { events } = rehearsal;
  const visited = events.filter((event) => event.kind === 'entered').map((event) => nodeName(event, stage.flow.flowId));
  if (expect.visits !== undefined) check('visits', visitsProblem(expect.visits, visited, stage));
  if (expect.path !== undefined) check('path', listProblem(expect.path, visited));
  const heard = events.flatMap((event) => (event.kind === 'heard' ? event.heard : []));
  if (expect.hears !== undefined) check('hears', hearsProblem(asList(expect.hears), heard, stage));
  if (expect['never-hears'] !== undefined) {
    const said = asList(expect['never-hears']).flatMap((one) => heard.filter((each) => matches(one, each, stage)));
    const happened = said.map(heardText).join(' · ');
    check(
      'never-hears',
      said.length === 0 ? null : { expected: `never ${asList(expect['never-hears']).map(shown).join(', ')}`, happened },
    );
  }
  if (expect.vars !== undefined) check('vars', varsProblem(expect.vars, rehearsal.state.vars, stage));
  if (expect.queue !== undefined) check('queue', queueProblem(expect.queue, events));
  if (expect.asks !== undefined) {
    check(
      'asks',
      listProblem(
        expect.asks,
        events.flatMap((event) => (event.kind === 'asked' ? [event.endpoint] : [])),
      ),
    );
  }
  if (expect.sends !== undefined) check('sends', sendsProblem(expect.sends, events));
  if (expect.score !== undefined) check('score', scoreProblem(expect.score, events));
  if (expect.outcome !== undefined) check('outcome', same(expect.outcome, rehearsal.callOutcome ?? 'inProgress'));
  if (expect.language !== undefined) check('language', same(expect.language, rehearsal.state.language));
  return problems;
}

type Difference = { expected: string; happened: string } | null;

const same = (expected: string, happened: string): Difference => (expected === happened ? null : { expected, happened });

const listProblem = (expected: readonly string[], happened: readonly string[]): Difference =>
  same(expected.join(', '), happened.join(', ')) && { expected: expected.join(', '), happened: happened.join(', ') || 'nothing' };

function visitsProblem(expected: readonly string[], visited: readonly string[], stage: TestStage): Difference {
  let from = 0;
  for (const [index, node] of expected.entries()) {
    const at = visited.indexOf(node, from);
    if (at !== -1) {
      from = at + 1;
      continue;
    }
    const before = index === 0 ? '' : ` after ${expected[index - 1]}`;
    const hint =
      node.includes(':') || stage.flow.nodes.has(node) || visited.includes(node)
        ? ''
        : ` (no such node${didYouMean(node, stage.flow.nodes.keys())})`;
    return { expected: `${node}${before}${hint}`, happened: visited.join(' → ') };
  }
  return null;
}

function hearsProblem(expected: readonly ExpectedHeard[], heard: readonly Heard[], stage: TestStage): Difference {
  let from = 0;
  for (const [index, one] of expected.entries()) {
    const at = heard.findIndex((each, position) => position >= from && matches(one, each, stage));
    if (at === -1) {
      const before = expected[index - 1];
      return {
        expected: `${shown(one)}${before === undefined ? '' : ` after ${shown(before)}`}`,
        happened: heard.map(heardText).join(' · ') || 'nothing',
      };
    }
    from = at + 1;
  }
  return null;
}

/** A name of a prompt stands for that prompt; everything else is a piece of what is said. */
function matches(expected: ExpectedHeard, { prompt, language, words }: Heard, stage: TestStage): boolean {
  const name = typeof expected === 'string' ? expected : expected.prompt;
  if (typeof expected !== 'string' && expected.in !== language) return false;
  if (prompt !== null && (prompt === name || prompt.slice(prompt.indexOf('/') + 1) === name)) return true;
  return typeof expected === 'string' && !isPromptName(name, stage) && words.includes(name);
}

function isPromptName(name: string, stage: TestStage): boolean {
  return [stage.flow, ...stage.flows.values()].some(
    (flow) =>
      flow.promptsUsed.has(`${flow.flowId}/${name}`) || flow.promptsUsed.has(`system/${name}`) || flow.promptsUsed.has(name),
  );
}

function varsProblem(
  expected: Readonly<Record<string, FlowValue>>,
  vars: Readonly<Record<string, FlowValue>>,
  stage: TestStage,
): Difference {
  const wrong = Object.entries(expected).filter(([name, value]) => (Object.hasOwn(vars, name) ? vars[name] : null) !== value);
  if (wrong.length === 0) return null;
  const actual = ([name]: [string, FlowValue]): string => {
    if (stage.flow.secrets.has(name)) return `${name}: secure, seen by nobody`;
    const value = Object.hasOwn(vars, name) ? vars[name] : null;
    return `${name}: ${JSON.stringify(value)}`;
  };
  return {
    expected: wrong.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', '),
    happened: wrong.map(actual).join(', '),
  };
}

function queueProblem(expected: NonNullable<Expectations['queue']>, events: readonly RehearsalEvent[]): Difference {
  const entered = events.filter((event) => event.kind === 'queued').at(-1)?.effect;
  const actual: Record<string, string> =
    entered === undefined
      ? {}
      : {
          to: entered.queueId,
          lane: entered.lane,
          priority: `${entered.priority}`,
          tier: entered.tier ?? 'none',
          agent: entered.agent?.agentId ?? 'none',
          skills: skillText(entered.skills),
        };
  if (expected === 'none') return entered === undefined ? null : { expected: 'no queue', happened: `queue ${entered.queueId}` };
  if (entered === undefined) return { expected: `queue ${expected.to ?? ''}`.trim(), happened: 'no queue' };
  const wrong = Object.entries(expected).filter(([name, value]) => {
    const text = name === 'skills' ? skillText(value as typeof entered.skills) : `${value}`;
    return text !== actual[name];
  });
  if (wrong.length === 0) return null;
  return {
    expected: wrong
      .map(([name, value]) => `${name}: ${typeof value === 'object' ? skillText(value as typeof entered.skills) : value}`)
      .join(', '),
    happened: wrong.map(([name]) => `${name}: ${actual[name]}`).join(', '),
  };
}

function sendsProblem(expected: NonNullable<Expectations['sends']>, events: readonly RehearsalEvent[]): Difference {
  const sent = events.filter((event) => event.kind === 'sent');
  const fits =
    expected.length === sent.length &&
    expected.every(({ to, message = {} }, at) => {
      const actual = sent[at];
      return actual?.endpoint === to && Object.entries(message).every(([name, value]) => actual.message[name] === value);
    });
  if (fits) return null;
  const written = (to: string, message: unknown): string => `${to} ${JSON.stringify(message ?? {})}`;
  return {
    expected: expected.map(({ to, message }) => written(to, message)).join(' · ') || 'nothing',
    happened: sent.map(({ endpoint, message }) => written(endpoint, message)).join(' · ') || 'nothing',
  };
}

function scoreProblem(expected: number | null, events: readonly RehearsalEvent[]): Difference {
  const answered = events.filter((event) => event.kind === 'surveyAnswered').at(-1);
  return same(`${expected}`, answered === undefined ? 'no survey' : `${answered.score}`);
}

const asList = (expected: ExpectedHeard | readonly ExpectedHeard[]): readonly ExpectedHeard[] =>
  Array.isArray(expected) ? expected : [expected as ExpectedHeard];

const shown = (expected: ExpectedHeard): string =>
  typeof expected === 'string' ? `"${expected}"` : `"${expected.prompt}" in ${expected.in}`;
