import { z } from 'zod';
import { type Finding, nearest, quoted, type Said, said, wideHint, withHint } from './finding.js';
import { pairOf } from './shape-words.js';
import { isExactNumber, type Path, type Source } from './source.js';
import { NO_SPACE, WIDE_COLON } from './yaml-slips.js';

/** A finding before it knows its place: at the value (the default), at its key, or at a character of its text. */
export type Tell = (level: Finding['level'], rule: string, path: Path, message: Said, at?: 'value' | 'key' | number) => void;

/** What a shape of ours gives with an issue of its own. */
export interface IssueParams {
  readonly rule: string;
  readonly message: Said;
}

/** Tells what a shape found wrong with the value at `base`, in our words and at its place. */
export function tellIssues(shape: z.ZodType, issues: readonly z.core.$ZodIssue[], base: Path, source: Source, tell: Tell): void {
  for (const issue of issues) {
    const inner = issue.path.map((part) => (typeof part === 'symbol' ? '' : part));
    const path = [...base, ...inner];
    const value = valueAt(source.value, path);
    const last = `${path.at(-1) ?? 'the file'}`;
    const meant = issue.code === 'invalid_union' ? issuesOfTheFormMeant(issue, value) : null;
    if (meant !== null) tellIssues(shape, meant, base, source, tell);
    else if (issue.code === 'unrecognized_keys') tellUnknownFields(issue.keys, path, fieldsAt(shape, inner), source, tell);
    else if (issue.code === 'invalid_key') {
      // In braces a comma ends a plain text: { en: Welcome, dear caller } has a second key "dear caller" without a value.
      if (value === null) tell('error', 'unquoted-comma', path, commaAfter(last), 'key');
      else tell('error', 'bad-name', path, aboutName(last, issue.issues[0]?.message), 'key');
    } else if (value === null && issue.code === 'invalid_type' && issue.expected === 'string' && /[^\w-]/.test(last)) {
      tell('error', 'unquoted-comma', path, commaAfter(last), 'key');
    } else if (value === undefined) {
      tell('error', 'missing-field', path, said(`${quoted(last)} is missing`, `缺少 ${quoted(last)}`), 'key');
    } else if (issue.code === 'invalid_type' && issue.expected === 'string' && typeof value === 'number') {
      const written = source.written(path)?.text ?? `${value}`;
      // A number that is not what stands there has been refused by the reader of the file.
      if (isExactNumber(written)) tell('error', 'unquoted-number', path, textExpected(written));
    } else if (issue.code === 'custom') {
      const params = issue.params as Partial<IssueParams> | undefined;
      tell('error', params?.rule ?? 'wrong-type', path, params?.message ?? inBoth(issue.message));
    } else {
      const isBound = issue.code === 'too_big' || issue.code === 'too_small';
      tell('error', isBound ? 'out-of-range' : 'wrong-type', path, words(issue, value));
    }
  }
}

