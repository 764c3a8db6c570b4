import { z } from 'zod';
import type { Ms } from '../../base/time.js';
import { said, wideHint, withHint } from '../finding.js';
import type { PromptPart } from '../program.js';
import { duration, KEYS, prompts, target } from '../shapes.js';
import type { Walk } from '../walk.js';
import type { Build, Next, NodeKind } from './kind.js';

export interface MenuNode {
  readonly kind: 'menu';
  readonly prompts: readonly PromptPart[];
  /** Key, or keys in a row, -> node. */
  readonly keys: ReadonlyMap<string, string>;
  readonly failed: string;
  readonly firstDigitMs: Ms;
  readonly interDigitMs: Ms;
  readonly overallMs: Ms | null;
  readonly tries: number;
  readonly noInput: readonly PromptPart[];
  readonly invalid: readonly PromptPart[];
  /** False: keys pressed during the prompt count once it has been heard to the end. */
  readonly bargeIn: boolean;
}

const shape = z.strictObject({
  menu: z.strictObject({
    prompt: prompts,
    firstDigit: duration.optional(),
    interDigit: duration.optional(),
    overall: duration.optional(),
    tries: z.int().min(1).max(20).optional(),
    noInput: prompts.optional(),
    invalid: prompts.optional(),
    bargeIn: z.boolean().optional(),
  }),
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
    const { menu } = raw;
    return {
      kind: 'menu',
      prompts: build.prompts(['menu', 'prompt'], menu.prompt),
      keys,
      failed: build.target(
        ['failed'],
        raw.failed,
        'failed',
        said('give it failed: where does a caller go who presses nothing?', '请写上 failed：不按键的来电者去哪里？'),
      ),
      firstDigitMs: menu.firstDigit ?? 5_000,
      interDigitMs: menu.interDigit ?? 3_000,
      overallMs: menu.overall ?? null,
      tries: menu.tries ?? 3,
      noInput: menu.noInput === undefined ? NO_INPUT : build.prompts(['menu', 'noInput'], menu.noInput),
      invalid: menu.invalid === undefined ? INVALID : build.prompts(['menu', 'invalid'], menu.invalid),
      bargeIn: menu.bargeIn ?? true,
    };
  },
  isEnd: () => false,

  enter(node, walk) {
    walk.change({ tries: 0, deadlineMs: node.overallMs === null ? null : walk.world.atMs + node.overallMs });
    if (node.bargeIn && walk.keys !== '') {
      // Keys that were pressed before the question: a caller who knows the way need not hear it.
      const early = match(node, walk.keys);
      if (early.kind === 'chosen') return choose(node, walk, early);
      if (early.kind === 'more') {
        waitForKey(walk, node.interDigitMs);
        return null;
      }
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
      waitForKey(walk, node.firstDigitMs);
      return null;
    }
    if (input.kind === 'timer') {
      const isLate =
        walk.state.waitingFor === 'prompt' || (walk.state.deadlineMs !== null && walk.world.atMs >= walk.state.deadlineMs);
      if (node.keys.has(walk.keys)) return choose(node, walk, { kind: 'chosen', key: walk.keys, rest: '' });
      const result = walk.keys === '' ? 'noInput' : 'invalid';
      return isLate ? fail(node, walk, result) : again(node, walk, result);
    }
    if (input.kind !== 'resumed') return null;
    // The time without a controller is not the caller's.
    if (node.overallMs !== null) walk.change({ deadlineMs: walk.world.atMs + node.overallMs });
    if (walk.state.waitingFor === 'key' && walk.keys !== '') {
      waitForKey(walk, node.interDigitMs);
      return null;
    }
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

const NO_INPUT: readonly PromptPart[] = [{ prompt: 'system/no-input', language: null }];
const INVALID: readonly PromptPart[] = [{ prompt: 'system/invalid-key', language: null }];

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
  waitForKey(walk, node.interDigitMs);
  return null;
}

function choose(node: MenuNode, walk: Walk, { key, rest }: Chosen): Next {
  walk.cut();
  walk.fact({ kind: 'menuEnded', flowId: walk.state.flowId, node: walk.state.node, key, result: 'chosen' });
  walk.setKeys(rest);
  walk.change({ hops: 0, deadlineMs: null, tries: 0 });
  return node.keys.get(key) ?? node.failed;
}

/** One try is used up. */
function again(node: MenuNode, walk: Walk, result: 'noInput' | 'invalid'): Next {
  walk.setKeys('');
  walk.change({ tries: walk.state.tries + 1 });
  if (walk.state.tries >= node.tries) return fail(node, walk, result);
  return ask(node, walk, [...(result === 'noInput' ? node.noInput : node.invalid), ...node.prompts]);
}

function fail(node: MenuNode, walk: Walk, result: 'noInput' | 'invalid'): Next {
  walk.cut();
  walk.fact({ kind: 'menuEnded', flowId: walk.state.flowId, node: walk.state.node, key: null, result });
  walk.setKeys('');
  walk.change({ deadlineMs: null, tries: 0 });
  return node.failed;
}

function ask(node: MenuNode, walk: Walk, parts: readonly PromptPart[]): null {
  walk.cut();
  if (node.bargeIn) walk.setKeys('');
  walk.play(parts, 'prompt');
  const { deadlineMs } = walk.state;
  if (deadlineMs !== null) walk.startTimer(deadlineMs - walk.world.atMs);
  return null;
}

function waitForKey(walk: Walk, afterMs: Ms): void {
  const { deadlineMs } = walk.state;
  walk.waitForKey(deadlineMs === null ? afterMs : Math.min(afterMs, deadlineMs - walk.world.atMs));
}
