import type { Fact } from '../../base/facts.js';
import type { SwitchCommand } from '../../call/commands.js';
import type { SwitchEvent } from '../../call/switch-events.js';
import type { Commit, CommitResult } from '../../ports/state-store.js';
import type { SimulatedNode } from './node.js';

/** Watches one promise of the house, from outside. Each keeps its own books; none trusts another's, nor the engine's. */
export interface Checker {
  /** Facts that have been written, or told by a node that cannot write. */
  facts?(facts: readonly Fact[]): void;
  /** An event has reached a node. */
  delivered?(event: SwitchEvent, node: SimulatedNode): void;
  /** A node has told the switch to do something; the switch has done it. */
  commanded?(command: SwitchCommand, node: SimulatedNode): void;
  obeyed?(command: SwitchCommand): void;
  /** A commit has reached the store. `inTime`: its sender was still waiting, and has not changed since. */
  committed?(node: SimulatedNode, commit: Commit, result: CommitResult, inTime: boolean): void;
  /** A new node has begun from a store that had lost something, or from one that its predecessor could not write to: whatever was told before may never have been. */
  forgotten?(): void;
  /** The control connection was cut, or the switch crashed. */
  cut?(crash: boolean): void;
  /** Twice a second of virtual time. */
  sample?(): void;
  /** Long after everything has healed and everybody has gone home. */
  settled?(): void;
}
