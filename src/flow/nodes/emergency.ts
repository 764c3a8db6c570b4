import { z } from 'zod';
import { GOODBYE_NODE } from '../program.js';
import type { Walk } from '../walk.js';
import type { NodeKind } from './kind.js';

/** What goes before every flow while an emergency announcement is on. Nobody writes it; `startFlow` enters it. */
export interface EmergencyNode {
  readonly kind: 'emergency';
}

/** The language has not been chosen yet, so it is said in the first ones of the flow. */
const LANGUAGES = 2;

export const emergencyKind: NodeKind<'emergency', never> = {
  name: 'emergency',
  about: 'Plays the emergency announcement that is on for the number dialled.',
  shape: z.never(),
  waits: false,
  compile: () => ({ kind: 'emergency' }),
  isEnd: () => false,
  enter(_node, walk) {
    const announcement = announce(walk);
    if (announcement === null) return walk.program.start;
    walk.fact({ kind: 'emergencyHeard', prompt: announcement.prompt });
    return null;
  },
  input(_node, walk, input) {
    if (input.kind === 'key') walk.keepKey(input.key);
    if (input.kind === 'resumed') return announce(walk) === null ? walk.program.start : null;
    if (input.kind !== 'playEnded') return null;
    // Switched off while it played: the flow is open again.
    return emergencyOf(walk)?.then === 'hangUp' ? GOODBYE_NODE : walk.program.start;
  },
};

const emergencyOf = ({ world }: Walk) => world.emergency?.(world.dnis) ?? null;

function announce(walk: Walk): { readonly prompt: string } | null {
  const found = emergencyOf(walk);
  if (found === null) return null;
  const languages = walk.program.languages.slice(0, LANGUAGES);
  walk.play(
    languages.map((language) => ({ prompt: found.prompt, language })),
    'play',
  );
  return found;
}
