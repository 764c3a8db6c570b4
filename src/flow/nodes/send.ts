import { z } from 'zod';
import { said } from '../finding.js';
import type { ValueSource } from '../program.js';
import { SHAPE_WORDS } from '../shape-words.js';
import { FIELD_NAME, target, value } from '../shapes.js';
import type { NodeKind } from './kind.js';

export interface SendNode {
  readonly kind: 'send';
  /** The endpoint. */
  readonly to: string;
  readonly message: ReadonlyArray<readonly [string, ValueSource]>;
  readonly next: string;
}

const MAX_FIELDS = 20;

const shape = z.strictObject({
  send: z.strictObject({ to: z.string(), message: z.record(z.string(), value) }),
  next: target.optional(),
});

export const sendKind: NodeKind<'send', z.output<typeof shape>> = {
  name: 'send',
  about:
    'Hands a message to an endpoint of the configuration and goes on at once; it is delivered in the background. A text stands for itself, { value: vars.due } for a value.',
  shape,
  waits: false,
  compile(raw, build) {
    const { to, message } = raw.send;
    build.known('receiver', ['send', 'to'], to);
    const fields = Object.entries(message);
    if (fields.length === 0)
      build.errorAtKey('missing-field', ['send', 'message'], said('a message needs at least one field', '消息至少要有一项'));
    if (fields.length > MAX_FIELDS)
      build.errorAtKey(
        'out-of-range',
        ['send', 'message'],
        said(`at most ${MAX_FIELDS} fields are sent`, `消息最多 ${MAX_FIELDS} 项`),
      );
    return {
      kind: 'send',
      to,
      message: fields.map(([name, raw]) => {
        const path = ['send', 'message', name];
        if (!FIELD_NAME.test(name)) build.errorAtKey('bad-name', path, SHAPE_WORDS.fieldName);
        return [name, build.value(path, raw)] as const;
      }),
      next: build.target(['next'], raw.next, 'next'),
    };
  },
  isEnd: () => false,
  enter(node, walk) {
    const message = Object.fromEntries(node.message.map(([name, source]) => [name, walk.valueOf(source) ?? null]));
    walk.effects.push({ kind: 'send', endpoint: node.to, message });
    return node.next;
  },
};
