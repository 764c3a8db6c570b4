import { z } from 'zod';
import { didYouMean, type Finding, quoted } from './finding.js';
import { isExactNumber, type Path, type Source } from './source.js';

/** A finding before it knows its place: at the value (the default), at its key, or at a character of its text. */
export type Tell = (level: Finding['level'], rule: string, path: Path, message: string, at?: 'value' | 'key' | number) => void;

/** Tells what a shape found wrong with the value at `base`, in our words and at its place. */
export function tellIssues(shape: z.ZodType, issues: readonly z.core.$ZodIssue[], base: Path, source: Source, tell: Tell): void {
  for (const issue of issues) {
    const inner = issue.path.map((part) => (typeof part === 'symbol' ? '' : part));
    const path = [...base, ...inner];
    const value = valueAt(source.value, path);
    const last = `${path.at(-1) ?? 'the file'}`;
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        tell(
          'error',
          'unknown-field',
          [...path, key],
          `${quoted(key)} means nothing here${didYouMean(key, fieldsAt(shape, inner))}`,
          'key',
        );
      }
    } else if (issue.code === 'invalid_key') {
      // In braces a comma ends a plain text: { en: Welcome, dear caller } has a second key "dear caller" without a value.
      if (value === null) tell('error', 'unquoted-comma', path, `${quoted(last)}: ${COMMA}`, 'key');
      else tell('error', 'bad-name', path, `${quoted(last)}: ${issue.issues[0]?.message ?? 'not allowed'}`, 'key');
    } else if (value === null && issue.code === 'invalid_type' && issue.expected === 'string' && /[^\w-]/.test(last)) {
      tell('error', 'unquoted-comma', path, `${quoted(last)}: ${COMMA}`, 'key');
    } else if (value === undefined) {
      tell('error', 'missing-field', path, `${quoted(last)} is missing`, 'key');
    } else if (issue.code === 'invalid_type' && issue.expected === 'string' && typeof value === 'number') {
      const written = source.written(path)?.text ?? `${value}`;
      // A number that is not what stands there has been refused by the reader of the file.
      if (isExactNumber(written))
        tell('error', 'unquoted-number', path, `a text is expected here; put ${written} in quotes: "${written}"`);
    } else if (issue.code === 'custom') {
      const rule = (issue.params as { rule?: string } | undefined)?.rule ?? 'wrong-type';
      tell('error', rule, path, issue.message);
    } else {
      tell(
        'error',
        issue.code === 'too_big' || issue.code === 'too_small' ? 'out-of-range' : 'wrong-type',
        path,
        words(issue, value),
      );
    }
  }
}

function words(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === 'invalid_type')
    return `${TYPES[issue.expected] ?? issue.expected} is expected here, not ${typeName(value)}${hintFor(issue.expected, value)}`;
  if (issue.code === 'invalid_value') {
    const choices = issue.values.map(String);
    return `expected ${choices.join(' or ')}${typeof value === 'string' ? didYouMean(value, choices) : ''}`;
  }
  if (issue.code === 'too_big') return `at most ${issue.maximum} is allowed`;
  if (issue.code === 'too_small') return `at least ${issue.minimum} is needed`;
  return issue.message;
}

const COMMA = 'a comma ends a text in braces; put the text before it in quotes';

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping (name: value)',
  record: 'a mapping (name: value)',
  array: 'a list',
};

/** yes, no, on and off are texts in this YAML, though many think otherwise; true is none, even where somebody means the word. */
function hintFor(expected: string, value: unknown): string {
  if (expected === 'boolean' && typeof value === 'string' && /^(yes|on|y)$/i.test(value)) return '; write true';
  if (expected === 'boolean' && typeof value === 'string' && /^(no|off|n)$/i.test(value)) return '; write false';
  if (expected === 'string' && typeof value === 'boolean') return `; put it in quotes: "${value}"`;
  return '';
}

function typeName(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? `the text ${quoted(value)}` : `${value}`;
}

function valueAt(value: unknown, path: Path): unknown {
  let here = value;
  for (const part of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, part)) return undefined;
    here = (here as Record<string | number, unknown>)[part];
  }
  return here;
}

/** The fields that a shape knows at a path, for "did you mean". */
function fieldsAt(shape: z.ZodType, path: Path): readonly string[] {
  let here: unknown = shape;
  const open = (type: unknown): unknown => (type instanceof z.ZodOptional ? type.unwrap() : type);
  for (const part of path) {
    const type = open(here);
    if (type instanceof z.ZodObject) here = (type.shape as Record<string, unknown>)[part];
    else if (type instanceof z.ZodArray) here = type.element;
    else return [];
  }
  const type = open(here);
  return type instanceof z.ZodObject ? Object.keys(type.shape) : [];
}
