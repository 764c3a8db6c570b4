import { z } from 'zod';
import type { CallbackRefusal } from '../../base/facts.js';
import type { Json } from '../../base/look-up.js';
import { err, ok, type Result } from '../../base/result.js';
import { byPlace, type Finding, type Said, said } from '../finding.js';
import { type Tell, tellIssues } from '../issues.js';
import { readSource } from '../source.js';
import { FAULTS, isLookUpFault, parseAction } from './actions.js';
import { parseMoment } from './moment.js';
import type { Action } from './scene.js';

/** Tests of a flow, as they stand beside it in FLOW.test.yaml. */

const MAX_TESTS = 1_000;
const MAX_ACTIONS = 500;

const text = z.string();
const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const heard = z.union([text, z.strictObject({ prompt: text, in: text })]);
const heards = z.union([heard, z.array(heard).max(200)]);
const customer = z.strictObject({
  tier: text.optional(),
  name: text.optional(),
  language: text.optional(),
  agent: text.optional(),
  numbers: z.array(text).optional(),
  accounts: z.array(text).optional(),
});
const announcement = z.strictObject({
  prompt: text,
  // biome-ignore lint/suspicious/noThenProperty: a word of the file; nobody awaits a shape
  then: z.enum(['continue', 'closed', 'hangUp']),
});
const REFUSALS = ['alreadyOpen', 'notOffered', 'numberDenied', 'limitReached', 'outOfHours', 'beingConnected'] as const;

export const OUTCOMES = [
  'answered',
  'abandonedInQueue',
  'abandonedInFlow',
  'contained',
  'timedOut',
  'blocked',
  'exitedByKey',
  'flowedOut',
  'calledBack',
  'inProgress',
] as const;

const expectShape = z.strictObject({
  /** Nodes in this order; others may lie between. `other-flow:node` for a node of another flow. */
  visits: z.array(text).optional(),
  /** All nodes, exactly. */
  path: z.array(text).optional(),
  /** Names of prompts, or pieces of what is said, in this order. */
  hears: heards.optional(),
  'never-hears': heards.optional(),
  vars: z.record(text, value).optional(),
  queue: z
    .union([
      z.literal('none'),
      z.strictObject({
        to: text.optional(),
        lane: z.enum(['ordinary', 'vip']).optional(),
        priority: z.int().optional(),
        tier: text.optional(),
        agent: text.optional(),
        skills: z.record(text, z.unknown()).optional(),
      }),
    ])
    .optional(),
  /** Endpoints that are asked, in this order. */
  asks: z.array(text).optional(),
  sends: z.array(z.strictObject({ to: text, message: z.record(text, value).optional() })).optional(),
  /** 1 to 5 of a survey; null: asked and not answered. */
  score: z.union([z.int(), z.null()]).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  language: text.optional(),
});

const testShape = z.strictObject({
  test: text.min(1).max(200),
  at: text.optional(),
  from: text.optional(),
  dialled: text.optional(),
  language: text.optional(),
  lookups: z.record(text, z.unknown()).optional(),
  customers: z.record(text, customer).optional(),
  calendars: z.record(text, z.enum(['open', 'closed'])).optional(),
  emergency: z.union([text, announcement]).optional(),
  callback: z.enum(['accepted', ...REFUSALS]).optional(),
  do: z
    .array(z.union([text, z.strictObject({ lookup: z.unknown() })]))
    .max(MAX_ACTIONS)
    .optional(),
  expect: expectShape,
});
const fileShape = z.array(testShape).min(1).max(MAX_TESTS);

export type Expectations = z.output<typeof expectShape>;
export type ExpectedHeard = z.output<typeof heard>;
export type TestCustomer = z.output<typeof customer>;

/** An answer of an endpoint, or why there is none. */
export type TestAnswer = Extract<Action, { kind: 'lookUp' }>['result'];

export interface FlowTest {
  readonly name: string;
  /** Where it stands, counted from 1. */
  readonly line: number;
  readonly atMs: number;
  readonly from: string;
  readonly dialled: string;
  readonly language: string | null;
  /** Endpoint -> answers in turn; the last one stays. */
  readonly lookUps: ReadonlyMap<string, readonly TestAnswer[]>;
  readonly customers: Readonly<Record<string, TestCustomer>>;
  readonly calendars: Readonly<Record<string, 'open' | 'closed'>>;
  readonly emergency: string | { readonly prompt: string; readonly then: 'continue' | 'closed' | 'hangUp' } | null;
  readonly callback: CallbackRefusal | null;
  readonly actions: ReadonlyArray<{ readonly action: Action; readonly written: string; readonly line: number }>;
  readonly expect: Expectations;
  /** Line of each expectation. */
  readonly expectLines: Readonly<Record<string, number>>;
}

