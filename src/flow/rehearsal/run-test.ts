import { asId } from '../../base/ids.js';
import type { Result } from '../../base/result.js';
import type { Customer, EmergencyView } from '../contract.js';
import type { CheckedFlow } from '../program.js';
import { problemsOf } from './expectations.js';
import type { FlowTest, TestCustomer } from './flow-tests.js';
import { Rehearsal } from './rehearsal.js';
import type { RehearsalEvent, Scene } from './scene.js';

/** What a site gives to all tests of its flows. */
export interface TestStage {
  readonly flow: CheckedFlow;
  readonly flows: ReadonlyMap<string, CheckedFlow>;
  isOpen(calendar: string, atMs: number): boolean | null;
  /** An announcement of the configuration by its name; null: there is none. */
  emergency(name: string): EmergencyView | null;
  promptText(prompt: string, language: string): string | null;
}

export interface Problem {
  /** Line in the file of tests. */
  readonly line: number;
  /** `visits`, `hears`, `do` ... */
  readonly what: string;
  readonly expected: string;
  readonly happened: string;
}

export interface TestResult {
  readonly test: string;
  readonly line: number;
  readonly ok: boolean;
  readonly problems: readonly Problem[];
  readonly events: readonly RehearsalEvent[];
}

/** Runs one test. The call goes on by itself after the last action, until somebody else would have to do something. */
export function runFlowTest(test: FlowTest, stage: TestStage): TestResult {
  const problems: Problem[] = [];
  const scene = sceneOf(test, stage, (problem) => problems.push(problem));
  const rehearsal = new Rehearsal(scene);
  for (const { action, written, line } of test.actions) {
    const done: Result<void, string> = rehearsal.act(action);
    if (done.ok) continue;
    problems.push({ line, what: 'do', expected: written, happened: done.error });
    break;
  }
  rehearsal.listen();
  const unanswered = rehearsal.askedEndpoint;
  if (unanswered !== null && !test.lookUps.has(unanswered)) {
    const happened = 'the test says nothing about its answer; give it under lookups';
    problems.push({ line: test.line, what: 'lookups', expected: `an answer of ${unanswered}`, happened });
  }
  if (problems.every(({ what }) => what !== 'do')) problems.push(...problemsOf(test, rehearsal, stage));
  return { test: test.name, line: test.line, ok: problems.length === 0, problems, events: rehearsal.events };
}

function sceneOf(test: FlowTest, stage: TestStage, tell: (problem: Problem) => void): Scene {
  const asked = new Map<string, number>();
  const customers = Object.entries(test.customers);
  const find = (has: (customer: TestCustomer) => boolean | undefined): Customer | null => {
    const [id, found] = customers.find(([, customer]) => has(customer)) ?? [];
    return id === undefined || found === undefined ? null : customerOf(id, found);
  };
  return {
    flow: stage.flow,
    atMs: test.atMs,
    ani: test.from,
    dnis: test.dialled,
    language: test.language,
    flowNamed: (flowId) => stage.flows.get(flowId) ?? null,
    customerByNumber: (ani) => find(({ numbers }) => numbers?.includes(ani)),
    customerByAccount: (account) => find(({ accounts }) => accounts?.includes(account)),
    isOpen: (calendar, atMs) =>
      Object.hasOwn(test.calendars, calendar) ? test.calendars[calendar] === 'open' : stage.isOpen(calendar, atMs),
    emergency: emergencyOf(test, stage, tell),
    promptText: (prompt, language) => stage.promptText(prompt, language),
    answerOf: (endpoint) => {
      const answers = test.lookUps.get(endpoint);
      const times = asked.get(endpoint) ?? 0;
      asked.set(endpoint, times + 1);
      return answers?.[Math.min(times, answers.length - 1)] ?? null;
    },
    callback: test.callback,
  };
}

function emergencyOf(test: FlowTest, stage: TestStage, tell: (problem: Problem) => void): EmergencyView | null {
  const { emergency } = test;
  if (emergency === null) return null;
  if (typeof emergency !== 'string') return { ...emergency, prompt: emergency.prompt };
  const found = stage.emergency(emergency);
  if (found === null)
    tell({ line: test.line, what: 'emergency', expected: emergency, happened: 'the configuration has no such announcement' });
  return found;
}

const customerOf = (id: string, { tier, name, language, agent }: TestCustomer): Customer => ({
  id: asId(id),
  tier: tier ?? 'ordinary',
  language: language ?? null,
  name: name ?? id,
  agent: agent === undefined ? null : asId(agent),
});
