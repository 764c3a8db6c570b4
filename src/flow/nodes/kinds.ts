import type { FlowNode } from '../program.js';
import { branchKind } from './branch.js';
import { callbackKind } from './callback.js';
import { collectKind } from './collect.js';
import { emergencyKind } from './emergency.js';
import { flowKind } from './flow.js';
import { gotoKind, nextKind } from './goto.js';
import { hangupKind } from './hangup.js';
import { hoursKind } from './hours.js';
import { identifyKind } from './identify.js';
import type { NodeKind } from './kind.js';
import { languageKind } from './language.js';
import { lookupKind } from './lookup.js';
import { menuKind } from './menu.js';
import { playKind } from './play.js';
import { queueKind } from './queue.js';
import { returnKind } from './return.js';
import { sayKind } from './say.js';
import { sendKind } from './send.js';
import { setKind } from './set.js';
import { surveyKind } from './survey.js';
import { transferKind } from './transfer.js';
import { voicemailKind } from './voicemail.js';

/** The table of node kinds. A node is of the first kind here whose name is one of its fields (`play` before `hangup` and `next`). */
export const NODE_KINDS = {
  play: playKind,
  say: sayKind,
  menu: menuKind,
  collect: collectKind,
  language: languageKind,
  set: setKind,
  branch: branchKind,
  identify: identifyKind,
  hours: hoursKind,
  lookup: lookupKind,
  send: sendKind,
  queue: queueKind,
  transfer: transferKind,
  callback: callbackKind,
  voicemail: voicemailKind,
  survey: surveyKind,
  flow: flowKind,
  return: returnKind,
  hangup: hangupKind,
  goto: gotoKind,
  next: nextKind,
} as const;

/** With the kinds that nobody writes. */
const ALL_KINDS = { ...NODE_KINDS, emergency: emergencyKind };

export type AnyKind = NodeKind<FlowNode['kind'], unknown>;

/** A node's kind, typed for a caller who does not know which one it is. The table keeps kind and node together. */
export const kindOf = (name: FlowNode['kind']): AnyKind => ALL_KINDS[name] as unknown as AnyKind;

export const KIND_NAMES = Object.keys(NODE_KINDS) as ReadonlyArray<FlowNode['kind']>;
