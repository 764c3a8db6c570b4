import type { EmergencyDesk as EmergencyForHttp, FlowDesk as FlowsForHttp } from '../../http/deps.js';
import type { EmergencyDesk } from './emergency-desk.js';
import type { FlowDesk } from './flow-desk.js';

/** What the API may ask of the flows: looking is the reader's work, changing the desk's. */
export function flowsForHttp(desk: FlowDesk): FlowsForHttp {
  const { reader } = desk;
  return {
    list: () => reader.list(),
    refusedFiles: () => reader.refusedFiles(),
    detail: (...of) => reader.detail(...of),
    versions: (flowId) => reader.versions(flowId),
    difference: (...of) => reader.difference(...of),
    day: (...of) => reader.day(...of),
    walk: (callId) => reader.walk(callId),
    check: (...of) => reader.check(...of),
    publish: (request) => desk.publish(request),
    rollBack: (request) => desk.rollBack(request),
  };
}

export const emergencyForHttp = (desk: EmergencyDesk): EmergencyForHttp => ({
  list: () => desk.list(),
  turn: (request) => desk.turn(request),
});
