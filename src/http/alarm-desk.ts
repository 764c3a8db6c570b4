import type { QueueId } from '../base/ids.js';
import type { Refusal, Result } from '../base/result.js';
import type { Ms } from '../base/time.js';
import type { AlarmView } from '../service-level/alarms/alarm-fold.js';
import type { AlarmRule, AlarmUnit } from '../service-level/alarms/rules.js';

/** What the API needs to know of alarms and may do to them. `by` is the name of who asks, for the facts. */
export interface AlarmDesk {
  /** Critical ones first, then the oldest. */
  up(): readonly AlarmView[];
  /** The last that are over, newest first. */
  ended(): readonly AlarmView[];
  rules(): readonly AlarmRuleView[];
  /** Refusals: no-such-alarm (none is up under this id), already-acknowledged (by somebody else). Resolves when it is committed. */
  acknowledge(request: AlarmAcknowledgement): Promise<Result<AlarmView, Refusal>>;
  /** Refusals: no-such-rule, no-such-queue (not one of the rule's), bad-moment. Resolves when it is committed. */
  mute(request: AlarmMute): Promise<Result<AlarmRuleView, Refusal>>;
}

/** A rule as it is configured, how its bounds are counted, and what of it is muted now. */
export interface AlarmRuleView extends AlarmRule {
  readonly unit: AlarmUnit;
  readonly of: 'queue' | 'site';
  /** `queueId` null: all of it. */
  readonly mutes: readonly { readonly queueId: string | null; readonly untilMs: Ms }[];
}

export interface AlarmAcknowledgement {
  readonly alarmId: string;
  readonly note: string;
  readonly by: string;
}

export interface AlarmMute {
  readonly rule: string;
  /** Null: all queues of the rule. */
  readonly queueId: QueueId | null;
  /** Null: heard again. */
  readonly untilMs: Ms | null;
  readonly by: string;
}
