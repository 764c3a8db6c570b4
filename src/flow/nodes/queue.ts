import { z } from 'zod';
import { type AgentId, asId, type QueueId } from '../../base/ids.js';
import type { Ms } from '../../base/time.js';
import type { SkillExpression } from '../contract.js';
import { said } from '../finding.js';
import { duration } from '../shapes.js';
import type { Path } from '../source.js';
import type { Walk } from '../walk.js';
import type { Build, NodeKind } from './kind.js';
import { compileExits, exitFields, leaveQueue, type QueueExits } from './queue-exits.js';

export interface QueueNode extends QueueExits {
  readonly kind: 'queue';
  readonly to: string;
  readonly lane: 'ordinary' | 'vip';
  readonly priority: number;
  readonly skills: SkillExpression;
  /** Null: the tier of the account that the caller was identified by, else as the directory says of the number calling. */
  readonly tier: string | null;
  /** Kept for this agent for so long, then as the queue chooses; null: for nobody. */
  readonly agent: { readonly agentId: string; readonly graceMs: Ms } | null;
  /** A plan of announcements, `none` for silence; null: the queue's own. */
  readonly announce: string | null;
}

const DEFAULT_GRACE_MS = 20_000;

/** Skill -> least level, all of them; `all` and `any` hold lists of further ones. */
const skills = z
  .object({
    get all() {
      return z.array(skills).min(1).max(10).optional().describe('every one of these');
    },
    get any() {
      return z.array(skills).min(1).max(10).optional().describe('one of these');
    },
  })
  .catchall(z.int().min(1).max(100));

const shape = z.strictObject({
  queue: z.strictObject({
    to: z.string(),
    lane: z.enum(['ordinary', 'vip']).optional(),
    priority: z.int().min(0).max(1000).optional(),
    skills: skills.optional(),
    tier: z.string().optional(),
    agent: z.string().optional(),
    grace: duration.optional(),
    announce: z.string().optional(),
  }),
  ...exitFields,
});

function checkSkills(expression: SkillExpression | undefined, path: Path, build: Build): void {
  for (const [name, entry] of Object.entries(expression ?? {})) {
    if (typeof entry === 'number') build.known('skill', [...path, name], name);
    else for (const [index, each] of entry.entries()) checkSkills(each, [...path, name, index], build);
  }
}

/** The queue knows the tier of the number calling by itself; that of an account only the flow knows. */
export function tierOfAccount({ lookup }: Walk): string | null {
  const tier = lookup('caller.verified') === true ? lookup('caller.tier') : null;
  return typeof tier === 'string' ? tier : null;
}

export const queueKind: NodeKind<'queue', z.output<typeof shape>> = {
  name: 'queue',
  about:
    'Waits for an agent. tier goes before that of the directory; agent (with grace) is who is waited for first; announce is a plan of announcements, or none. answered: after the talk. timedOut, blocked (or noAgents), exit, and the named exits: the queue let the caller go; without them a polite sorry and goodbye.',
  shape,
  waits: true,
  compile(raw, build) {
    const { queue } = raw;
    build.known('queue', ['queue', 'to'], queue.to);
    checkSkills(queue.skills as SkillExpression | undefined, ['queue', 'skills'], build);
    if (queue.tier !== undefined) build.known('tier', ['queue', 'tier'], queue.tier);
    if (queue.agent !== undefined) build.known('agent', ['queue', 'agent'], queue.agent);
    else if (queue.grace !== undefined)
      build.errorAtKey(
        'contradiction',
        ['queue', 'grace'],
        said('this is how long the caller is kept for an agent: give it agent', '这是为某个坐席保留来电者的时间：请写上 agent'),
      );
    if (queue.announce !== undefined && queue.announce !== 'none')
      build.known('announcement', ['queue', 'announce'], queue.announce);
    return {
      kind: 'queue',
      to: queue.to,
      lane: queue.lane ?? 'ordinary',
      priority: queue.priority ?? 0,
      skills: { ...(queue.skills as SkillExpression | undefined) },
      tier: queue.tier ?? null,
      agent: queue.agent === undefined ? null : { agentId: queue.agent, graceMs: queue.grace ?? DEFAULT_GRACE_MS },
      announce: queue.announce ?? null,
      ...compileExits(raw, build),
    };
  },
  isEnd: () => true,
  enter(node, walk) {
    walk.setKeys('');
    walk.change({ waitingFor: 'queue' });
    const tier = node.tier ?? tierOfAccount(walk);
    walk.effects.push({
      kind: 'enterQueue',
      queueId: asId<QueueId>(node.to),
      lane: node.lane,
      priority: node.priority,
      skills: node.skills,
      ...(tier !== null && { tier }),
      ...(node.agent !== null && { agent: { ...node.agent, agentId: asId<AgentId>(node.agent.agentId) } }),
      ...(node.announce !== null && { announce: node.announce === 'none' ? 'none' : { plan: node.announce } }),
    });
    return null;
  },
  input: leaveQueue,
};
