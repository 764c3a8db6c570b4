import { z } from 'zod';
import { didYouMean, type Finding, quoted } from '../../flow/finding.js';
import type { Path, Source } from '../../flow/source.js';

/** What is wrong in `config/`: file, line and column, a stable rule, a sentence. Line 0: not in a file (an environment variable). */
export type ConfigFinding = Finding;

export interface Checked<T> {
  /** Null when the shape is wrong. */
  readonly value: T | null;
  readonly findings: readonly ConfigFinding[];
}

/** Holds a file against its shape. All that is wrong with it is found in one go. */
export function checkShape<S extends z.ZodType>(shape: S, source: Source, file: string): Checked<z.output<S>> {
  const result = shape.safeParse(source.value);
  if (result.success) return { value: result.data, findings: [] };
  return { value: null, findings: result.error.issues.flatMap((issue) => findingsOf(issue, shape, source, file)) };
}

type Issue = z.core.$ZodIssue;

function findingsOf(issue: Issue, shape: z.ZodType, source: Source, file: string): ConfigFinding[] {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  const finding = (rule: string, message: string, place = source.at(path)): ConfigFinding => ({
    file,
    ...place,
    level: 'error',
    rule,
    message,
  });
  const key = path.length === 0 ? 'the file' : String(path.at(-1));
  const given = valueAt(source.value, path);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(shape, path, source.value);
      return issue.keys.map((unknown) => {
        const hint = didYouMean(unknown, known) || `; known here: ${known.join(', ')}`;
        return finding('unknown-key', `${quoted(unknown)} is not known here${hint}`, source.atKey([...path, unknown]));
      });
    }
    case 'invalid_type':
      if (given === undefined) return [finding('missing-key', `${quoted(key)} is missing: ${issue.message}`)];
      if (issue.expected === 'string' && typeof given === 'number') {
        // So many digits may be a card, which is not repeated.
        const number = String(given).length < 12 ? String(given) : 'it';
        return [
          finding('unquoted-number', `${key}: put ${number} in quotes if it is a name or a number to dial; ${issue.message}`),
        ];
      }
      return [finding('wrong-type', `${key}: ${issue.message}`)];
    case 'invalid_value': {
      const known = issue.values.map(String);
      if (given === undefined) return [finding('missing-key', `${quoted(key)} is missing; known are ${known.join(', ')}`)];
      const hint = didYouMean(String(given), known) || `; known are ${known.join(', ')}`;
      return [finding('unknown-value', `${key}: ${quoted(String(given))} is not known${hint}`)];
    }
    case 'invalid_union': {
      // Of a choice by a word: the word is missing or not one of them.
      const known = ((issue as { options?: readonly unknown[] }).options ?? []).map(String);
      if (given === undefined) return [finding('missing-key', `${quoted(key)} is missing; known are ${known.join(', ')}`)];
      const hint = didYouMean(String(given), known) || `; known are ${known.join(', ')}`;
      return [finding('unknown-value', `${key}: ${shown(given)} is not known${hint}`)];
    }
    case 'invalid_key':
      return [finding('bad-name', `${quoted(key)}: ${issue.issues[0]?.message ?? 'not a name'}`, source.atKey(path))];
    case 'too_small':
    case 'too_big':
      return [finding('out-of-range', `${key}: ${shown(given)} is ${plain(issue)}`)];
    case 'invalid_format':
      return [finding('bad-format', `${key}: ${shown(given)}: ${issue.message}`)];
    case 'custom':
      return [finding(String(issue.params?.rule ?? 'bad-value'), `${key}: ${issue.message}`)];
    default:
      return [finding('bad-value', `${key}: ${issue.message}`)];
  }
}

/** Zod's own sentences speak of its types; ours were given with the shape. */
const plain = (issue: Issue): string =>
  issue.message.startsWith('Too ') ? `${issue.code === 'too_small' ? 'too few' : 'too many'} entries` : issue.message;

const shown = (value: unknown): string =>
  typeof value === 'string' ? quoted(value) : typeof value === 'object' ? 'this' : quoted(String(value));

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

/** The keys that the shape knows at a path, for the hint. */
function keysAt(shape: z.ZodType, path: Path, value: unknown): string[] {
  const at = shapeAt(shape, path, value);
  const chosen = at instanceof z.ZodDiscriminatedUnion ? chosenOf(at, valueAt(value, path)) : at;
  return chosen instanceof z.ZodObject ? Object.keys(chosen.shape) : [];
}

function shapeAt(shape: z.ZodType, path: Path, value: unknown): z.ZodType | null {
  let at: z.ZodType = unwrapped(shape);
  for (const [index, step] of path.entries()) {
    if (at instanceof z.ZodDiscriminatedUnion) at = chosenOf(at, valueAt(value, path.slice(0, index))) ?? at;
    if (at instanceof z.ZodObject) at = unwrapped(at.shape[String(step)] as z.ZodType);
    else if (at instanceof z.ZodRecord) at = unwrapped(at.valueType as z.ZodType);
    else if (at instanceof z.ZodArray) at = unwrapped(at.element as z.ZodType);
    else return null;
  }
  return at;
}

const chosenOf = (union: z.ZodDiscriminatedUnion, value: unknown): z.ZodType | null =>
  (union.options.find((option) =>
    wordsOf(option as z.ZodType, union.def.discriminator).includes(String(valueAt(value, [union.def.discriminator]))),
  ) as z.ZodType | undefined) ?? null;

function wordsOf(option: z.ZodType, discriminator: string): string[] {
  const word: unknown = option instanceof z.ZodObject ? option.shape[discriminator] : null;
  return word instanceof z.ZodLiteral ? [...word.values].map(String) : [];
}

function unwrapped(shape: z.ZodType): z.ZodType {
  let at = shape;
  while (at instanceof z.ZodOptional || at instanceof z.ZodDefault || at instanceof z.ZodPrefault) at = at.unwrap() as z.ZodType;
  return at;
}
