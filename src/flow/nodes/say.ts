import { z } from 'zod';
import { type Said, said } from '../finding.js';
import type { PromptPart, ValueSource } from '../program.js';
import { fragmentsOf, hasGrammar, SAID_LANGUAGES, type SayForm, say } from '../say/say.js';
import { target } from '../shapes.js';
import type { Walk } from '../walk.js';
import type { Build, Next, NodeKind } from './kind.js';
import { type RawSayPart, sayParts } from './say-parts.js';

export type SayPart =
  | { readonly what: 'prompt'; readonly part: PromptPart }
  | { readonly what: 'value'; readonly form: SayForm; readonly source: ValueSource; readonly language: string | null };

export interface SayNode {
  readonly kind: 'say';
  readonly parts: readonly SayPart[];
  readonly onKey: 'keep' | 'skip' | 'ignore';
  /** The caller's purpose is served once this has been heard. */
  readonly serves: boolean;
  /** Null: the caller hears that it cannot be told, then `next`. */
  readonly failed: string | null;
  readonly next: string;
  /** What is heard instead of a value that is none. */
  readonly cannotTell: readonly PromptPart[];
}

const shape = z.strictObject({
  say: sayParts,
  onKey: z.enum(['keep', 'skip', 'ignore']).optional(),
  serves: z.boolean().optional(),
  next: target.optional(),
  failed: target.optional(),
});

export const sayKind: NodeKind<'say', z.output<typeof shape>> = {
  name: 'say',
  about:
    'Says values between prompts: number, digits, amount, date, time, percent, duration. When one of them is no such value nothing of it is said, and failed is taken; without failed the caller hears that it cannot be told. Who has heard it is served (serves: false: not yet).',
  shape,
  waits: false,
  compile(raw, build) {
    checkLanguages(raw.say, build);
    return {
      kind: 'say',
      parts: raw.say.map((part) => compilePart(part, build)),
      onKey: raw.onKey ?? 'keep',
      serves: raw.serves ?? true,
      failed: raw.failed === undefined ? null : build.target(['failed'], raw.failed, 'failed'),
      next: build.target(['next'], raw.next, 'next'),
      cannotTell: raw.failed === undefined ? build.prompts(['say'], 'system/cannot-tell') : [],
    };
  },
  isEnd: () => false,
  enter: (node, walk) => speak(node, walk),
  input(node, walk, input) {
    if (input.kind === 'playEnded') {
      if (node.serves) walk.serve();
      return node.next;
    }
    if (input.kind === 'resumed') return speak(node, walk);
    if (input.kind !== 'key' || node.onKey === 'ignore') return null;
    walk.keepKey(input.key);
    if (node.onKey === 'keep') return null;
    walk.cut();
    if (node.serves) walk.serve();
    return node.next;
  },
};

/** A language that the caller may have chosen must be able to say values. */
function checkLanguages(parts: readonly RawSayPart[], build: Build): void {
  const free = parts.find((part) => part.what === 'value' && part.language === null);
  if (free === undefined) return;
  for (const language of build.languages) {
    if (!hasGrammar(language)) build.error('no-grammar', ['say', ...free.path], noGrammar(language));
  }
}

const noGrammar = (language: string): Said =>
  said(
    `values can be said in ${SAID_LANGUAGES.join(', ')} only, not in ${language}`,
    `只能用 ${SAID_LANGUAGES.join('、')} 播报数值，不能用 ${language}`,
  );

function compilePart(raw: RawSayPart, build: Build): SayPart {
  const path = ['say', ...raw.path];
  if (raw.what === 'prompt') return { what: 'prompt', part: build.prompts(path, raw.prompt)[0] as PromptPart };
  const { form, language } = raw;
  if (language !== null) {
    build.language([...path, 'in'], language);
    if (build.languages.includes(language) && !hasGrammar(language))
      build.error('no-grammar', [...path, 'in'], noGrammar(language));
  }
  for (const each of language === null ? build.languages : [language]) build.fragments(fragmentsOf(form, each));
  const at = [...path, form.kind];
  const source = build.named(at, raw.value, 'refused');
  const type = build.typeOf(source);
  if (type === 'boolean' || (type === 'number' && form.kind === 'time')) {
    build.error(
      'type-mismatch',
      at,
      said(
        `${type === 'boolean' ? 'true or false' : 'a number'} cannot be said as ${form.kind}`,
        `${type === 'boolean' ? 'true 或 false' : '数字'}不能按 ${form.kind} 播报`,
      ),
    );
  } else if (source.from === 'fixed' && source.value !== null && !say(form, source.value, SAID_LANGUAGES[0] as string).ok) {
    build.error(
      'wrong-type',
      at,
      said(
        `${JSON.stringify(source.value)} cannot be said as ${form.kind}`,
        `${JSON.stringify(source.value)} 不能按 ${form.kind} 播报`,
      ),
    );
  }
  return { what: 'value', form, source, language };
}

function speak(node: SayNode, walk: Walk): Next {
  const made: PromptPart[] = [];
  for (const each of node.parts) {
    if (each.what === 'prompt') {
      made.push(each.part);
      continue;
    }
    const language = each.language ?? walk.state.language;
    const said = say(each.form, walk.valueOf(each.source) ?? null, language);
    if (!said.ok) return cannotTell(node, walk);
    made.push(...said.value.map((prompt): PromptPart => ({ prompt, language })));
  }
  walk.play(made, 'play');
  return null;
}

function cannotTell(node: SayNode, walk: Walk): Next {
  if (node.failed !== null) return node.failed;
  walk.play(node.cannotTell, 'play');
  return null;
}
