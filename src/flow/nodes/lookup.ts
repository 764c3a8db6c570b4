import { z } from 'zod';
import type { LookUpFault, LookUpResult } from '../../base/look-up.js';
import { type Ms, SECOND } from '../../base/time.js';
import type { FlowValue } from '../contract.js';
import { said } from '../finding.js';
import type { PromptPart, ValueSource } from '../program.js';
import { SHAPE_WORDS } from '../shape-words.js';
import { duration, FIELD_NAME, namedValue, prompts, target } from '../shapes.js';
import type { Walk } from '../walk.js';
import { type AnswerPath, readAnswerPath, valueIn } from './answer-path.js';
import type { Build, Next, NodeKind } from './kind.js';

export interface LookUpNode {
  readonly kind: 'lookup';
  readonly endpoint: string;
  readonly send: ReadonlyArray<readonly [string, ValueSource]>;
  readonly take: ReadonlyArray<{ readonly variable: string; readonly path: AnswerPath; readonly isOptional: boolean }>;
  readonly timeoutMs: Ms;
  /** Heard when the answer lets the caller wait; empty: silence. */
  readonly prompts: readonly PromptPart[];
  readonly next: string;
  readonly failed: string;
}

const DEFAULT_TIMEOUT_MS = 2 * SECOND;
const MAX_TIMEOUT_MS = 10 * SECOND;
/** The answer comes within its time by contract; should it be lost, the caller goes on so much later. */
const GUARD_MS = 500;
/** Most answers come sooner, and then the prompt would only be cut. */
const PROMPT_AFTER_MS = 500;
const MAX_FIELDS = 20;

const shape = z.strictObject({
  lookup: z.strictObject({
    endpoint: z.string(),
    send: z.record(z.string(), namedValue).optional(),
    take: z.record(z.string(), z.string()).optional(),
    optional: z.array(z.string()).max(MAX_FIELDS).optional(),
    timeout: duration.optional(),
    prompt: prompts.optional(),
  }),
  next: target.optional(),
  failed: target.optional(),
});
type RawLookUp = z.output<typeof shape>['lookup'];

export const lookupKind: NodeKind<'lookup', z.output<typeof shape>> = {
  name: 'lookup',
  about:
    'Asks an endpoint of the configuration and takes values out of its answer (take: { NAME: answer.bills.0.due }). failed: no answer in time, an error, or something to take is not there.',
  shape,
  waits: false,
  compile(raw, build) {
    const { lookup } = raw;
    build.known('endpoint', ['lookup', 'endpoint'], lookup.endpoint);
    if (lookup.timeout !== undefined && lookup.timeout > MAX_TIMEOUT_MS)
      build.error(
        'out-of-range',
        ['lookup', 'timeout'],
        said('a caller waits 10s at most for an answer', '来电者最多等待应答 10s'),
      );
    return {
      kind: 'lookup',
      endpoint: lookup.endpoint,
      send: compileSend(lookup, build),
      take: compileTake(lookup, build),
      timeoutMs: Math.min(lookup.timeout ?? DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS),
      prompts: lookup.prompt === undefined ? [] : build.prompts(['lookup', 'prompt'], lookup.prompt),
      next: build.target(['next'], raw.next, 'next'),
      failed: build.target(
        ['failed'],
        raw.failed,
        'failed',
        said('give it failed: where does a caller go when no answer comes?', '请写上 failed：没有应答时来电者去哪里？'),
      ),
    };
  },
  isEnd: () => false,
  enter: (node, walk) => ask(node, walk),
  input(node, walk, input) {
    switch (input.kind) {
      case 'lookupEnded':
        return answered(node, walk, input.result);
      case 'timer':
        if (node.prompts.length === 0 || walk.state.tries > 0) return over(node, walk, 'timeout');
        walk.change({ tries: 1 });
        walk.playBeside(node.prompts);
        walk.startTimer((walk.state.deadlineMs ?? 0) - walk.world.atMs);
        return null;
      case 'key':
        walk.keepKey(input.key);
        return null;
      case 'resumed':
        return ask(node, walk);
      default:
        return null;
    }
  },
};

