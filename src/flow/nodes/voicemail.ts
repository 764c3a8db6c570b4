import { z } from 'zod';
import { MINUTE, type Ms, SECOND } from '../../base/time.js';
import { said } from '../finding.js';
import type { PromptPart } from '../program.js';
import { duration, NODE_NAME, prompts, target } from '../shapes.js';
import type { Walk } from '../walk.js';
import type { Next, NodeKind } from './kind.js';

export interface VoicemailNode {
  readonly kind: 'voicemail';
  readonly box: string;
  readonly prompts: readonly PromptPart[];
  readonly thanks: readonly PromptPart[];
  readonly maxMs: Ms;
  /** So much silence ends the message. */
  readonly silenceMs: Ms;
  /** Endpoint that is told; null: nobody. */
  readonly notify: string | null;
  readonly next: string;
  /** Nothing was kept. */
  readonly failed: string;
}

/** Ends the message, and the prompt before it. */
const END_KEY = '#';
/** The end is always told, at the latest some seconds after the longest time; should that be lost, the caller goes on so much later. */
const GUARD_MS = 30 * SECOND;

const shape = z.strictObject({
  voicemail: z.strictObject({
    box: z.string(),
    prompt: prompts,
    max: duration.optional(),
    silence: duration.optional(),
    notify: z.string().optional(),
    thanks: prompts.optional(),
  }),
  next: target.optional(),
  failed: target.optional(),
});

export const voicemailKind: NodeKind<'voicemail', z.output<typeof shape>> = {
  name: 'voicemail',
  about:
    'Takes a message after a beep; silence, the key # or the longest time (max) ends it. next: after the thanks. failed: nothing was left (next unless told).',
  shape,
  waits: true,
  compile(raw, build) {
    const { voicemail } = raw;
    if (!NODE_NAME.test(voicemail.box))
      build.error(
        'bad-name',
        ['voicemail', 'box'],
        said('a box is named with small letters, digits and dashes', '留言箱的名称只用小写字母、数字和短横线'),
      );
    else build.known('box', ['voicemail', 'box'], voicemail.box);
    if (voicemail.notify !== undefined) build.known('receiver', ['voicemail', 'notify'], voicemail.notify);
    const maxMs = voicemail.max ?? 3 * MINUTE;
    const silenceMs = voicemail.silence ?? 5 * SECOND;
    if (silenceMs >= maxMs) {
      const field = voicemail.silence === undefined ? 'max' : 'silence';
      build.error(
        'out-of-range',
        ['voicemail', field],
        said(
          'the silence that ends a message must be shorter than the longest message',
          '结束留言的静音时间必须短于留言的最长时间',
        ),
      );
    }
    const next = build.target(
      ['next'],
      raw.next,
      'next',
      said('give it next, where the caller hears goodbye', '请写上 next，让来电者听到告别'),
    );
    return {
      kind: 'voicemail',
      box: voicemail.box,
      prompts: build.prompts(['voicemail', 'prompt'], voicemail.prompt),
      thanks: build.prompts(['voicemail', 'thanks'], voicemail.thanks ?? 'system/message-thanks'),
      maxMs,
      silenceMs,
      notify: voicemail.notify ?? null,
      next,
      failed: raw.failed === undefined ? next : build.target(['failed'], raw.failed, 'failed'),
    };
  },
  isEnd: () => false,

  enter(node, walk) {
    walk.setKeys('');
    walk.play(node.prompts, 'prompt');
    return null;
  },

  input(node, walk, input) {
    const { waitingFor, turn } = walk.state;
    switch (input.kind) {
      case 'playEnded':
        return waitingFor === 'prompt' ? record(node, walk) : node.next;
      case 'key':
        if (input.key !== END_KEY) return null;
        if (waitingFor === 'prompt') return record(node, walk);
        if (waitingFor === 'message') walk.effects.push({ kind: 'endMessage', turn });
        return null;
      case 'messageEnded':
        if (!input.kept) return node.failed;
        walk.cut();
        walk.play(node.thanks, 'play');
        return null;
      case 'timer':
        walk.effects.push({ kind: 'endMessage', turn });
        return node.failed;
      case 'resumed':
        if (waitingFor === 'message') return record(node, walk);
        if (waitingFor === 'play') return node.next;
        walk.play(node.prompts, 'prompt');
        return null;
      default:
        return null;
    }
  },
};

function record(node: VoicemailNode, walk: Walk): Next {
  walk.cut();
  walk.change({ hops: 0 });
  const { box, maxMs, silenceMs, notify } = node;
  const turn = walk.wait('message', maxMs + GUARD_MS);
  walk.effects.push({ kind: 'recordMessage', turn, box, maxMs, silenceMs, notify });
  return null;
}
