import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Fact } from '../../base/facts.js';
import { err, ok, type Result } from '../../base/result.js';

/** More calls than the largest hotline of the country has in a day, a few facts each. */
const MOST_FACTS = 5_000_000;
const LONGEST_LINE = 64 * 1024;
const WANTED: ReadonlySet<string> = new Set(['callQueued', 'callAnswered', 'callLeftQueue', 'talkEnded']);
const NUMBERS: Readonly<Record<string, readonly string[]>> = {
  callQueued: ['priority'],
  callAnswered: ['waitMs'],
  callLeftQueue: ['waitMs'],
  talkEnded: ['talkMs', 'holdMs'],
};
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  callQueued: ['queueId', 'lane', 'requirement'],
  callAnswered: ['queueId'],
  callLeftQueue: ['queueId', 'exit'],
  talkEnded: ['queueId'],
};

/** The facts of queues in a file of JSON lines. Other kinds are passed over; a line that is not a fact refuses the file. */
export async function readFacts(file: string): Promise<Result<Fact[], string>> {
  const facts: Fact[] = [];
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY })) {
      number++;
      if (line.trim() === '') continue;
      if (line.length > LONGEST_LINE || number > MOST_FACTS) return err(`line ${number}: too much for one file`);
      const fact = parseFact(line);
      if (fact === null) return err(`line ${number} is not a fact`);
      if (WANTED.has(fact.kind)) facts.push(fact);
    }
  } catch (error) {
    return err(`the facts cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
  return ok(facts);
}

function parseFact(line: string): Fact | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const record = value as Record<string, unknown>;
  if (typeof record.kind !== 'string' || !isTime(record.atMs)) return null;
  if (!WANTED.has(record.kind)) return record as unknown as Fact;
  if (typeof record.callId !== 'string') return null;
  const numbers = (NUMBERS[record.kind] ?? []).every((key) => isTime(record[key]));
  const texts = (TEXTS[record.kind] ?? []).every((key) => typeof record[key] === 'string');
  return numbers && texts ? (record as unknown as Fact) : null;
}

const isTime = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;
