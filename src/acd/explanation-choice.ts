import type { Decision, FactOf } from '../base/facts.js';
import type { CallId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import type { QueueConfig } from './config.js';
import type { Speaker } from './explanation-phrases.js';

/** One choice in words: who was there, by which keys, which rule decided, who was passed over. */

type Candidate = Decision['candidates'][number];
type Offered = FactOf<'callOffered'>;
type QueueOf = (queueId: string) => QueueConfig | undefined;

/** The keys of decisions that do not name them. */
const CALLER_KEYS = ['guard', 'rank', 'class', 'priority', 'standsMs', 'waitedMs'];
const AGENT_KEYS: Readonly<Record<string, readonly string[]>> = {
  'longest-idle': ['idleMs'],
  'best-skill': ['proficiency', 'idleMs'],
};

export const keysOf = (why: Decision): readonly string[] =>
  why.keys ?? (why.trigger === 'agentFreed' ? CALLER_KEYS : (AGENT_KEYS[why.rule] ?? []));

export interface Told {
  readonly text: string;
  readonly details: readonly string[];
}

/** Why this call was offered to this agent. */
export function tellChoice(speaker: Speaker, fact: Offered, queueOf: QueueOf): Told {
  return fact.why.trigger === 'agentFreed' ? tellCaller(speaker, fact, queueOf) : tellAgent(speaker, fact);
}

function tellAgent(speaker: Speaker, { agentId, why }: Offered): Told {
  const n = why.considered;
  const reason = n === 1 && ORDERS.includes(why.rule) ? speaker.say('onlyOne') : speaker.sayOf('rule', why.rule, { n });
  const details: string[] = [];
  if (n > 1) details.push(speaker.say('candidates', { list: listed(speaker, why, (each) => agentText(speaker, why, each)) }));
  const tie = n > 1 && why.candidates[0]?.key[0] === why.candidates[1]?.key[0] ? decidedBy(speaker, why) : null;
  if (tie) details.push(speaker.say('tied', { key: tie }));
  details.push(...passedOver(speaker, why));
  return { text: speaker.say('offeredWhy', { agent: agentId, why: reason }), details };
}

/** Rules that only put agents in order say nothing when there was only one. */
const ORDERS = ['longest-idle', 'best-skill', 'fewest-calls', 'least-occupied', 'round-robin', 'random', 'ring-all'];

function tellCaller(speaker: Speaker, { callId, agentId, why }: Offered, queueOf: QueueOf): Told {
  const heads = listed(speaker, why, (each) => callerText(speaker, why, each, queueOf));
  const chosen = MEANT.includes(why.rule)
    ? speaker.say('chosenMeant', { call: callId, rule: ruleName(speaker, why.rule) })
    : why.considered === 1
      ? speaker.say('chosenOnly', { call: callId })
      : speaker.say('chosenCaller', { call: callId, rule: ruleName(speaker, why.rule) });
  const decided = why.considered > 1 ? decidedBy(speaker, why) : null;
  const details = [decided ? speaker.say('decidedBy', { sentence: chosen, key: decided }) : chosen];
  details.push(...passedOver(speaker, why), speaker.say('offered', { agent: agentId }));
  return { text: speaker.say('agentFreed', { agent: agentId, heads }), details };
}

/** In the story of a caller who stood at a head too: the agent went to another. Null when this caller was no candidate. */
export function tellOther(speaker: Speaker, fact: Offered, self: CallId, queueOf: QueueOf): Told | null {
  const { why } = fact;
  const place = why.candidates.findIndex((each) => each.id === self);
  const mine = why.candidates[place];
  const first = why.candidates[0];
  if (!mine || !first || why.trigger !== 'agentFreed') return null;
  const decided = decidedBy(speaker, why, place);
  const values = { agent: fact.agentId, call: fact.callId, place: place + 1, n: why.considered };
  const rule = decided
    ? speaker.say('decidedBy', { sentence: ruleName(speaker, why.rule), key: decided })
    : ruleName(speaker, why.rule);
  const text = speaker.say('wentElsewhere', { ...values, rule, self: callerText(speaker, why, mine, queueOf) });
  return { text, details: [] };
}

/** The call was meant for the agent; nothing was compared. */
const MEANT = ['assigned', 'preferred-agent', 'last-agent'];

const ruleName = (speaker: Speaker, rule: string): string => speaker.sayOf('caller', rule);

function listed(speaker: Speaker, why: Decision, tell: (each: Candidate) => string): string {
  const list = why.candidates.map(tell).join(speaker.say(why.trigger === 'agentFreed' ? 'heads' : 'separator'));
  const more = why.considered - why.candidates.length;
  return more > 0 ? speaker.say('more', { list, n: more }) : list;
}

function agentText(speaker: Speaker, why: Decision, candidate: Candidate): string {
  const keys = keysOf(why);
  const facts = candidate.key.map((value, i) => keyText(speaker, keys[i], value)).filter((text) => text !== '');
  if (keys.length === 0 && candidate.note) facts.push(candidate.note);
  return facts.length > 0 ? speaker.say('wrapped', { id: candidate.id, facts: speaker.list(facts) }) : candidate.id;
}

/** Where a candidate stands: said by the decision, or read out of its note (`vip in general, waited 13700 ms`). */
function standing(candidate: Candidate): { lane: string; queueId: string } {
  const [, lane = '', queueId = ''] = /^(\w+) in ([\w.-]+)/.exec(candidate.note ?? '') ?? [];
  return { lane, queueId };
}

function waitedOf({ note = '' }: Candidate): Ms | undefined {
  const ms = /waited (\d+) ms/.exec(note)?.[1];
  return ms === undefined ? undefined : Number(ms);
}

function callerText(speaker: Speaker, why: Decision, candidate: Candidate, queueOf: QueueOf): string {
  const { lane, queueId } = standing(candidate);
  const keys = keysOf(why);
  const value = (name: string): number | undefined => {
    const at = candidate.key[keys.indexOf(name)];
    return typeof at === 'number' ? at : undefined;
  };
  const facts: string[] = [];
  const waitedMs = value('waitedMs') ?? waitedOf(candidate);
  if (waitedMs !== undefined) facts.push(keyText(speaker, 'waitedMs', waitedMs));
  keys.forEach((name, i) => {
    if (name === 'waitedMs' || name === 'guard' || (name === 'standsMs' && candidate.key[i] === waitedMs)) return;
    const text = keyText(speaker, name, candidate.key[i] as number | string);
    if (text !== '') facts.push(text);
  });
  const guardMs = queueOf(queueId)?.callers.waitsAtMostMs;
  if (guardMs !== undefined && value('guard') !== undefined && lane !== 'vip') {
    facts.push(guardText(speaker, guardMs, value('guard') === 0));
  } else if (value('guard') === 0) facts.push(speaker.say('key.guard0'));
  const text = speaker.list(facts);
  if (queueId === '') return speaker.say('self', { call: candidate.id, facts: text });
  return speaker.say('listed', { lane: speaker.sayOf('lane', lane), call: candidate.id, queue: queueId, facts: text });
}

const guardText = (speaker: Speaker, guardMs: Ms, reached: boolean): string =>
  speaker.say('guardAt', {
    guard: speaker.time(guardMs),
    reached: speaker.say(reached ? 'guardReached' : 'guardNotReached'),
  });

/** One key in words; empty for a value that says nothing (rank 0, no priority, the ordinary class). */
function keyText(speaker: Speaker, name: string | undefined, value: number | string): string {
  if (name === undefined) return String(value);
  if (name === 'class' || name === 'guard') {
    return speaker.has('key', `${name}${value}`) ? speaker.sayOf('key', `${name}${value}`) : '';
  }
  if ((name === 'rank' || name === 'priority') && value === 0) return '';
  // A priority is compared as its opposite, so that smaller goes first everywhere.
  if (name === 'priority') return speaker.sayOf('key', name, { value: Math.abs(Number(value)) });
  // The moment when the target is missed lies ahead.
  if (name === 'standsMs' && Number(value) < 0) return speaker.sayOf('key', 'timeLeftMs', { time: speaker.time(-Number(value)) });
  if (name === 'occupancy' && typeof value === 'number') {
    return speaker.sayOf('key', name, { value: `${Math.round(value * 1_000) / 10} %` });
  }
  if (name.endsWith('Ms') && typeof value === 'number') {
    const time = speaker.time(value);
    return speaker.has('key', name)
      ? speaker.sayOf('key', name, { time })
      : speaker.sayOf('key', 'unknown', { name, value: time });
  }
  return speaker.sayOf('key', name, { name, value });
}

/** The first key in which the chosen one and the next (or the one at `place`) differ. Null when there is nobody to compare with. */
function decidedBy(speaker: Speaker, why: Decision, place = 1): string | null {
  const [first] = why.candidates;
  const other = why.candidates[place];
  if (!first || !other || first === other) return null;
  const at = first.key.findIndex((value, i) => value !== other.key[i]);
  if (at < 0) return speaker.say('by.id');
  const name = keysOf(why)[at];
  return name === undefined ? null : speaker.sayOf('by', name);
}

function passedOver(speaker: Speaker, why: Decision): string[] {
  if (!why.passedOver || why.passedOver.length === 0) return [];
  const list = why.passedOver
    .map(({ id, why: reason }) => speaker.say('wrapped', { id, facts: speaker.sayOf('passed', reason) }))
    .join(speaker.say('separator'));
  return [speaker.say('passedOver', { list })];
}
