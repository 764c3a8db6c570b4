/** A refusal is a value; a broken invariant throws. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export const ok = <T>(value: T): Result<T, never> => ({ ok: true, value });
export const err = <E>(error: E): Result<never, E> => ({ ok: false, error });

/** A refusal with a stable id (`no-such-queue`) for programs and a sentence for people. */
export interface Refusal {
  readonly id: string;
  readonly message: string;
}

export const refuse = (id: string, message: string): Result<never, Refusal> => err({ id, message });

/** Throws with what was broken. For conditions that only a defect of ours can violate, never for outside input. */
export function invariant(condition: unknown, broken: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${broken}`);
}
