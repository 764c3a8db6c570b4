import { type DestinationStream, destination as fileDestination, type Logger, pino, stdTimeFunctions } from 'pino';
import { maskNumber } from '../service-level/mask.js';

export interface LogOptions {
  readonly level: string;
  /** Standard output unless told. */
  readonly destination?: DestinationStream;
  /** Bound to each line: the node's name. */
  readonly node?: string;
}

/**
 * The structured log: one JSON object a line, a fixed sentence in `msg`. Whatever it is handed, numbers of callers leave it masked to the
 * last four digits, and keyed digits, PINs, card numbers, passwords and tokens do not leave it at all. That is the last line of
 * defence, not a leave to hand them in.
 */
export function createLog({ level, destination, node }: LogOptions): Logger {
  const log = pino(
    {
      level,
      base: node === undefined ? null : { node },
      timestamp: stdTimeFunctions.isoTime,
      // Errors are written out by `errorFields`, before pino's own serializer would show their text as it is.
      serializers: { err: (error) => error },
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => withoutSecrets(fields) as typeof fields,
      },
      hooks: {
        logMethod(args, method) {
          const clean: unknown[] = args.map((arg) => (typeof arg === 'string' ? cleanText(arg) : arg));
          // Without a sentence pino takes the error's own text for it, past the formatters.
          const error = clean.length === 1 ? errorIn(clean[0]) : null;
          if (error) clean.push(cleanText(error.message));
          method.apply(this, clean as typeof args);
        },
      },
    },
    destination ?? fileDestination({ dest: 1, sync: false }),
  );
  // Pino writes the fields of a child down as they are; children of children come this way too.
  const child = log.child;
  log.child = function cleanChild(this: Logger, bindings: object, options?: Parameters<Logger['child']>[1]) {
    return child.call(this, withoutSecrets(bindings) as Record<string, unknown>, options);
  } as Logger['child'];
  return log;
}

const HIDDEN = '[hidden]';
/** Compared without case, dashes and underscores. */
const NUMBERS = new Set(['ani', 'callernumber', 'callerid', 'calleridnum', 'callernum', 'cli', 'number', 'numbers', 'msisdn']);
const SECRETS = new Set([
  'digits',
  'digit',
  'dtmf',
  'pin',
  'card',
  'cardnumber',
  'pan',
  'cvv',
  'cvc',
  'authorization',
  'cookie',
  'setcookie',
]);
const SECRET_ENDINGS = ['password', 'passwd', 'token', 'tokens', 'secret', 'secrets', 'apikey', 'credentials'];
const DEPTH = 6;
const ENTRIES = 200;

/** A copy that may be written down. Bounded in depth and size, safe for cycles because of the depth. */
function withoutSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH) return '[deep]';
  if (value instanceof Error) return errorFields(value, depth);
  if (value instanceof Date) return value;
  if (value instanceof Map) return withoutSecrets(Object.fromEntries(value), depth);
  if (value instanceof Set || Array.isArray(value)) {
    return [...value].slice(0, ENTRIES).map((item) => withoutSecrets(item, depth + 1));
  }
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  // A request or another thing of a library knows how it wants to be shown; Fastify's serializers do it after us.
  if (depth === 0 ? false : !isPlain(value)) return `[${value.constructor?.name ?? 'object'}]`;
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, ENTRIES)
      .map(([key, inner]) => [key, field(key, inner, depth)]),
  );
}

function errorIn(first: unknown): Error | null {
  if (first instanceof Error) return first;
  const inner = typeof first === 'object' && first !== null ? (first as { err?: unknown }).err : null;
  return inner instanceof Error ? inner : null;
}

function field(key: string, value: unknown, depth: number): unknown {
  const name = key.toLowerCase().replace(/[-_]/g, '');
  if (SECRETS.has(name) || SECRET_ENDINGS.some((ending) => name.endsWith(ending))) return value === null ? null : HIDDEN;
  if (NUMBERS.has(name)) return masked(value);
  // Fastify hands these over whole and has serializers that show a few fields; what they make is cleaned by the serializers themselves.
  if (depth === 0 && (key === 'req' || key === 'res')) return value;
  // Ids of ours may be long runs of digits; they are never a card.
  if (typeof value === 'string' && name.endsWith('id')) return value;
  return withoutSecrets(value, depth + 1);
}

function masked(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'number') return maskNumber(String(value));
  if (Array.isArray(value)) return value.slice(0, ENTRIES).map(masked);
  return value === null || value === undefined ? value : HIDDEN;
}

function errorFields(error: Error, depth: number): Record<string, unknown> {
  const { code } = error as NodeJS.ErrnoException;
  return {
    type: error.name,
    message: cleanText(error.message),
    ...(code === undefined ? {} : { code }),
    stack: cleanText(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: withoutSecrets(error.cause, depth + 1) }),
  };
}

/** Takes passwords out of addresses, and what reads as a card number (15 to 19 digits, right check digit) out of any text. */
function cleanText(text: string): string {
  const withoutPasswords = text.includes('://') ? text.replace(/(\w:\/\/)[^\s/@]*@/g, `$1${HIDDEN}@`) : text;
  if (!/\d{4}/.test(withoutPasswords)) return withoutPasswords;
  return withoutPasswords.replace(/\d(?:[ -]?\d){14,18}(?!\d)/g, (run) => (isCard(run.replace(/\D/g, '')) ? HIDDEN : run));
}

/** Luhn's check digit. */
function isCard(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};
