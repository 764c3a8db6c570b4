import { z } from 'zod';
import { asId, type QueueId } from '../../base/ids.js';
import { said } from '../finding.js';
import type { PromptPart } from '../program.js';
import { duration, target } from '../shapes.js';
import type { Walk } from '../walk.js';
import type { Next, NodeKind } from './kind.js';

export interface CallbackNode {
  readonly kind: 'callback';
  /** Ask first: key 1 is yes. */
  readonly confirm: boolean;
  readonly prompts: readonly PromptPart[];
  readonly firstDigitMs: number;
  readonly tries: number;
  /** Null: the queue that the call was in last, as it asked for it. */
  readonly to: string | null;
  readonly lane: 'ordinary' | 'vip' | null;
  readonly priority: number | null;
  readonly skills: Readonly<Record<string, number>> | null;
  /** After the promise. */
  readonly next: string;
  readonly declined: string;
  readonly refused: string;
}

const shape = z.strictObject({
  callback: z.strictObject({
    confirm: z.boolean().optional(),
    to: z.string().optional(),
    lane: z.enum(['ordinary', 'vip']).optional(),
    priority: z.int().min(0).max(1000).optional(),
    skills: z.record(z.string(), z.int().min(1).max(100)).optional(),
    firstDigit: duration.optional(),
    tries: z.int().min(1).max(20).optional(),
  }),
  next: target.optional(),
  declined: target.optional(),
  refused: target.optional(),
});

const YES = '1';
const part = (prompt: string): readonly PromptPart[] => [{ prompt: `system/${prompt}`, language: null }];
const CONFIRM = part('callback-confirm');
const ACCEPTED = part('callback-accepted');
const EXISTS = part('callback-exists');
const REFUSED = part('callback-refused');

/** How the request went, for conditions as `vars.callback`: `accepted`, `declined`, or why it was refused. */
const ANSWER = 'callback';

export const callbackKind: NodeKind<'callback', z.output<typeof shape>> = {
  name: 'callback',
  about:
    'Promises to call the caller back at the number calling; the place in the queue is kept. next: after the promise. declined: the caller did not press 1. refused: no callback is possible (both: next unless told).',
  shape,
  waits: true,
  compile(raw, build) {
    const { callback } = raw;
    build.variable(['callback'], ANSWER, 'text');
    if (callback.to !== undefined) build.known('queue', ['callback', 'to'], callback.to);
    for (const skill of Object.keys(callback.skills ?? {})) build.known('skill', ['callback', 'skills', skill], skill);
    const next = build.target(
      ['next'],
      raw.next,
      'next',
      said('give it next, where the caller hears goodbye', '请写上 next，让来电者听到告别'),
    );
    const orNext = (name: 'declined' | 'refused'): string =>
      raw[name] === undefined ? next : build.target([name], raw[name], name);
    return {
      kind: 'callback',
      confirm: callback.confirm ?? true,
      prompts: CONFIRM,
      firstDigitMs: callback.firstDigit ?? 5_000,
      tries: callback.tries ?? 2,
      to: callback.to ?? null,
      lane: callback.lane ?? null,
      priority: callback.priority ?? null,
      skills: callback.skills === undefined ? null : { ...callback.skills },
      next,
      declined: orNext('declined'),
      refused: orNext('refused'),
    };
  },
  isEnd: () => false,

  enter(node, walk) {
    walk.setVariable(ANSWER, null);
    // Nobody is promised anything by a key that was meant for an earlier question.
    walk.setKeys('');
    return node.confirm ? ask(node, walk) : request(node, walk);
  },

  input(node, walk, input) {
    const answer = walk.state.vars[ANSWER] ?? null;
    switch (input.kind) {
      case 'callbackDecided': {
        walk.setVariable(ANSWER, input.refusal ?? 'accepted');
        walk.play(input.refusal === null ? ACCEPTED : input.refusal === 'alreadyOpen' ? EXISTS : REFUSED, 'play');
        return null;
      }
      case 'playEnded':
        if (answer !== null) return answer === 'accepted' ? node.next : node.refused;
        walk.waitForKey(node.firstDigitMs);
        return null;
      case 'key':
        if (answer !== null) return null;
        if (input.key === YES) return request(node, walk);
        walk.setVariable(ANSWER, 'declined');
        return node.declined;
      case 'timer':
        walk.change({ tries: walk.state.tries + 1 });
        if (walk.state.tries < node.tries) return ask(node, walk);
        walk.setVariable(ANSWER, 'declined');
        return node.declined;
      case 'resumed':
        if (answer === null) return ask(node, walk);
        return answer === 'accepted' ? node.next : node.refused;
      default:
        return null;
    }
  },
};

function ask(node: CallbackNode, walk: Walk): Next {
  walk.cut();
  walk.play(node.prompts, 'prompt');
  return null;
}

function request(node: CallbackNode, walk: Walk): Next {
  walk.cut();
  walk.change({ waitingFor: 'callback', hops: 0 });
  const { to, lane, priority, skills } = node;
  walk.effects.push({ kind: 'requestCallback', queueId: to === null ? null : asId<QueueId>(to), lane, priority, skills });
  return null;
}
