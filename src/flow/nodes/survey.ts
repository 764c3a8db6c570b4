import { z } from 'zod';
import type { Ms } from '../../base/time.js';
import { said } from '../finding.js';
import type { PromptPart } from '../program.js';
import { duration, prompts, target } from '../shapes.js';
import type { Walk } from '../walk.js';
import type { Next, NodeKind } from './kind.js';

export interface SurveyNode {
  readonly kind: 'survey';
  readonly prompts: readonly PromptPart[];
  /** Keys 1 to this one are scores. */
  readonly scale: number;
  readonly tries: number;
  readonly firstDigitMs: Ms;
  readonly noInput: readonly PromptPart[];
  readonly invalid: readonly PromptPart[];
  readonly thanks: readonly PromptPart[];
  readonly next: string;
}

const shape = z.strictObject({
  survey: z.strictObject({
    prompt: prompts,
    scale: z.int().min(2).max(9).optional(),
    tries: z.int().min(1).max(20).optional(),
    firstDigit: duration.optional(),
    noInput: prompts.optional(),
    invalid: prompts.optional(),
    thanks: prompts.optional(),
  }),
  next: target.optional(),
});

export const surveyKind: NodeKind<'survey', z.output<typeof shape>> = {
  name: 'survey',
  about:
    'Asks how the talk was: keys 1 (worst) to scale (best), told of the agent who talked last. Goes on after the thanks, or when nothing fitting was pressed.',
  shape,
  waits: true,
  compile(raw, build) {
    const { survey } = raw;
    const orSystem = (name: 'noInput' | 'invalid' | 'thanks', system: string): readonly PromptPart[] =>
      build.prompts(['survey', name], survey[name] ?? `system/${system}`);
    return {
      kind: 'survey',
      prompts: build.prompts(['survey', 'prompt'], survey.prompt),
      scale: survey.scale ?? 5,
      tries: survey.tries ?? 2,
      firstDigitMs: survey.firstDigit ?? 6_000,
      noInput: orSystem('noInput', 'no-input'),
      invalid: orSystem('invalid', 'invalid-key'),
      thanks: orSystem('thanks', 'survey-thanks'),
      next: build.target(
        ['next'],
        raw.next,
        'next',
        said('give it next, where the caller hears goodbye', '请写上 next，让来电者听到告别'),
      ),
    };
  },
  isEnd: () => false,

  enter(node, walk) {
    // Nobody is marked by a key that was meant for something else.
    walk.setKeys('');
    return ask(walk, node.prompts);
  },

  input(node, walk, input) {
    const isThanking = walk.state.waitingFor === 'play';
    switch (input.kind) {
      case 'key': {
        if (isThanking) return null;
        const score = /^[1-9]$/.test(input.key) ? Number(input.key) : 0;
        return score >= 1 && score <= node.scale ? rated(node, walk, score) : again(node, walk, node.invalid);
      }
      case 'playEnded':
        if (isThanking) return node.next;
        walk.waitForKey(node.firstDigitMs);
        return null;
      case 'timer':
        return again(node, walk, node.noInput);
      case 'resumed':
        return isThanking ? node.next : ask(walk, node.prompts);
      default:
        return null;
    }
  },
};

function ask(walk: Walk, parts: readonly PromptPart[]): Next {
  walk.cut();
  walk.play(parts, 'prompt');
  return null;
}

function again(node: SurveyNode, walk: Walk, why: readonly PromptPart[]): Next {
  walk.change({ tries: walk.state.tries + 1 });
  if (walk.state.tries < node.tries) return ask(walk, [...why, ...node.prompts]);
  tell(node, walk, null);
  return node.next;
}

function rated(node: SurveyNode, walk: Walk, score: number): Next {
  walk.cut();
  walk.change({ hops: 0 });
  tell(node, walk, score);
  walk.play(node.thanks, 'play');
  return null;
}

function tell(node: SurveyNode, walk: Walk, score: number | null): void {
  const { flowId, node: id } = walk.state;
  const { agentId = null, queueId = null } = walk.world.lastTalk ?? {};
  walk.fact({ kind: 'surveyAnswered', flowId, node: id, agentId, queueId, score, scale: node.scale });
}
