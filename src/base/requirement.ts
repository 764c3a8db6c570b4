/**
 * Requirements as alternatives: an expression of `all` and `any` is written out as a short list of plain requirements, any one of which will
 * do (disjunctive normal form). What another alternative already allows is left out, and the order is fixed, so that expressions that mean
 * the same have the same text.
 */

/** Skill name -> least level, all of them. Empty: anybody. */
export type Requirement = Readonly<Record<string, number>>;

/**
 * What an agent must be able to do: all entries of it. An entry is a skill with its least level, or `all` or `any` with a list of expressions:
 * `{ service: 1, any: [ { english: 2 }, { cantonese: 1 } ] }`. A plain {@link Requirement} is one. Written out by {@link alternativesIn}.
 */
export interface RequirementExpression {
  readonly [skill: string]: number | readonly RequirementExpression[];
}

/** More alternatives than this are refused in the configuration; a call that combines to more is held to the first ones in the order of their text. */
export const MAX_ALTERNATIVES = 32;

/** The alternatives of an expression; none when an `any` is empty, which nobody can meet. */
export function alternativesIn(expression: RequirementExpression): readonly Requirement[] {
  return writeOut(expression).slice(0, MAX_ALTERNATIVES);
}

/** True when the expression has more alternatives than are kept. */
export const isTooWide = (expression: RequirementExpression): boolean => writeOut(expression).length > MAX_ALTERNATIVES;

/** May return a few more than the bound, never without bound. */
function writeOut(expression: RequirementExpression): readonly Requirement[] {
  let alternatives: readonly Requirement[] = [{}];
  for (const [name, entry] of Object.entries(expression)) {
    if (typeof entry === 'number') alternatives = alternatives.map((each) => merge(each, { [name]: entry }));
    else if (name === 'any') alternatives = product(alternatives, simplified(entry.flatMap((each) => [...writeOut(each)])));
    else for (const each of entry) alternatives = product(alternatives, writeOut(each));
  }
  return simplified(alternatives);
}

const product = (some: readonly Requirement[], others: readonly Requirement[]): readonly Requirement[] =>
  simplified(some.flatMap((one) => others.map((other) => merge(one, other))));

function merge(base: Requirement, extra: Requirement): Requirement {
  const merged: Record<string, number> = { ...base };
  for (const [skill, level] of Object.entries(extra)) merged[skill] = Math.max(merged[skill] ?? 0, level);
  return merged;
}

/** Whoever meets `strict` meets `lax` too. */
export const implies = (strict: Requirement, lax: Requirement): boolean =>
  Object.entries(lax).every(([skill, level]) => (strict[skill] ?? 0) >= level);

function simplified(alternatives: readonly Requirement[]): readonly Requirement[] {
  if (alternatives.length === 1) return alternatives;
  const byText = new Map(alternatives.map((each) => [skillsText(each), each]));
  const distinct = [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
  const kept = distinct.filter((each) => !distinct.some((other) => other !== each && implies(each, other)));
  return kept.slice(0, MAX_ALTERNATIVES + 1);
}

/** `instalments>=2 service>=1`; empty when nothing is required. */
export const skillsText = (require: Requirement): string =>
  Object.entries(require)
    .filter(([, level]) => level > 0)
    .map(([skill, level]) => `${skill}>=${level}`)
    .sort()
    .join(' ');
