/** Counts what was dropped or went wrong, by kind: `event.unknownType`, `rest.timeout`, `leg.orphan` ... */
export class FaultCounter {
  readonly #counts = new Map<string, number>();

  count(kind: string): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
  }

  read(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
