/** A structured log: a fixed sentence plus fields. The implementation masks callers' numbers; digits and secrets are never handed to it. */
export interface Log {
  debug(fields: object, sentence: string): void;
  info(fields: object, sentence: string): void;
  warn(fields: object, sentence: string): void;
  error(fields: object, sentence: string): void;
}
