import { z } from 'zod';
import { said, twice } from '../finding.js';
import type { PromptPart } from '../program.js';
import { SHAPE_WORDS } from '../shape-words.js';
import { prompts, target } from '../shapes.js';
import { MAX_DIGITS, type Walk } from '../walk.js';
import { ENTRY_CHECKS, type EntryCheck, LENGTH_OF, passes } from './entry-checks.js';
import type { Build, Next, NodeKind } from './kind.js';
import {
  compileQuestion,
  isOverallTimeOver,
  nextTry,
  putQuestion,
  type Question,
  questionFields,
  startOverallTime,
  WHO_CANNOT_ENTER,
  waitForKey,
} from './question.js';

export interface CollectNode extends Question {
  readonly kind: 'collect';
  /** Variable for the digits: a text, zeros in front stay. */
  readonly into: string;
  readonly secure: boolean;
  readonly min: number;
  readonly max: number;
  /** Key that ends the entry; null: the last digit does, or silence. */
  readonly end: string | null;
  /** Key that starts the entry over; null: none. */
  readonly cancel: string | null;
  readonly checks: readonly EntryCheck[];
  /** The only values that are right; null: any. */
  readonly oneOf: readonly string[] | null;
  readonly next: string;
  readonly failed: string;
}

/** One less than what is kept of keys, so that one digit too many is seen. */
const MAX_LENGTH = MAX_DIGITS - 1;
const checkName = z.enum(ENTRY_CHECKS);
const key = z.string().regex(/^[0-9*#A-D]$/, SHAPE_WORDS.key.en);

const shape = z.strictObject({
  collect: z.strictObject({
    into: z.string(),
    prompt: prompts,
    secure: z.boolean().optional(),
    min: z.int().min(1).max(MAX_LENGTH).optional(),
    max: z.int().min(1).max(MAX_LENGTH).optional(),
    end: z.union([z.literal('none'), key], { error: SHAPE_WORDS.endKey.en }).optional(),
    cancel: key.optional(),
    check: z
      .union([checkName, z.array(checkName).min(1).max(5)], {
        error: SHAPE_WORDS.checks.en,
      })
      .optional(),
    oneOf: z
      .array(z.string().regex(/^[0-9*#A-D]{1,31}$/, SHAPE_WORDS.keysInRow.en))
      .min(1)
      .max(100)
      .optional(),
    ...questionFields,
  }),
  next: target.optional(),
  failed: target.optional(),
});
type Raw = z.output<typeof shape>;

export const collectKind: NodeKind<'collect', Raw> = {
  name: 'collect',
  about:
    'Asks for digits (an account, a card, a date) and keeps them in a variable. end is the key that ends them ("#" unless told, none: the last digit does). secure: true keeps them in memory only. failed is where it goes after the last try.',
  shape,
  waits: true,
  compile(raw, build) {
    const { collect } = raw;
    build.variable(['collect', 'into'], collect.into, collect.secure === true ? 'secure' : 'text');
    const checks = collect.check === undefined ? [] : typeof collect.check === 'string' ? [collect.check] : collect.check;
    if (checks.includes('luhn') && collect.secure === undefined)
      build.warn(
        'not-secure',
        ['collect', 'check'],
        said(
          'this looks like the number of a card: add secure: true (or secure: false, if it may be kept)',
          '这像是卡号：请加 secure: true（可以保存时写 secure: false）',
        ),
      );
    const { min, max } = lengths(collect, checks, build);
    const end = collect.end === undefined ? '#' : collect.end === 'none' ? null : collect.end;
    checkKeys(collect, end, build);
    return {
      kind: 'collect',
      into: collect.into,
      secure: collect.secure === true,
      min,
      max,
      end,
      cancel: collect.cancel ?? null,
      checks,
      oneOf: collect.oneOf ?? null,
      ...compileQuestion('collect', collect, { firstDigitMs: 8_000, interDigitMs: 4_000 }, build),
      next: build.target(['next'], raw.next, 'next'),
      failed: build.target(['failed'], raw.failed, 'failed', WHO_CANNOT_ENTER),
    };
  },
  isEnd: () => false,

  enter(node, walk) {
    forget(node, walk);
    walk.setEarly(false);
    walk.change({ tries: 0 });
    startOverallTime(node, walk);
    const { keys } = walk;
    if (!node.bargeIn || keys === '') return ask(node, walk, node.prompts);
    // Keys that were pressed before the question: a caller who knows the way need not hear it.
    walk.setKeys(keys, node.secure);
    walk.setEarly(true);
    return weigh(node, walk);
  },

  input(node, walk, input) {
    switch (input.kind) {
      case 'key':
        walk.keepKey(input.key, node.secure);
        return walk.state.waitingFor === 'prompt' && !node.bargeIn ? null : weigh(node, walk);
      case 'playEnded':
        if (walk.keys !== '') return weigh(node, walk);
        return waitForKey(walk, node.firstDigitMs);
      case 'timer':
        return finish(node, walk, walk.keys, '', isOverallTimeOver(walk));
      case 'resumed':
        startOverallTime(node, walk);
        // What was keyed securely has gone with the other controller.
        if (node.secure) walk.setKeys('', true);
        if (walk.state.waitingFor !== 'key' || walk.keys === '') return ask(node, walk, node.prompts);
        return waitForKey(walk, node.interDigitMs);
      default:
        return null;
    }
  },
};

function lengths(collect: Raw['collect'], checks: readonly EntryCheck[], build: Build): { min: number; max: number } {
  const [check, needed] = checks.map((name) => [name, LENGTH_OF[name]] as const).find(([, length]) => length !== null) ?? [
    '',
    null,
  ];
  const ofList = (collect.oneOf ?? []).map((value) => value.length);
  const min = collect.min ?? needed ?? (ofList.length > 0 ? Math.min(...ofList) : 1);
  const max = collect.max ?? needed ?? (ofList.length > 0 ? Math.max(...ofList) : Math.max(min, MAX_LENGTH));
  if (needed !== null && ((collect.min ?? needed) > needed || (collect.max ?? needed) < needed))
    build.error(
      'contradiction',
      ['collect', 'check'],
      said(`${check} has ${needed} digits; min and max forbid that`, `${check} 是 ${needed} 位；min 和 max 不允许`),
    );
  else if (min > max)
    build.error(
      'contradiction',
      ['collect', collect.min === undefined ? 'max' : 'min'],
      said(`min ${min} is more than max ${max}`, `min ${min} 大于 max ${max}`),
    );
  for (const [index, value] of (collect.oneOf ?? []).entries()) {
    const path = ['collect', 'oneOf', index];
    if (min <= max && (value.length < min || value.length > max))
      build.error(
        'contradiction',
        path,
        said(
          `"${value}" can never be entered: ${min} to ${max} keys are asked for`,
          `"${value}" 永远输不进去：要求的是 ${min} 到 ${max} 个按键`,
        ),
      );
    if (checks.some((name) => !passes(name, value)))
      build.error('contradiction', path, said(`"${value}" does not pass the check`, `"${value}" 通不过 check`));
    if (collect.oneOf?.indexOf(value) !== index) build.error('duplicate-key', path, twice(value));
  }
  return { min, max };
}

function checkKeys(collect: Raw['collect'], end: string | null, build: Build): void {
  const { cancel } = collect;
  if (cancel !== undefined && cancel === end)
    build.error(
      'contradiction',
      ['collect', 'cancel'],
      said(`"${cancel}" ends the entry already`, `"${cancel}" 已经用来结束输入`),
    );
  for (const [name, special] of [
    ['end', end],
    ['cancel', cancel ?? null],
  ] as const) {
    if (special === null) continue;
    if (/[0-9]/.test(special) && collect.oneOf === undefined)
      build.error(
        'contradiction',
        ['collect', name],
        said(`${special} is a digit that may be part of the entry`, `${special} 是数字，可能是输入的一部分`),
      );
    const index = (collect.oneOf ?? []).findIndex((value) => value.includes(special));
    if (index !== -1)
      build.error(
        'contradiction',
        ['collect', 'oneOf', index],
        said(
          `"${special}" is the key of ${name}, so this cannot be entered`,
          `"${special}" 是 ${name} 的按键，所以这个值输不进去`,
        ),
      );
  }
}

/** Keys have come: the entry is over with its end key, or without one at its last digit; `cancel` starts it over. */
function weigh(node: CollectNode, walk: Walk): Next {
  const { keys } = walk;
  const at = Array.from(keys).findIndex((each) => each === node.end || each === node.cancel);
  const value = at === -1 ? keys : keys.slice(0, at);
  if (node.end === null && value.length >= node.max)
    return finish(node, walk, value.slice(0, node.max), keys.slice(node.max), false);
  if (at !== -1 && keys[at] === node.end) return finish(node, walk, value, keys.slice(at + 1), false);
  if (at !== -1) {
    walk.setKeys(keys.slice(at + 1), node.secure);
    return walk.keys === '' ? ask(node, walk, node.prompts) : weigh(node, walk);
  }
  // One digit too many is not dropped: it makes the entry wrong, but only once the caller has done keying.
  walk.cut();
  return waitForKey(walk, node.interDigitMs);
}

/** No more keys come. `rest` are those after the end key, for what follows. */
function finish(node: CollectNode, walk: Walk, value: string, rest: string, isLast: boolean): Next {
  const isEarly = walk.state.early === true;
  if (value !== '' && isRight(node, value)) return accept(node, walk, value, rest);
  // What was keyed before the question was heard is no wrong answer to it.
  if (isEarly && !isLast) return ask(node, walk, node.prompts);
  return again(node, walk, value, isLast);
}

function isRight(node: CollectNode, value: string): boolean {
  if (value.length < node.min || value.length > node.max) return false;
  if (node.oneOf !== null) return node.oneOf.includes(value) && node.checks.every((check) => passes(check, value));
  return passes('digits', value) && node.checks.every((check) => passes(check, value));
}

function accept(node: CollectNode, walk: Walk, value: string, rest: string): Next {
  walk.cut();
  if (node.secure) walk.setSecret(node.into, value);
  else walk.setVariable(node.into, value);
  leave(node, walk, 'collected', value.length, rest);
  walk.change({ hops: 0 });
  return node.next;
}

/** One try is used up. */
function again(node: CollectNode, walk: Walk, value: string, isLast: boolean): Next {
  const result = value === '' ? 'noInput' : 'invalid';
  const parts = nextTry(node, walk, result);
  if (!isLast && parts !== null) return ask(node, walk, parts);
  walk.cut();
  leave(node, walk, result, value.length, '');
  return node.failed;
}

function leave(node: CollectNode, walk: Walk, result: 'collected' | 'noInput' | 'invalid', length: number, rest: string): void {
  const { flowId, node: id } = walk.state;
  walk.fact({ kind: 'digitsCollected', flowId, node: id, result, length: node.secure ? 0 : length, secure: node.secure });
  walk.setKeys(rest, node.secure);
  walk.setEarly(false);
  walk.change({ deadlineMs: null, tries: 0 });
}

/** What was entered here before must not be taken for what is entered now. */
function forget(node: CollectNode, walk: Walk): void {
  if (node.secure) walk.setSecret(node.into, null);
  else if (Object.hasOwn(walk.state.vars, node.into)) walk.setVariable(node.into, null);
}

function ask(node: CollectNode, walk: Walk, parts: readonly PromptPart[]): null {
  walk.cut();
  walk.setEarly(false);
  walk.setKeys('', node.secure);
  return putQuestion(parts, walk);
}
