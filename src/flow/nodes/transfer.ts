import { z } from 'zod';
import { type AgentId, asId, type QueueId } from '../../base/ids.js';
import { HOUR, type Ms, SECOND } from '../../base/time.js';
import type { TransferResult } from '../contract.js';
import { type Said, said } from '../finding.js';
import { SORRY_NODE } from '../program.js';
import { duration, type RawTarget, target } from '../shapes.js';
import type { Build, NodeKind } from './kind.js';
import { compileExits, exitFields, leaveQueue, type QueueExits } from './queue-exits.js';

/** To the agents of a queue, to one of them first, or to a person outside. */
export type TransferNode = TransferInside | TransferOutside;

interface TransferInside extends QueueExits {
  readonly kind: 'transfer';
  readonly where: 'inside';
  /** The queue. */
  readonly to: string;
  readonly agent: string | null;
  /** How long the call is kept for the agent; null: until that agent signs out. */
  readonly graceMs: Ms | null;
}

interface TransferOutside {
  readonly kind: 'transfer';
  readonly where: 'outside';
  readonly number: string;
  readonly ringMs: Ms;
  /** After the talk; null: the call ends. */
  readonly answered: string | null;
  readonly busy: string;
  readonly noAnswer: string;
  readonly failed: string;
}

const NUMBER = /^\+?[0-9]{3,20}$/;
const DEFAULT_RING_MS = 30 * SECOND;
const MAX_RING_MS = 120 * SECOND;
/** The end of a talk is always told; should that be lost, the caller is not kept for ever. */
const GUARD_MS = 12 * HOUR;

const shape = z.strictObject({
  transfer: z.strictObject({
    queue: z.string().optional(),
    agent: z.string().optional(),
    grace: duration.optional(),
    outside: z.string().optional(),
    ring: duration.optional(),
  }),
  ...exitFields,
  busy: target.optional(),
  noAnswer: target.optional(),
  failed: target.optional(),
});
type Raw = z.output<typeof shape>;

export const transferKind: NodeKind<'transfer', Raw> = {
  name: 'transfer',
  about:
    'To a queue ({ queue: general }), to an agent who is waited for ({ agent: "1001", queue: general, grace: 20s }), with the exits of queue; or to a number outside that the configuration allows ({ outside: "4008001234", ring: 30s }), with answered (after the talk), busy, noAnswer and failed.',
  shape,
  waits: true,
  compile(raw, build) {
    const { transfer } = raw;
    return transfer.outside === undefined ? inside(raw, build) : outside(raw, transfer.outside, build);
  },
  isEnd: (node) => node.where === 'inside' || node.answered === null || node.failed === SORRY_NODE,

  enter(node, walk) {
    walk.setKeys('');
    if (node.where === 'outside') {
      const turn = walk.wait('transfer', node.ringMs + GUARD_MS);
      walk.effects.push({ kind: 'transferOutside', turn, number: node.number, ringMs: node.ringMs });
      return null;
    }
    walk.change({ waitingFor: 'queue' });
    walk.effects.push({
      kind: 'enterQueue',
      queueId: asId<QueueId>(node.to),
      lane: 'ordinary',
      priority: 0,
      skills: {},
      ...(node.agent !== null && { agent: { agentId: asId<AgentId>(node.agent), graceMs: node.graceMs } }),
    });
    return null;
  },

  input(node, walk, input) {
    if (node.where === 'inside') return leaveQueue(node, walk, input);
    if (input.kind === 'transferEnded')
      return input.result === 'talked' ? (node.answered ?? walk.end()) : afterRefusal(node, input.result);
    // Whether the two have talked is not known; nobody is dialled a second time.
    return input.kind === 'timer' || input.kind === 'resumed' ? node.failed : null;
  },
};

function afterRefusal(node: TransferOutside, result: Exclude<TransferResult, 'talked'>): string {
  if (result === 'busy') return node.busy;
  return result === 'noAnswer' ? node.noAnswer : node.failed;
}

function refuseFields(
  raw: Raw,
  fields: ReadonlyArray<keyof Raw>,
  options: ReadonlyArray<keyof Raw['transfer']>,
  why: Said,
  build: Build,
): void {
  const about = (name: string): Said => said(`${name} ${why.en}`, `${name} ${why.zh}`);
  for (const field of fields) if (raw[field] !== undefined) build.errorAtKey('contradiction', [field], about(field));
  for (const option of options)
    if (raw.transfer[option] !== undefined) build.errorAtKey('contradiction', ['transfer', option], about(option));
}

function inside(raw: Raw, build: Build): TransferInside {
  const { queue, agent, grace } = raw.transfer;
  if (queue === undefined)
    build.errorAtKey(
      'missing-field',
      ['transfer'],
      agent === undefined
        ? said('to whom? give it queue or outside', '转给谁？请写上 queue 或 outside')
        : said('give it queue: where the call waits when the agent is not free', '请写上 queue：坐席没空时来电在哪里等'),
    );
  else build.known('queue', ['transfer', 'queue'], queue);
  if (agent !== undefined) build.known('agent', ['transfer', 'agent'], agent);
  else if (grace !== undefined)
    build.errorAtKey(
      'contradiction',
      ['transfer', 'grace'],
      said('grace is how long the call is kept for an agent; give it agent', 'grace 是为某个坐席保留来电的时间；请写上 agent'),
    );
  refuseFields(raw, ['busy', 'noAnswer', 'failed'], ['ring'], said('is for a transfer outside', '只用于转到外线'), build);
  return {
    kind: 'transfer',
    where: 'inside',
    to: queue ?? '',
    agent: agent ?? null,
    graceMs: grace ?? null,
    ...compileExits(raw, build),
  };
}

function outside(raw: Raw, number: string, build: Build): TransferOutside {
  if (!NUMBER.test(number))
    build.error(
      'bad-number',
      ['transfer', 'outside'],
      said('a number is 3 to 20 digits, perhaps after a +, in quotes', '号码是 3 到 20 位数字，前面可加 +，并加引号'),
    );
  const { ring } = raw.transfer;
  if (ring !== undefined && ring > MAX_RING_MS)
    build.error('out-of-range', ['transfer', 'ring'], said('a phone rings 2m at most', '最多振铃 2m'));
  refuseFields(
    raw,
    ['timedOut', 'blocked', 'noAgents', 'exit', 'exits'],
    ['queue', 'agent', 'grace'],
    said('is for a transfer to a queue', '只用于转到队列'),
    build,
  );
  const orElse = (name: 'answered' | 'busy' | 'noAnswer' | 'failed', otherwise: string): string =>
    raw[name] === undefined ? otherwise : build.target([name], raw[name] as RawTarget, name);
  const failed = orElse('failed', SORRY_NODE);
  return {
    kind: 'transfer',
    where: 'outside',
    number,
    ringMs: ring ?? DEFAULT_RING_MS,
    answered: raw.answered === undefined ? null : build.target(['answered'], raw.answered, 'answered'),
    busy: orElse('busy', failed),
    noAnswer: orElse('noAnswer', failed),
    failed,
  };
}
