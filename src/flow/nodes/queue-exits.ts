import { z } from 'zod';
import type { FlowInput } from '../contract.js';
import { said } from '../finding.js';
import { SORRY_NODE } from '../program.js';
import { type RawTarget, target } from '../shapes.js';
import type { Walk } from '../walk.js';
import type { Build, Next } from './kind.js';

/** The ways out of a node that waits in a queue. */
export interface QueueExits {
  /** Null: the call ends when the agent hangs up. */
  readonly answered: string | null;
  readonly timedOut: string;
  readonly blocked: string;
  readonly exit: string;
  /** Exits that the queue asks for by name: by its keys and its rules of overflow, and `closed`, `full`, `no-agents`. */
  readonly exits: ReadonlyMap<string, string>;
}

const EXIT_NAME = /^[a-z][a-z0-9-]{0,47}$/;

/** Fields of a node's shape. */
export const exitFields = {
  answered: target.optional(),
  timedOut: target.optional(),
  blocked: target.optional(),
  noAgents: target.optional(),
  exit: target.optional(),
  exits: z.record(z.string(), target).optional(),
};

interface RawExits {
  readonly answered?: RawTarget | undefined;
  readonly timedOut?: RawTarget | undefined;
  readonly blocked?: RawTarget | undefined;
  readonly noAgents?: RawTarget | undefined;
  readonly exit?: RawTarget | undefined;
  readonly exits?: Readonly<Record<string, RawTarget>> | undefined;
}

export function compileExits(raw: RawExits, build: Build): QueueExits {
  if (raw.blocked !== undefined && raw.noAgents !== undefined) {
    build.errorAtKey(
      'contradiction',
      ['noAgents'],
      said('noAgents is another word for blocked; give one of them', 'noAgents 与 blocked 是一回事；只写一个'),
    );
  }
  const exits = new Map<string, string>();
  for (const [name, to] of Object.entries(raw.exits ?? {})) {
    if (!EXIT_NAME.test(name))
      build.errorAtKey(
        'bad-name',
        ['exits', name],
        said('an exit is small letters, digits and dashes', '出口名只用小写字母、数字和短横线'),
      );
    exits.set(name, build.target(['exits', name], to, name));
  }
  const orSorry = (name: 'timedOut' | 'blocked' | 'noAgents' | 'exit'): string =>
    raw[name] === undefined ? SORRY_NODE : build.target([name], raw[name], name);
  return {
    answered: raw.answered === undefined ? null : build.target(['answered'], raw.answered, 'answered'),
    timedOut: orSorry('timedOut'),
    blocked: orSorry(raw.blocked === undefined ? 'noAgents' : 'blocked'),
    exit: orSorry('exit'),
    exits,
  };
}

/** Where a caller goes whom the queue has let go, or with whom an agent has talked; null: nowhere, it is another input. */
export function leaveQueue(node: QueueExits, walk: Walk, input: FlowInput): Next {
  if (input.kind === 'talkEnded') return node.answered ?? walk.end();
  if (input.kind !== 'queueLeft') return null;
  const named = input.branch ? node.exits.get(input.branch) : undefined;
  if (named !== undefined) return named;
  if (input.exit === 'timedOut') return node.timedOut;
  if (input.exit === 'exitedByKey') return node.exit;
  // Let go because nobody is there or the queue has closed: as if the caller had not got in.
  const refused = input.exit === 'blocked' || input.branch === 'no-agents' || input.branch === 'closed';
  return refused ? node.blocked : SORRY_NODE;
}
