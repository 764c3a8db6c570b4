import { z } from 'zod';
import { said } from '../finding.js';
import type { ValueSource } from '../program.js';
import { target, value } from '../shapes.js';
import type { NodeKind } from './kind.js';

export interface SetNode {
  readonly kind: 'set';
  readonly language: string | null;
  readonly variables: ReadonlyArray<readonly [string, ValueSource]>;
  readonly next: string;
}

const shape = z.strictObject({ set: z.record(z.string(), value), next: target.optional() });

export const setKind: NodeKind<'set', z.output<typeof shape>> = {
  name: 'set',
  about:
    'Sets variables (vars.NAME in conditions) to what stands there, or to what { value: EXPRESSION } comes to; language is the language of the call.',
  shape,
  waits: false,
  compile(raw, build) {
    let language: string | null = null;
    const variables: Array<readonly [string, ValueSource]> = [];
    const entries = Object.entries(raw.set);
    if (entries.length > 50)
      build.errorAtKey('out-of-range', ['set'], said('more than 50 variables in one node', '一个节点里超过 50 个变量'));
    for (const [name, written] of entries) {
      if (name === 'language') {
        if (typeof written === 'string') {
          build.language(['set', name], written);
          language = written;
        } else build.error('wrong-type', ['set', name], said('a language is expected here, like zh', '这里要一种语言，如 zh'));
        continue;
      }
      const source = build.value(['set', name], written);
      build.variable(['set', name], name, build.typeOf(source));
      variables.push([name, source]);
    }
    return { kind: 'set', language, variables, next: build.target(['next'], raw.next, 'next') };
  },
  isEnd: () => false,
  enter(node, walk) {
    if (node.language !== null) walk.setLanguage(node.language);
    for (const [name, source] of node.variables) walk.setVariable(name, walk.valueOf(source) ?? null);
    return node.next;
  },
};
