import type { Json } from '../../base/look-up.js';

const MAX_DEPTH = 16;
/** Names by which code reaches what an object inherits. */
const DROPPED = new Set(['__proto__', 'constructor', 'prototype']);

/** What an answer says, or why it cannot be taken. A whole number that JSON's readers would round is refused: it belongs in quotes. */
export function parseAnswer(
  body: Buffer,
): { readonly ok: true; readonly answer: Json } | { readonly ok: false; readonly why: string } {
  if (body.length === 0) return { ok: false, why: 'empty' };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    return { ok: true, answer: cleaned(JSON.parse(text), MAX_DEPTH) };
  } catch (error) {
    // A parser's own words repeat what it read.
    return { ok: false, why: error instanceof Unfit ? error.message : 'not JSON' };
  }
}

class Unfit extends Error {}

function cleaned(value: unknown, depth: number): Json {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new Unfit('a number is too large');
  if (typeof value !== 'object' || value === null) return value as Json;
  if (depth === 0) throw new Unfit('nested too deep');
  if (Array.isArray(value)) return value.map((item) => cleaned(item, depth - 1));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !DROPPED.has(key))
      .map(([key, inner]) => [key, cleaned(inner, depth - 1)]),
  );
}