/** A Monday morning in Shanghai: open by most calendars. */
const USUAL_MOMENT = '2026-03-02T10:00+08:00';
const USUAL_CALLER = '13900000000';
const USUAL_NUMBER = '95588';

/** Reads a file of tests. Never throws; whatever is wrong is told with its place. */
export function readFlowTests(content: string, file: string): Result<readonly FlowTest[], Finding[]> {
  const read = readSource(content, file);
  if (!read.ok) return read;
  const source = read.value;
  const findings: Finding[] = [...source.findings];
  const tell: Tell = (level, rule, path, message, at = 'value') => {
    const place = at === 'key' ? source.atKey(path) : at === 'value' ? source.at(path) : source.inText(path, at);
    findings.push({ file, ...place, level, rule, message: message.en, messageZh: message.zh });
  };
  const parsed = fileShape.safeParse(source.value);
  if (!parsed.success) {
    tellIssues(fileShape, parsed.error.issues, [], source, tell);
    return err(findings.sort(byPlace));
  }
  const names = new Set<string>();
  const tests = parsed.data.map((raw, index): FlowTest => {
    const path = [index];
    const lineAt = (...steps: Array<string | number>): number => source.atKey([...path, ...steps]).line;
    if (names.has(raw.test))
      tell(
        'error',
        'duplicate-test',
        [...path, 'test'],
        said('another test of this file has this name', '本文件里另有一个同名的测试'),
      );
    names.add(raw.test);
    const atMs = parseMoment(raw.at ?? USUAL_MOMENT);
    if (atMs === null)
      tell(
        'error',
        'bad-moment',
        [...path, 'at'],
        said(
          'a moment is written with its distance from UTC, like 2026-11-20T10:00+08:00',
          '时间要写明与 UTC 的差，如 2026-11-20T10:00+08:00',
        ),
      );
    const lookUps = new Map(
      Object.entries(raw.lookups ?? {}).map(([name, answer]) => [name, answersOf(answer, [...path, 'lookups', name], tell)]),
    );
    const actions = (raw.do ?? []).flatMap((item, at) => {
      const action = typeof item === 'string' ? parseAction(item) : lookUpAction(item.lookup);
      if (action.ok) return [{ action: action.value, written: wordsOf(item), line: source.at([...path, 'do', at]).line }];
      tell('error', 'bad-action', [...path, 'do', at], action.error);
      return [];
    });
    return {
      name: raw.test,
      line: lineAt('test'),
      atMs: atMs ?? 0,
      from: raw.from ?? USUAL_CALLER,
      dialled: raw.dialled ?? USUAL_NUMBER,
      language: raw.language ?? null,
      lookUps,
      customers: raw.customers ?? {},
      calendars: raw.calendars ?? {},
      emergency: raw.emergency ?? null,
      callback: raw.callback === undefined || raw.callback === 'accepted' ? null : raw.callback,
      actions,
      expect: raw.expect,
      expectLines: Object.fromEntries(Object.keys(raw.expect).map((name) => [name, lineAt('expect', name)])),
    };
  });
  return findings.some(({ level }) => level === 'error') ? err(findings.sort(byPlace)) : ok(tests);
}

/** `{ due: 12 }` is an answer, `{ fails: timeout }` none, `{ inTurn: [ ... ] }` several of them, one for each time it is asked. */
function answersOf(raw: unknown, path: ReadonlyArray<string | number>, tell: Tell): TestAnswer[] {
  const only = onlyField(raw);
  if (only?.[0] === 'inTurn' && Array.isArray(only[1]) && only[1].length > 0) {
    return only[1].flatMap((item, at) => answersOf(item, [...path, 'inTurn', at], tell));
  }
  const answer = lookUpAction(raw);
  if (answer.ok) return [answer.value.result];
  tell('error', 'bad-answer', path, answer.error);
  return [];
}

function lookUpAction(raw: unknown): Result<Extract<Action, { kind: 'lookUp' }>, Said> {
  const only = onlyField(raw);
  if (only?.[0] !== 'fails') return ok({ kind: 'lookUp', result: { ok: true, answer: raw as Json } });
  if (!isLookUpFault(only[1])) return err(said(`fails is followed by ${FAULTS.join(', ')}`, `fails 后面是 ${FAULTS.join('、')}`));
  return ok({ kind: 'lookUp', result: { ok: false, fault: only[1], detail: 'as the test tells' } });
}

function onlyField(raw: unknown): [name: string, value: unknown] | null {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return null;
  const [first, second] = Object.entries(raw);
  return first !== undefined && second === undefined ? first : null;
}

const wordsOf = (item: string | { lookup?: unknown }): string =>
  typeof item === 'string' ? item : `lookup ${JSON.stringify(item.lookup)}`;
