import { z } from 'zod';
import type { Ms } from '../../base/time.js';
import { said } from '../finding.js';
import type { PromptPart } from '../program.js';
import { duration, prompts, type RawPrompts } from '../shapes.js';
import type { Walk } from '../walk.js';
import type { Build } from './kind.js';

/** What nodes have in common that ask the caller for keys: how the question is put, how long is waited, how often it is asked. */
export interface Question {
  readonly prompts: readonly PromptPart[];
  readonly firstDigitMs: Ms;
  readonly interDigitMs: Ms;
  readonly overallMs: Ms | null;
  readonly tries: number;
  readonly noInput: readonly PromptPart[];
  readonly invalid: readonly PromptPart[];
  /** False: keys pressed during the prompt count once it has been heard to the end. */
  readonly bargeIn: boolean;
}

export type FailedEntry = 'noInput' | 'invalid';

/** Fields of a node's shape, beside its `prompt`. */
export const questionFields = {
  firstDigit: duration.optional(),
  interDigit: duration.optional(),
  overall: duration.optional(),
  tries: z.int().min(1).max(20).optional(),
  noInput: prompts.optional(),
  invalid: prompts.optional(),
  bargeIn: z.boolean().optional(),
};

interface RawQuestion {
  readonly prompt: RawPrompts;
  readonly bargeIn?: boolean | undefined;
  readonly firstDigit?: Ms | undefined;
  readonly interDigit?: Ms | undefined;
  readonly overall?: Ms | undefined;
  readonly tries?: number | undefined;
  readonly noInput?: RawPrompts | undefined;
  readonly invalid?: RawPrompts | undefined;
}

const NO_INPUT: readonly PromptPart[] = [{ prompt: 'system/no-input', language: null }];
const INVALID: readonly PromptPart[] = [{ prompt: 'system/invalid-key', language: null }];

export function compileQuestion(
  field: 'menu' | 'collect',
  raw: RawQuestion,
  usual: { readonly firstDigitMs: Ms; readonly interDigitMs: Ms },
  build: Build,
): Question {
  return {
    prompts: build.prompts([field, 'prompt'], raw.prompt),
    firstDigitMs: raw.firstDigit ?? usual.firstDigitMs,
    interDigitMs: raw.interDigit ?? usual.interDigitMs,
    overallMs: raw.overall ?? null,
    tries: raw.tries ?? 3,
    noInput: raw.noInput === undefined ? NO_INPUT : build.prompts([field, 'noInput'], raw.noInput),
    invalid: raw.invalid === undefined ? INVALID : build.prompts([field, 'invalid'], raw.invalid),
    bargeIn: raw.bargeIn ?? true,
  };
}

/** The overall time runs from now: the question begins, or a controller has taken it over (the time without one is not the caller's). */
export function startOverallTime({ overallMs }: Question, walk: Walk): void {
  walk.change({ deadlineMs: overallMs === null ? null : walk.world.atMs + overallMs });
}

/** Plays the question, with what is said before it; what was keyed until now has been dealt with. */
export function putQuestion(parts: readonly PromptPart[], walk: Walk): null {
  walk.play(parts, 'prompt');
  const { deadlineMs } = walk.state;
  if (deadlineMs !== null) walk.startTimer(deadlineMs - walk.world.atMs);
  return null;
}

/** No longer than the overall time allows. */
export function waitForKey(walk: Walk, afterMs: Ms): null {
  const { deadlineMs } = walk.state;
  walk.waitForKey(deadlineMs === null ? afterMs : Math.min(afterMs, deadlineMs - walk.world.atMs));
  return null;
}

/** True when a timer that has run out was that of the overall time. */
export const isOverallTimeOver = ({ state, world }: Walk): boolean =>
  state.waitingFor === 'prompt' || (state.deadlineMs !== null && world.atMs >= state.deadlineMs);

/** One try is used up: what is played now, or null when it was the last. */
export function nextTry(question: Question, walk: Walk, result: FailedEntry): readonly PromptPart[] | null {
  walk.change({ tries: walk.state.tries + 1 });
  if (walk.state.tries >= question.tries) return null;
  return [...(result === 'noInput' ? question.noInput : question.invalid), ...question.prompts];
}

export const WHO_PRESSES_NOTHING = said(
  'give it failed: where does a caller go who presses nothing?',
  '请写上 failed：不按键的来电者去哪里？',
);
export const WHO_CANNOT_ENTER = said(
  'give it failed: where does a caller go who cannot enter it?',
  '请写上 failed：输不对的来电者去哪里？',
);
