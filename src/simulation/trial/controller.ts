import type { Fact } from '../../base/facts.js';
import type { Refusal } from '../../base/result.js';
import type { Ms } from '../../base/time.js';
import type { Hotline, HotlineEvent } from '../../call/hotline.js';
import type { HotlineConfig } from '../../call/state.js';
import type { Clock } from '../../ports/clock.js';
import type { Jobs } from '../../ports/jobs.js';
import type { Log } from '../../ports/log.js';
import type { LookUps } from '../../ports/look-ups.js';
import type { StateStore } from '../../ports/state-store.js';
import type { Switch } from '../../ports/switch.js';

/**
 * What is put to the test: the serial loop of a routing domain, as `control/domain.ts` is one. Whoever runs a trial hands it in, so that the
 * simulation knows the house by its contract only.
 */
export interface Controller {
  submit(event: HotlineEvent): Promise<Refusal | null>;
  /** As if killed. */
  abandon(): void;
  readonly hotline: Hotline;
  readonly degraded: boolean;
  readonly fence: number;
}

export interface ControllerOptions {
  readonly node: string;
  readonly clock: Clock;
  readonly store: StateStore;
  readonly switches: readonly Switch[];
  readonly jobs: Jobs;
  readonly lookUps: LookUps;
  readonly config: HotlineConfig;
  readonly log: Log;
  readonly leaseMs: Ms;
  readonly onFacts: (facts: readonly Fact[]) => void;
  readonly onFatal: (reason: string, cause?: unknown) => void;
}

/** Waits for the lease, reads the state, connects the switches. */
export type OpenController = (options: ControllerOptions, signal?: AbortSignal) => Promise<Controller>;
