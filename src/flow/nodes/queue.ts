import { z } from 'zod';
import { asId, type QueueId } from '../../base/ids.js';
import type { SkillExpression } from '../contract.js';
import { SORRY_NODE } from '../program.js';
import { target } from '../shapes.js';
import type { Path } from '../source.js';
import type { Build, NodeKind } from './kind.js';

export interface QueueNode {
  readonly kind: 'queue';
  readonly to: string;
  readonly lane: 'ordinary' | 'vip';
  readonly priority: number;
  readonly skills: SkillExpression;
  /** Null: the call ends when the agent hangs up. */
  readonly answered: string | null;
  readonly timedOut: string;
  readonly blocked: string;
  readonly exit: string;
  /** Exits that the queue asks for by name: by its keys and its rules of overflow, and `closed`, `full`, `no-agents`. */
  readonly exits: ReadonlyMap<string, string>;
}

const EXIT_NAME = /^[a-z][a-z0-9-]{0,47}$/;

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
  }),
  answered: target.optional(),
  timedOut: target.optional(),
  blocked: target.optional(),
  noAgents: target.optional(),
  exit: target.optional(),
  exits: z.record(z.string(), target).optional(),
});

function checkSkills(expression: SkillExpression | undefined, path: Path, build: Build): void {
  for (const [name, entry] of Object.entries(expression ?? {})) {
    if (typeof entry === 'number') build.known('skill', [...path, name], name);
    else for (const [index, each] of entry.entries()) checkSkills(each, [...path, name, index], build);
  }
}

export const queueKind: NodeKind<'queue', z.output<typeof shape>> = {
  name: 'queue',
  about:
    'Waits for an agent. answered: after the talk. timedOut, blocked (or noAgents), exit, and the named exits: the queue let the caller go; without them a polite sorry and goodbye.',
  shape,
  waits: true,
  compile(raw, build) {
    const { queue } = raw;
    build.known('queue', ['queue', 'to'], queue.to);
    checkSkills(queue.skills as SkillExpression | undefined, ['queue', 'skills'], build);
    if (raw.blocked !== undefined && raw.noAgents !== undefined) {
      build.errorAtKey('contradiction', ['noAgents'], 'noAgents is another word for blocked; give one of them');
    }
    const exits = new Map<string, string>();
    for (const [name, to] of Object.entries(raw.exits ?? {})) {
      if (!EXIT_NAME.test(name)) build.errorAtKey('bad-name', ['exits', name], 'an exit is small letters, digits and dashes');
      exits.set(name, build.target(['exits', name], to, name, ''));
    }
    const orSorry = (name: 'timedOut' | 'blocked' | 'noAgents' | 'exit'): string =>
      raw[name] === undefined ? SORRY_NODE : build.target([name], raw[name], name, '');
    return {
      kind: 'queue',
      to: queue.to,
      lane: queue.lane ?? 'ordinary',
      priority: queue.priority ?? 0,
      skills: { ...(queue.skills as SkillExpression | undefined) },
      answered: raw.answered === undefined ? null : build.target(['answered'], raw.answered, 'answered', ''),
      timedOut: orSorry('timedOut'),
      blocked: orSorry(raw.blocked === undefined ? 'noAgents' : 'blocked'),
      exit: orSorry('exit'),
      exits,
    };
  },
  isEnd: () => true,
  enter(node, walk) {
    walk.setKeys('');
    walk.change({ waitingFor: 'queue' });
    walk.effects.push({
      kind: 'enterQueue',
      queueId: asId<QueueId>(node.to),
      lane: node.lane,
      priority: node.priority,
      skills: node.skills,
    });
    return null;
  },
  input(node, walk, input) {
    if (input.kind === 'talkEnded') return node.answered ?? walk.end();
    if (input.kind !== 'queueLeft') return null;
    const named = input.branch ? node.exits.get(input.branch) : undefined;
    if (named !== undefined) return named;
    if (input.exit === 'timedOut') return node.timedOut;
    if (input.exit === 'exitedByKey') return node.exit;
    // Let go because nobody is there or the queue has closed: as if the caller had not got in.
    const refused = input.exit === 'blocked' || input.branch === 'no-agents' || input.branch === 'closed';
    return refused ? node.blocked : SORRY_NODE;
  },
};