function compileSend({ send = {} }: RawLookUp, build: Build): LookUpNode['send'] {
  const fields = Object.entries(send);
  if (fields.length > MAX_FIELDS)
    build.errorAtKey(
      'out-of-range',
      ['lookup', 'send'],
      said(`at most ${MAX_FIELDS} values are sent`, `最多发送 ${MAX_FIELDS} 个值`),
    );
  return fields.map(([name, raw]) => {
    const path = ['lookup', 'send', name];
    if (!FIELD_NAME.test(name)) build.errorAtKey('bad-name', path, SHAPE_WORDS.fieldName);
    return [name, build.named(path, raw, 'allowed')] as const;
  });
}

function compileTake({ take = {}, optional = [] }: RawLookUp, build: Build): LookUpNode['take'] {
  const fields = Object.entries(take);
  if (fields.length > MAX_FIELDS)
    build.errorAtKey(
      'out-of-range',
      ['lookup', 'take'],
      said(`at most ${MAX_FIELDS} values are taken`, `最多取 ${MAX_FIELDS} 个值`),
    );
  optional.forEach((name, index) => {
    if (!Object.hasOwn(take, name))
      build.error(
        'unknown-name',
        ['lookup', 'optional', index],
        said(`"${name}" is not among what is taken`, `"${name}" 不在 take 之中`),
      );
  });
  return fields.map(([variable, text]) => {
    const path = ['lookup', 'take', variable];
    build.variable(path, variable, 'any');
    const read = readAnswerPath(text);
    if (read === null)
      build.error(
        'bad-path',
        path,
        said('a place in the answer is written answer.a.b or answer.list.0.c', '应答中的位置写成 answer.a.b 或 answer.list.0.c'),
      );
    return { variable, path: read ?? [], isOptional: optional.includes(variable) };
  });
}

function ask(node: LookUpNode, walk: Walk): Next {
  const send: Array<[string, FlowValue]> = [];
  for (const [name, source] of node.send) {
    const value = walk.valueOf(source);
    // Secure digits are not handed over from one controller to the next.
    if (value === undefined) return (source.from === 'secret' ? walk.askAgainFor(source.name) : null) ?? node.failed;
    send.push([name, value]);
  }
  // What an earlier answer said is not told again when this one fails.
  for (const { variable } of node.take) walk.setVariable(variable, null);
  const guardMs = node.timeoutMs + GUARD_MS;
  walk.change({ tries: 0, deadlineMs: walk.world.atMs + guardMs });
  const turn = walk.wait('lookup', node.prompts.length > 0 ? Math.min(PROMPT_AFTER_MS, guardMs) : guardMs);
  const { endpoint, timeoutMs } = node;
  const hasSecrets = node.send.some(([, source]) => source.from === 'secret');
  walk.effects.push({ kind: 'lookup', turn, endpoint, send: Object.fromEntries(send), timeoutMs, hasSecrets });
  return null;
}

function answered(node: LookUpNode, walk: Walk, result: LookUpResult): Next {
  if (!result.ok) return over(node, walk, result.fault);
  const taken = node.take.map(({ variable, path, isOptional }) => {
    const value = valueIn(result.answer, path) ?? null;
    return { variable, value, isMissing: value === null && !isOptional };
  });
  if (taken.some(({ isMissing }) => isMissing)) return over(node, walk, 'badAnswer');
  for (const { variable, value } of taken) walk.setVariable(variable, value);
  return over(node, walk, null);
}

function over(node: LookUpNode, walk: Walk, fault: LookUpFault | null): string {
  const { flowId, node: id, deadlineMs } = walk.state;
  const { atMs } = walk.world;
  const startedAtMs = (deadlineMs ?? atMs) - node.timeoutMs - GUARD_MS;
  walk.fact({
    kind: 'lookUpEnded',
    flowId,
    node: id,
    endpoint: node.endpoint,
    fault,
    tookMs: Math.max(0, atMs - startedAtMs),
  });
  return fault === null ? node.next : node.failed;
}
