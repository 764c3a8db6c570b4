import { z } from 'zod';
import type { Ms } from '../../base/time.js';
import { said, wideHint, withHint } from '../finding.js';
import type { PromptPart } from '../program.js';
import { SHAPE_WORDS } from '../shape-words.js';
import { duration, prompts, target } from '../shapes.js';
import type { Walk } from '../walk.js';
import { CALLER_SPEAKS } from './identify.js';
import type { Next, NodeKind } from './kind.js';

export interface LanguageNode {
  readonly kind: 'language';
  /** Null: the caller's own, or the one that is chosen. */
  readonly language: string | null;
  readonly choice: LanguageChoice | null;
  readonly next: string;
}

export interface LanguageChoice {
  /** The question, in each language. */
  readonly prompts: readonly PromptPart[];
  /** Key -> language. */
  readonly keys: ReadonlyMap<string, string>;
  readonly firstDigitMs: Ms;
  readonly tries: number;
  readonly otherwise: string | null;
}

const choice = z.strictObject({
  ask: prompts,
  keys: z.record(z.string(), z.string()),
  firstDigit: duration.optional(),
  tries: z.int().min(1).max(20).optional(),
  otherwise: z.string().optional(),
});
const shape = z.strictObject({
  language: z.union([z.string(), choice], {
    error: SHAPE_WORDS.choice.en,
  }),
  next: target.optional(),
});

const OF_CALLER = 'caller';

export const languageKind: NodeKind<'language', z.output<typeof shape>> = {
  name: 'language',
  about:
    'Sets the language of the call: zh, or caller for that of the customer directory, or { ask, keys: { "1": zh, "2": en }, firstDigit, tries, otherwise } to ask for it in each language.',
  shape,
  waits: false,
  isBounded: (node) => node.choice !== null,
  compile(raw, build) {
    const next = build.target(['next'], raw.next, 'next');
    if (typeof raw.language === 'string') {
      if (raw.language !== OF_CALLER) build.language(['language'], raw.language);
      return { kind: 'language', language: raw.language === OF_CALLER ? null : raw.language, choice: null, next };
    }
    const { ask, keys, firstDigit, tries, otherwise } = raw.language;
    const made = new Map<string, string>();
    for (const [key, language] of Object.entries(keys)) {
      const path = ['language', 'keys', key];
      if (!/^[0-9*#A-D]$/.test(key))
        build.errorAtKey(
          'bad-key',
          path,
          withHint(said('a key is one of 0 to 9, *, #, A to D', '按键是 0 到 9、*、#、A 到 D 之一'), wideHint(key)),
        );
      build.language(path, language);
      made.set(key, language);
    }
    if (made.size === 0)
      build.errorAtKey('dead-end', ['language', 'keys'], said('a question needs at least one key', '提问至少要有一个按键'));
    if (otherwise !== undefined) build.language(['language', 'otherwise'], otherwise);
    const parts = build.prompts(['language', 'ask'], ask);
    return {
      kind: 'language',
      language: null,
      choice: {
        prompts: inEach(parts, new Set(made.values())),
        keys: made,
        firstDigitMs: firstDigit ?? 4_000,
        tries: tries ?? 1,
        otherwise: otherwise ?? null,
      },
      next,
    };
  },
  isEnd: () => false,

  enter(node, walk) {
    if (node.choice === null) {
      choose(walk, node.language ?? walk.state.vars[CALLER_SPEAKS]);
      return node.next;
    }
    const [first = ''] = walk.keys;
    if (node.choice.keys.has(first)) return answer(node, node.choice, walk, first);
    return ask(node.choice, walk);
  },

  input(node, walk, input) {
    if (node.choice === null) return null;
    switch (input.kind) {
      case 'key':
        walk.setKeys(input.key);
        return node.choice.keys.has(input.key)
          ? answer(node, node.choice, walk, input.key)
          : again(node, node.choice, walk, 'invalid');
      case 'playEnded':
        walk.waitForKey(node.choice.firstDigitMs);
        return null;
      case 'timer':
        return again(node, node.choice, walk, 'noInput');
      case 'resumed':
        return ask(node.choice, walk);
      default:
        return null;
    }
  },
};

/** What has no language of its own is said in each of those that can be chosen. */
function inEach(parts: readonly PromptPart[], languages: ReadonlySet<string>): PromptPart[] {
  const open = parts.filter(({ language }) => language === null);
  return open.length === 0
    ? [...parts]
    : Array.from(languages).flatMap((language) =>
        parts.map((part) => ({ prompt: part.prompt, language: part.language ?? language })),
      );
}

/** Whatever the directory says, a call is in a language that its flow speaks. */
function choose(walk: Walk, language: unknown): void {
  if (typeof language === 'string' && walk.program.languages.includes(language)) walk.setLanguage(language);
}

function ask({ prompts: parts }: LanguageChoice, walk: Walk): null {
  walk.cut();
  walk.setKeys('');
  walk.play(parts, 'prompt');
  return null;
}

function answer(node: LanguageNode, { keys }: LanguageChoice, walk: Walk, key: string): Next {
  walk.cut();
  told(walk, key, 'chosen');
  choose(walk, keys.get(key));
  walk.setKeys(walk.keys.slice(1));
  walk.change({ hops: 0, tries: 0 });
  return node.next;
}

function again(node: LanguageNode, asked: LanguageChoice, walk: Walk, result: 'noInput' | 'invalid'): Next {
  walk.change({ tries: walk.state.tries + 1 });
  if (walk.state.tries < asked.tries) return ask(asked, walk);
  walk.cut();
  told(walk, null, result);
  if (asked.otherwise !== null) choose(walk, asked.otherwise);
  walk.setKeys('');
  walk.change({ tries: 0 });
  return node.next;
}

function told(walk: Walk, key: string | null, result: 'chosen' | 'noInput' | 'invalid'): void {
  walk.fact({ kind: 'menuEnded', flowId: walk.state.flowId, node: walk.state.node, key, result });
}
