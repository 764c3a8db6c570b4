import { z } from 'zod';
import { said } from '../finding.js';
import { target } from '../shapes.js';
import type { NodeKind } from './kind.js';

export interface NextNode {
  readonly kind: 'next';
  readonly next: string;
}

const nextShape = z.strictObject({ next: target });

export const nextKind: NodeKind<'next', z.output<typeof nextShape>> = {
  name: 'next',
  about: 'Goes to another node, and nothing else.',
  shape: nextShape,
  waits: false,
  compile: (raw, build) => ({ kind: 'next', next: build.target(['next'], raw.next, 'next') }),
  isEnd: () => false,
  enter: (node) => node.next,
};

export interface GotoNode {
  readonly kind: 'goto';
  readonly next: string;
  /** Times in one call that it leads to `next`, and where it leads afterwards; null: always to `next`. */
  readonly limit: { readonly atMost: number; readonly then: string } | null;
}

// biome-ignore lint/suspicious/noThenProperty: a word of the file; nobody awaits a shape
const shape = z.strictObject({ goto: target, atMost: z.int().min(1).max(100).optional(), then: target.optional() });

export const gotoKind: NodeKind<'goto', z.output<typeof shape>> = {
  name: 'goto',
  about: 'Goes to another node; with atMost only so many times in one call, and then to the node of then.',
  shape,
  waits: false,
  compile(raw, build) {
    if (raw.atMost === undefined && raw.then !== undefined)
      build.errorAtKey('contradiction', ['then'], said('without atMost this is never reached', '没有 atMost 就永远到不了这里'));
    const next = build.target(['goto'], raw.goto, 'goto');
    if (raw.atMost === undefined) return { kind: 'goto', next, limit: null };
    const then = build.target(
      ['then'],
      raw.then,
      'then',
      said(`give it then: where does a caller go after ${raw.atMost} times?`, `请写上 then：${raw.atMost} 次之后来电者去哪里？`),
    );
    return { kind: 'goto', next, limit: { atMost: raw.atMost, then } };
  },
  isEnd: () => false,
  isBounded: (node) => node.limit !== null,
  enter(node, walk) {
    if (node.limit === null) return node.next;
    return walk.count() <= node.limit.atMost ? node.next : node.limit.then;
  },
};
