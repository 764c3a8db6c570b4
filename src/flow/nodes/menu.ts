import { z } from 'zod';
import { said, wideHint, withHint } from '../finding.js';
import type { PromptPart } from '../program.js';
import { KEYS, prompts, target } from '../shapes.js';
import type { Walk } from '../walk.js';
import type { Build, Next, NodeKind } from './kind.js';
import {
  compileQuestion,
  type FailedEntry,
  isOverallTimeOver,
  nextTry,
  putQuestion,
  type Question,
  questionFields,
  startOverallTime,
  WHO_PRESSES_NOTHING,
  waitForKey,
} from './question.js';

export interface MenuNode extends Question {
  readonly kind: 'menu';
  /** Key, or keys in a row, -> node. */
  readonly keys: ReadonlyMap<string, string>;
  readonly failed: string;
}

const shape = z.strictObject({
  menu: z.strictObject({ prompt: prompts, ...questionFields }),
  keys: z.record(z.string(), target),
  failed: target.optional(),
});

export const menuKind: NodeKind<'menu', z.output<typeof shape>> = {
  name: 'menu',
  about:
    'Asks the caller to press a key. firstDigit, interDigit and overall are how long it waits; failed is where it goes after the last try.',
  shape,
  waits: true,
  compile(raw, build) {
    const keys = new Map<string, string>();
    for (const [key, to] of Object.entries(raw.keys)) {
      if (!KEYS.test(key))
        build.errorAtKey(
          'bad-key',
          ['keys', key],
          withHint(said('a key is one to eight of 0 to 9, *, #, A to D', '按键是一到八个 0 到 9、*、#、A 到 D'), wideHint(key)),
        );
      keys.set(key, build.target(['keys', key], to, key));
    }
    if (raw.menu.interDigit === undefined) warnOfLongerKeys([...keys.keys()], build);
    if (keys.size === 0) build.errorAtKey('dead-end', ['keys'], said('a menu needs at least one key', '菜单至少要有一个按键'));
    return {
      kind: 'menu',
      keys,
      failed: build.target(['failed'], raw.failed, 'failed', WHO_PRESSES_NOTHING),
      ...compileQuestion('menu', raw.menu, { firstDigitMs: 5_000, interDigitMs: 3_000 }, build),
    };
  },
  isEnd: () => false,

  enter(node, walk) {
    walk.change({ tries: 0 });
    startOverallTime(node, walk);
    if (node.bargeIn && walk.keys !== '') {
      // Keys that were pressed before the question: a caller who knows the way need not hear it.
      const early = match(node, walk.keys);
      if (early.kind === 'chosen') return choose(node, walk, early);
      if (early.kind === 'more') return waitForKey(walk, node.interDigitMs);
      // A key that fits nothing before the question was heard is no wrong answer to it.
      walk.setKeys('');
    }
    return ask(node, walk, node.prompts);
  },

  input(node, walk, input) {
    if (input.kind === 'key') {
      walk.keepKey(input.key);
      if (walk.state.waitingFor === 'prompt' && !node.bargeIn) return null;
      return weigh(node, walk);
    }
    if (input.kind === 'playEnded') {
      if (walk.keys !== '') return weigh(node, walk);
      return waitForKey(walk, node.firstDigitMs);
    }
    if (input.kind === 'timer') {
      if (node.keys.has(walk.keys)) return choose(node, walk, { kind: 'chosen', key: walk.keys, rest: '' });
      const result = walk.keys === '' ? 'noInput' : 'invalid';
      return isOverallTimeOver(walk) ? fail(node, walk, result) : again(node, walk, result);
    }
    if (input.kind !== 'resumed') return null;
    startOverallTime(node, walk);
    if (walk.state.waitingFor === 'key' && walk.keys !== '') return waitForKey(walk, node.interDigitMs);
    return ask(node, walk, node.prompts);
  },
};

/** Whoever presses 1 where there is a 12 too waits for nothing; how long should be said by who writes it. */
function warnOfLongerKeys(keys: readonly string[], build: Build): void {
  for (const key of keys) {
    const longer = keys.find((other) => other !== key && other.startsWith(key));
    if (longer !== undefined) {
      const message = said(
        `after "${key}" the call waits whether it becomes "${longer}"; say how long with interDigit, or take other keys`,
        `按 "${key}" 之后还要等是否变成 "${longer}"；请用 interDigit 写明等多久，或换别的按键`,
      );
      build.warn('ambiguous-key', ['keys', key], message);
    }
  }
}

interface Chosen {
  readonly kind: 'chosen';
  readonly key: string;
  /** Keys after it, for the next menu. */
  readonly rest: string;
}
type Match = Chosen | { readonly kind: 'more' } | { readonly kind: 'wrong' };

/** Reads the digits from the left. A hash ends a choice that could go on. */
function match(node: MenuNode, digits: string): Match {
  let read = '';
  for (let i = 0; i < digits.length; i++) {
    const longer = read + (digits[i] as string);
    const isKey = node.keys.has(longer);
    const canGoOn = Array.from(node.keys.keys()).some((key) => key.length > longer.length && key.startsWith(longer));
    if (isKey && !canGoOn) return { kind: 'chosen', key: longer, rest: digits.slice(i + 1) };
    if (!isKey && !canGoOn) {
      if (digits[i] === '#' && node.keys.has(read)) return { kind: 'chosen', key: read, rest: digits.slice(i + 1) };
      return { kind: 'wrong' };
    }
    read = longer;
  }
  return { kind: 'more' };
}

/** A key came, or the prompt that could not be cut has ended with keys waiting. */
function weigh(node: MenuNode, walk: Walk): Next {
  const found = match(node, walk.keys);
  if (found.kind === 'chosen') return choose(node, walk, found);
  if (found.kind === 'wrong') return again(node, walk, 'invalid');
  walk.cut();
  return waitForKey(walk, node.interDigitMs);
}

function choose(node: MenuNode, walk: Walk, { key, rest }: Chosen): Next {
  walk.cut();
  walk.fact({ kind: 'menuEnded', flowId: walk.state.flowId, node: walk.state.node, key, result: 'chosen' });
  walk.setKeys(rest);
  walk.change({ hops: 0, deadlineMs: null, tries: 0 });
  return node.keys.get(key) ?? node.failed;
}

/** One try is used up. */
function again(node: MenuNode, walk: Walk, result: FailedEntry): Next {
  walk.setKeys('');
  const parts = nextTry(node, walk, result);
  return parts === null ? fail(node, walk, result) : ask(node, walk, parts);
}

function fail(node: MenuNode, walk: Walk, result: FailedEntry): Next {
  walk.cut();
  walk.fact({ kind: 'menuEnded', flowId: walk.state.flowId, node: walk.state.node, key: null, result });
  walk.setKeys('');
  walk.change({ deadlineMs: null, tries: 0 });
  return node.failed;
}

function ask(node: MenuNode, walk: Walk, parts: readonly PromptPart[]): null {
  walk.cut();
  if (node.bargeIn) walk.setKeys('');
  return putQuestion(parts, walk);
}
