import type { AnnouncePlan, RequirementExpression } from '../../acd/config.js';
import type { Bounds, OverflowTarget, OverflowTrigger, Presence, QueueRules } from '../../acd/queue-rules.js';
import type { Calendar } from '../../base/calendar.js';
import { asId } from '../../base/ids.js';
import type { QueuesFile } from './shapes.js';

type QueueFile = QueuesFile['queues'][string];
type OverflowFile = QueueFile['overflow'][number];

/** What the engine is told about a queue's rules; a rule that is not in the file is absent. */
export function buildQueueRules(queue: QueueFile, calendars: Readonly<Record<string, Calendar>>): QueueRules {
  const { hours, empty, overflow, borrow, keys, redial, handle } = queue;
  const calendar = hours && calendars[hours.calendar];
  return {
    ...(hours && calendar && { hours: { calendar, atClosing: hours.atClosing === 'keep' ? 'keep' : 'letGo' } }),
    ...(empty && { empty: { join: presenceOf(empty.join), leave: presenceOf(empty.leave), graceMs: empty.grace } }),
    ...(overflow.length > 0 && { overflow: overflow.map((rule) => ({ when: triggerOf(rule), to: targetOf(rule.to) })) }),
    ...(borrow.length > 0 && {
      borrow: borrow.map((rule) => ({
        groups: rule.groups,
        require: rule.require as RequirementExpression,
        when: boundsOf(rule.when),
        forMs: rule.for,
        until: boundsOf(rule.until),
        untilForMs: rule.untilFor,
      })),
    }),
    ...(Object.keys(keys).length > 0 && { keys }),
    ...(redial && { redial: { withinMs: redial.within, callers: redial.callers } }),
    handleMs: handle,
  };
}

type AnnounceFile = QueueFile['announce'];

/** What waiting callers are told, and when: a queue's own, or a plan that a flow asks for by name. */
export const buildAnnouncing = (announce: AnnounceFile): AnnouncePlan => ({
  announce: { positionEveryMs: announce.position, positionFirstMs: announce.first, comfort: announce.comfort },
  ...estimateAndComfort(announce),
});

const estimateAndComfort = (announce: AnnounceFile): Pick<AnnouncePlan, 'estimate' | 'comfortEvery'> => ({
  ...(announce.estimate > 0 && { estimate: { firstMs: announce.estimateFirst, everyMs: announce.estimate } }),
  ...(announce.comfortEvery > 0 && { comfortEvery: { firstMs: announce.comfortFirst, everyMs: announce.comfortEvery } }),
});

const presenceOf = (presence: 'nobody' | 'signed-in' | 'ready'): Presence => (presence === 'signed-in' ? 'signedIn' : presence);

function triggerOf(rule: OverflowFile): OverflowTrigger {
  if (rule.wait !== undefined) return { kind: 'wait', afterMs: rule.wait };
  if (rule.estimate !== undefined) return { kind: 'estimate', aboveMs: rule.estimate };
  if (rule.perAgent !== undefined) return { kind: 'perAgent', above: rule.perAgent };
  return { kind: 'level', below: rule.level ?? 0 };
}

function targetOf(to: OverflowFile['to']): OverflowTarget {
  if (to.queue !== undefined) return { kind: 'queue', queueId: asId(to.queue) };
  if (to.groups !== undefined) return { kind: 'groups', groups: to.groups };
  return { kind: 'exit', name: to.exit ?? 'exit' };
}

const boundsOf = ({ waiting, longestWait, level }: QueueFile['borrow'][number]['when']): Bounds => ({
  ...(waiting !== undefined && { waiting }),
  ...(longestWait !== undefined && { longestWaitMs: longestWait }),
  ...(level !== undefined && { level }),
});
