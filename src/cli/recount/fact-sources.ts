import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { RedisStore } from '../../adapters/redis/redis-store.js';
import type { Fact } from '../../base/facts.js';
import type { Ms } from '../../base/time.js';

const PAGE = 5_000;
const LONGEST_LINE = 64 * 1024;
const MOST_FACTS = 10_000_000;
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Facts of Redis from the one at `fromMs` on. Rejects with a sentence for people. */
export async function factsOfRedis(
  redis: { readonly url: string; readonly domain: string },
  fromMs: Ms,
  toMs: Ms,
): Promise<Fact[]> {
  const store = await RedisStore.connect({ ...redis, log: SILENT });
  try {
    const facts: Fact[] = [];
    let after = await store.seqBefore(fromMs);
    for (let page = await store.facts(after, PAGE); page.length > 0; page = await store.facts(after, PAGE)) {
      for (const fact of page) facts.push(fact);
      const last = page.at(-1) as Fact;
      after = last.seq;
      if (last.atMs >= toMs) break;
    }
    return facts;
  } finally {
    await store.close();
  }
}

/** A file of JSON lines, one fact each, in order. Rejects with the line that is none. */
export async function factsOfFile(file: string): Promise<Fact[]> {
  const facts: Fact[] = [];
  let number = 0;
  const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    number += 1;
    if (line.trim() === '') continue;
    if (line.length > LONGEST_LINE || number > MOST_FACTS) throw new Error(`line ${number}: too much for one file`);
    const fact = parseFact(line);
    if (fact === null) throw new Error(`line ${number} is not a fact`);
    if (fact.seq <= (facts.at(-1)?.seq ?? 0)) throw new Error(`line ${number}: facts must stand in the order of their seq`);
    facts.push(fact);
  }
  return facts;
}

function parseFact(line: string): Fact | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { kind, seq, atMs } = value as Record<string, unknown>;
  return typeof kind === 'string' && isCount(seq) && isCount(atMs) ? (value as Fact) : null;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
