import { err, ok, type Result } from '../../base/result.js';
import type { FlowValue } from '../contract.js';
import { chinese } from './chinese.js';
import { readDecimal, rounded } from './decimal.js';
import { english } from './english.js';
import { CURRENCIES, type Currency, type DigitStyle, type Fragments, type Grammar, type SayKind } from './grammar.js';
import { readDay, readTime } from './moment.js';

/**
 * Values in words. A value becomes a row of prompts `say/NAME`, each a word or two that is spoken once for all values, so that nothing has to
 * be synthesised while a caller waits.
 */

export type SayForm =
  | { readonly kind: 'amount'; readonly currency: Currency }
  | { readonly kind: 'digits'; readonly style: DigitStyle }
  | { readonly kind: Exclude<SayKind, 'amount' | 'digits'> };

/** `noGrammar`: the language cannot say values. `notSayable`: no number, day or time that is real, or too large. */
export type SayFault = 'noGrammar' | 'notSayable';

/** The folder of the fragments among the prompts. */
export const SAY_FOLDER = 'say';
const PREFIX = `${SAY_FOLDER}/`;
/** Decimals of a number that are said; more are rounded. */
export const MAX_DECIMALS = 6;
/** Digits that are said one by one at most. */
export const MAX_DIGITS_SAID = 40;
const MAX_DURATION_S = 100 * 86_400;

/** By the first part of the language: zh-TW is said as zh. */
const GRAMMARS: ReadonlyMap<string, Grammar> = new Map([
  ['zh', chinese],
  ['en', english],
]);

const grammarOf = (language: string): Grammar | null => GRAMMARS.get(language.split('-')[0] ?? '') ?? null;

export const hasGrammar = (language: string): boolean => grammarOf(language) !== null;
export const SAID_LANGUAGES: readonly string[] = Array.from(GRAMMARS.keys());

/** The prompts that say `value`, in order. */
export function say(form: SayForm, value: FlowValue, language: string): Result<readonly string[], SayFault> {
  const grammar = grammarOf(language);
  if (grammar === null) return err('noGrammar');
  const names = fragments(form, value, grammar);
  return names === null ? err('notSayable') : ok(names.map((name) => `${PREFIX}${name}`));
}

function fragments(form: SayForm, value: FlowValue, grammar: Grammar): Fragments | null {
  switch (form.kind) {
    case 'digits': {
      const keys = (typeof value === 'number' || typeof value === 'string' ? `${value}` : '').replace(/[ -]/g, '');
      return /^\+?[0-9*#]+$/.test(keys) && keys.length <= MAX_DIGITS_SAID ? grammar.digits(keys, form.style) : null;
    }
    case 'date': {
      const day = readDay(value);
      return day && grammar.date(day);
    }
    case 'time': {
      const time = readTime(value);
      return time && grammar.time(time);
    }
    default:
      return decimalFragments(form, value, grammar);
  }
}

function decimalFragments(
  form: Exclude<SayForm, { kind: 'digits' | 'date' | 'time' }>,
  value: FlowValue,
  grammar: Grammar,
): Fragments | null {
  const places = form.kind === 'amount' ? CURRENCIES[form.currency] : form.kind === 'duration' ? 0 : MAX_DECIMALS;
  const exact = readDecimal(value);
  const number = exact && rounded(exact, places);
  if (number === null) return null;
  if (form.kind === 'amount') return grammar.amount(number, form.currency);
  if (form.kind === 'number') return grammar.number(number);
  if (form.kind === 'percent') return grammar.percent(number);
  return number.negative || number.whole >= MAX_DURATION_S ? null : grammar.duration(number.whole);
}

/** Every prompt that a value of this form may need, in this language: what has to be built. Empty without a grammar. */
export function fragmentsOf(form: SayForm, language: string): readonly string[] {
  const grammar = grammarOf(language);
  if (grammar === null) return [];
  const groups = grammar.groupsOf(form.kind, form.kind === 'amount' ? form.currency : null);
  return groups.flatMap((group) => Object.keys(grammar.groups[group] ?? {}).map((name) => `${PREFIX}${name}`));
}

/** All prompts of the folder in a language, with what is spoken. */
export function allFragments(language: string): ReadonlyMap<string, string> {
  const groups = Object.values(grammarOf(language)?.groups ?? {});
  return new Map(groups.flatMap((group) => Object.entries(group).map(([name, text]) => [`${PREFIX}${name}`, text])));
}

/** What one prompt of the folder speaks; null: not one of ours, or not of this language. */
export function fragmentText(prompt: string, language: string): string | null {
  return TEXTS.get(language.split('-')[0] ?? '')?.get(prompt) ?? null;
}
const TEXTS: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map(
  SAID_LANGUAGES.map((language) => [language, allFragments(language)]),
);

/** A row of fragments as people read it: 一千二百八十元五角, "fifty fen". What is no fragment is left out. */
export function wordsOf(prompts: readonly string[], language: string): string {
  const words = prompts.map((prompt) => fragmentText(prompt, language)).filter((text) => text !== null);
  return words.join(grammarOf(language)?.glue ?? ' ');
}
