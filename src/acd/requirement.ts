import type { AgentConfig, QueueConfig, RelaxStep, Requirement, RequirementExpression } from './config.js';

/**
 * Requirements as alternatives: an expression of `all` and `any` is written out as a short list of plain requirements, any one of which will
 * do (disjunctive normal form). What another alternative already allows is left out, and the order is fixed, so that expressions that mean
 * the same have the same text.
 */

/** One way to be eligible: these skills at these levels, and one of these groups when any are named. */
export interface Alternative {
  readonly require: Requirement;
  readonly groups: readonly string[];
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

/**
 * Who may serve a call of this queue that has reached relaxation step `step` (0: none). A step drops skills, lowers levels, or replaces what
 * is required; a step with groups lets these groups in beside those who were eligible before. `guests` are groups that may serve at once.
 */
export function alternativesOf(
  queue: QueueConfig,
  skills: RequirementExpression,
  step: number,
  guests: readonly string[] = [],
): readonly Alternative[] {
  const own = alternativesIn({ all: [queue.require, skills] });
  let alternatives: readonly Alternative[] = own.map((require) => ({ require, groups: [] }));
  for (const relax of queue.relax.slice(0, step)) alternatives = relaxed(alternatives, relax);
  return guests.length === 0 ? alternatives : [...alternatives, { require: {}, groups: [...guests].sort() }];
}

function relaxed(alternatives: readonly Alternative[], step: RelaxStep): readonly Alternative[] {
  const { drop = [], lower = {}, groups } = step;
  const softer = drop.length > 0 || Object.keys(lower).length > 0;
  const replaced = alternativesIn(step.require).map((require) => ({ require, groups }));
  if (!softer) return groups.length === 0 ? replaced : [...alternatives, ...replaced];
  const soft = alternatives.map(({ require, groups }) => ({ require: soften(require, drop, lower), groups }));
  return groups.length === 0 ? soft : [...soft, ...replaced];
}

function soften(require: Requirement, drop: readonly string[], lower: Requirement): Requirement {
  const kept = Object.entries(require).filter(([skill]) => !drop.includes(skill));
  return Object.fromEntries(kept.map(([skill, level]) => [skill, Math.min(level, lower[skill] ?? level)]));
}

export function satisfies(agent: AgentConfig, alternatives: readonly Alternative[]): boolean {
  return alternatives.some(
    ({ require, groups }) =>
      implies(agent.skills, require) && (groups.length === 0 || groups.some((group) => agent.groups.includes(group))),
  );
}

const skillsText = (require: Requirement): string =>
  Object.entries(require)
    .filter(([, level]) => level > 0)
    .map(([skill, level]) => `${skill}>=${level}`)
    .sort()
    .join(' ');

/** `instalments>=2 service>=1`, or `anyone`; alternatives joined by ` | `. Sorted, so that equal requirements have equal texts. */
export function requirementText(alternatives: readonly Alternative[]): string {
  const texts = alternatives.map(({ require, groups }) => {
    const group = groups.length > 0 ? `in ${[...groups].sort().join('/')}` : '';
    return [skillsText(require), group].filter((text) => text !== '').join(' ') || 'anyone';
  });
  return [...new Set(texts)].join(' | ') || 'nobody';
}

/** The skills that are named anywhere in the alternatives, sorted. */
export const skillsNamed = (alternatives: readonly Alternative[]): readonly string[] =>
  [...new Set(alternatives.flatMap(({ require }) => Object.keys(require)))].sort();
