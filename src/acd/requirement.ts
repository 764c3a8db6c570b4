import { alternativesIn, implies, skillsText } from '../base/requirement.js';
import type { AgentConfig, QueueConfig, RelaxStep, Requirement, RequirementExpression } from './config.js';

/** Who may serve a call: what its queue and the call itself require, as it is after so many relaxation steps. */

export { alternativesIn, implies, isTooWide, MAX_ALTERNATIVES } from '../base/requirement.js';

/** One way to be eligible: these skills at these levels, and one of these groups when any are named. */
export interface Alternative {
  readonly require: Requirement;
  readonly groups: readonly string[];
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
