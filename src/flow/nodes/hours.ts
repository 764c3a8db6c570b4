import { z } from 'zod';
import { target } from '../shapes.js';
import type { NodeKind } from './kind.js';

export interface HoursNode {
  readonly kind: 'hours';
  readonly calendar: string;
  readonly open: string;
  readonly closed: string;
}

const shape = z.strictObject({
  hours: z.strictObject({ calendar: z.string() }),
  open: target.optional(),
  closed: target.optional(),
});

export const hoursKind: NodeKind<'hours', z.output<typeof shape>> = {
  name: 'hours',
  about: 'Goes to open or closed, as the calendar says for this moment; an emergency announcement may close it.',
  shape,
  waits: false,
  compile(raw, build) {
    build.known('calendar', ['hours', 'calendar'], raw.hours.calendar);
    return {
      kind: 'hours',
      calendar: raw.hours.calendar,
      open: build.target(['open'], raw.open, 'open'),
      closed: build.target(['closed'], raw.closed, 'closed'),
    };
  },
  isEnd: () => false,
  enter(node, { world }) {
    if (world.emergency?.(world.dnis)?.then === 'closed') return node.closed;
    // A calendar that has gone since the flow was checked closes nothing: the queue's own hours still hold.
    return world.isOpen(node.calendar, world.atMs) === false ? node.closed : node.open;
  },
};