/** Where a field may be a name or a mapping, and a mapping stands there, what is wrong is in the mapping. Null: none of the forms is of that type. */
function issuesOfTheFormMeant(issue: z.core.$ZodIssueInvalidUnion, value: unknown): z.core.$ZodIssue[] | null {
  if (typeof value !== 'object' || value === null) return null;
  const forms = issue.errors.filter(
    (issues) => issues.some(({ path }) => path.length > 0) || issues[0]?.code === 'unrecognized_keys',
  );
  if (forms.length !== 1) return null;
  return (forms[0] as z.core.$ZodIssue[]).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

function tellUnknownFields(names: readonly string[], at: Path, known: readonly string[], source: Source, tell: Tell): void {
  for (const name of names) {
    const path = [...at, name];
    const slip = valueAt(source.value, path) === null ? colonSlip(name) : null;
    if (slip !== null) tell('error', 'yaml-syntax', path, slip, 'key');
    else {
      const near = nearest(name, known);
      const told = said(`${quoted(name)} means nothing here${near.en}`, `${quoted(name)} 在这里没有意义${near.zh}`);
      tell('error', 'unknown-field', path, told, 'key');
    }
  }
}

const inBoth = (en: string): Said => pairOf(en) ?? said(en, en);

/** `next：main` and `next:main` are names without a value: the colon is not one, or has no space after it. */
export function colonSlip(name: string): Said | null {
  if (/^[\w-]+：/.test(name)) return WIDE_COLON;
  return /^[\w-]+:[^\s:]/.test(name) ? NO_SPACE : null;
}

const commaAfter = (name: string): Said =>
  said(
    `${quoted(name)}: a comma ends a text in braces; put the text before it in quotes`,
    `${quoted(name)}：花括号里文字遇到逗号就结束；请给前面的文字加引号`,
  );

function aboutName(name: string, why: string | undefined): Said {
  const reason = inBoth(why ?? 'not allowed');
  return said(`${quoted(name)}: ${reason.en}`, `${quoted(name)}：${reason.zh}`);
}

const textExpected = (written: string): Said =>
  said(`a text is expected here; put ${written} in quotes: "${written}"`, `这里要文字；请给 ${written} 加引号："${written}"`);

function words(issue: z.core.$ZodIssue, value: unknown): Said {
  if (issue.code === 'invalid_type') {
    if (issue.path.length === 0 && value === null) return said('the file is empty', '文件是空的');
    const [expected, found, hint] = [TYPES[issue.expected] ?? TYPES.unknown, typeName(value), hintFor(issue.expected, value)];
    return said(`${expected.en} is expected here, not ${found.en}${hint.en}`, `这里要${expected.zh}，不是${found.zh}${hint.zh}`);
  }
  if (issue.code === 'invalid_value') {
    const choices = issue.values.map(String);
    const near = typeof value === 'string' ? nearest(value, choices) : said('', '');
    return withHint(said(`expected ${choices.join(' or ')}`, `这里要写 ${choices.join(' 或 ')}`), near);
  }
  if (issue.code === 'too_big') return said(`at most ${issue.maximum} is allowed`, `最多 ${issue.maximum}`);
  if (issue.code === 'too_small') return said(`at least ${issue.minimum} is needed`, `至少 ${issue.minimum}`);
  return typeof value === 'string' ? withHint(inBoth(issue.message), wideHint(value)) : inBoth(issue.message);
}

const TYPES: Readonly<Record<string, Said>> & { readonly unknown: Said } = {
  string: said('a text', '文字'),
  number: said('a number', '数字'),
  int: said('a whole number', '整数'),
  boolean: said('true or false', ' true 或 false'),
  object: said('a mapping (name: value)', '映射（name: value）'),
  record: said('a mapping (name: value)', '映射（name: value）'),
  array: said('a list', '列表'),
  unknown: said('something else', '别的内容'),
};

/** yes, no, on and off are texts in this YAML, though many think otherwise; true is none, even where somebody means the word. */
function hintFor(expected: string, value: unknown): Said {
  if (expected === 'boolean' && typeof value === 'string') {
    if (/^(yes|on|y)$/i.test(value)) return said('; write true', '；请写 true');
    if (/^(no|off|n)$/i.test(value)) return said('; write false', '；请写 false');
  }
  if (expected === 'string' && typeof value === 'boolean')
    return said(`; put it in quotes: "${value}"`, `；请加引号："${value}"`);
  return said('', '');
}

function typeName(value: unknown): Said {
  if (value === null) return said('nothing', '空');
  if (Array.isArray(value)) return said('a list', '列表');
  if (typeof value === 'object') return said('a mapping', '映射');
  return typeof value === 'string' ? said(`the text ${quoted(value)}`, `文字 ${quoted(value)}`) : said(`${value}`, ` ${value}`);
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
  const open = (type: unknown): unknown => {
    if (type instanceof z.ZodOptional) return open(type.unwrap());
    return type instanceof z.ZodUnion ? open(type.options.find((option) => option instanceof z.ZodObject)) : type;
  };
  for (const part of path) {
    const type = open(here);
    if (type instanceof z.ZodObject) here = (type.shape as Record<string, unknown>)[part];
    else if (type instanceof z.ZodArray) here = type.element;
    else return [];
  }
  const type = open(here);
  return type instanceof z.ZodObject ? Object.keys(type.shape) : [];
}
