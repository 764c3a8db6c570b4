import type { LookUpResult } from '../base/look-up.js';
import type { Ms } from '../base/time.js';
import type { FlowValue } from '../flow/contract.js';

/**
 * Asks systems of the house for flows. Contract:
 * - `ask` never rejects and resolves at the latest `timeoutMs` after it was called, whatever the other side does.
 * - Only endpoints of the configuration are asked, by name; redirects are not followed; what an answer may be long is limited.
 * - `send` may hold secure digits: it goes into the request alone, never into a log, an error or a metric.
 */
export interface LookUps {
  ask(question: LookUpQuestion): Promise<LookUpResult>;
  close(): Promise<void>;
}

export interface LookUpQuestion {
  readonly endpoint: string;
  readonly send: Readonly<Record<string, FlowValue>>;
  readonly timeoutMs: Ms;
  /** Secure digits are in `send`: it goes by the body of a request only, never by an address. Absent: taken for true. */
  readonly hasSecrets?: boolean;
}
