import { z } from 'zod';
import type { FlowValue } from '../contract.js';
import { target, VARIABLE_NAME } from '../shapes.js';
import type { NodeKind } from './kind.js';

export interface SetNode {
  readonly kind: 'set';
  readonly language: string | null;
  readonly variables: ReadonlyArray<readonly [string, FlowValue]>;
  readonly next: string;
}

const MAX_VALUE = 200;
const shape = z.strictObject({
  set: z.record(
    z.string(),
    z.custom<FlowValue>((value) => value === null || ['string', 'number', 'boolean'].includes(typeof value), {
      error: 'a text, a number, true, false or null is expected here',
      params: { rule: 'wrong-type' },
    }),
  ),
  next: target.optional(),
});

export const setKind: NodeKind<'set', z.output<typeof shape>> = {
  name: 'set',
  about: 'Sets variables (vars.NAME in conditions); language is the language of the call.',
  shape,
  waits: false,
  compile(raw, build) {
    let language: string | null = null;
    const variables: Array<readonly [string, FlowValue]> = [];
    const entries = Object.entries(raw.set);
    if (entries.length > 50) build.errorAtKey('out-of-range', ['set'], 'more than 50 variables in one node');
    for (const [name, value] of entries) {
      if (name === 'language') {
        if (typeof value === 'string') {
          build.language(['set', name], value);
          language = value;
        } else build.error('wrong-type', ['set', name], 'a language is expected here, like zh');
        continue;
      }
      if (!VARIABLE_NAME.test(name))
        build.errorAtKey('bad-name', ['set', name], 'a variable is a small letter, then letters, digits or _');
      if (typeof value === 'string' && value.length > MAX_VALUE) {
        build.error('out-of-range', ['set', name], `the text is longer than ${MAX_VALUE} characters`);
      }
      variables.push([name, value]);
    }
    return { kind: 'set', language, variables, next: build.target(['next'], raw.next, 'next', 'give it next') };
  },
  isEnd: () => false,
  enter(node, walk) {
    if (node.language !== null) walk.setLanguage(node.language);
    for (const [name, value] of node.variables) walk.setVariable(name, value);
    return node.next;
  },
};
