import { localTime } from '../base/calendar.js';
import type { EligibleAgents, Fact, FactOf, QueueExit } from '../base/facts.js';
import type { CallId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import type { QueueConfig } from './config.js';
import { type Told, tellChoice, tellOther } from './explanation-choice.js';
import { isShort, verdictOf } from './explanation-level.js';
import { type ExplanationLanguage, type Phrase, Speaker } from './explanation-phrases.js';

export { EXPLANATION_LANGUAGES, type ExplanationLanguage } from './explanation-phrases.js';

/**
 * Why a call went as it went, in sentences: a fold over the facts of the call. Every decision that the engine took about it is read back
 * from the record that the engine left of it; nothing is guessed, and what has no words yet is listed as it is.
 */
export interface ExplanationOptions {
  readonly language: ExplanationLanguage;
  readonly timeZone: string;
  /** What an unanswered offer does to the agent; notReady unless told. */
  readonly rona?: 'notReady' | 'backOff';
  /** For thresholds and guards, as they are configured now. */
  readonly queue: (queueId: string) => QueueConfig | undefined;
}

export interface ExplanationLine {
  readonly atMs: Ms;
  /** Time of day in the site's zone: `10:02:24.870`. */
  readonly at: string;
  readonly text: string;
  /** What belongs to the line, without a time of its own. */
  readonly details: readonly string[];
}

/** One stay in one queue. */
export interface ExplanationPart {
  readonly atMs: Ms;
  readonly heading: string;
  readonly lines: readonly ExplanationLine[];
}

/**
 * `facts` of one call in order; facts of other calls among them (`callOffered` that had this caller among its candidates) tell where an
 * agent went instead. Numbers of callers are masked.
 */
export function explainCall(callId: CallId, facts: Iterable<Fact>, options: ExplanationOptions): ExplanationPart[] {
  const teller = new Teller(callId, options);
  for (const fact of facts) teller.tell(fact);
  return teller.parts();
}

/** As it is printed: a heading per stay, the lines indented below it. */
export function explanationText(parts: readonly ExplanationPart[]): string {
  const lines = parts.flatMap(({ heading, lines }) => [
    heading,
    ...lines.flatMap(({ at, text, details }) => [
      `  ${at}  ${text}`,
      ...details.map((detail) => `  ${' '.repeat(at.length)}  ${detail}`),
    ]),
  ]);
  return lines.map((line) => `${line}\n`).join('');
}

interface OpenPart {
  readonly atMs: Ms;
  readonly heading: string;
  readonly lines: ExplanationLine[];
  readonly queueId: string;
  /** Set until something has happened: what is said when nobody was rung at once. */
  waiting: { atMs: Ms; eligible: EligibleAgents | undefined } | null;
}

const LEFT_PHRASE: Record<QueueExit, Phrase> = {
  abandoned: 'left.abandoned',
  flowedOut: 'left.flowedOut',
  timedOut: 'left.timedOut',
  exitedByKey: 'left.exitedByKey',
  calledBack: 'left.calledBack',
};

class Teller {
  readonly #callId: CallId;
  readonly #options: ExplanationOptions;
  readonly #speaker: Speaker;
  readonly #parts: OpenPart[] = [];
  #arrivedAtMs: Ms | null = null;
  #ended: FactOf<'callEnded'> | null = null;

  constructor(callId: CallId, options: ExplanationOptions) {
    this.#callId = callId;
    this.#options = options;
    this.#speaker = new Speaker(options.language);
  }

  tell(fact: Fact): void {
    if (!('callId' in fact)) return;
    if (fact.callId !== this.#callId) {
      if (fact.kind === 'callOffered') this.#other(fact);
      return;
    }
    switch (fact.kind) {
      case 'callArrived':
        this.#arrivedAtMs = fact.atMs;
        return;
      case 'callQueued':
        return this.#queued(fact);
      case 'callBlocked':
        return this.#blocked(fact);
      case 'callReprioritised':
        return this.#changed(fact);
      case 'callOffered':
        return this.#offered(fact);
      case 'offerEnded':
        return this.#offerEnded(fact);
      case 'callAnswered':
        return this.#end(
          fact.atMs,
          this.#say('answered', { agent: fact.agentId, wait: this.#time(fact.waitMs) }),
          'answered',
          fact.waitMs,
        );
      case 'callLeftQueue':
        return this.#end(fact.atMs, this.#say(LEFT_PHRASE[fact.exit], { wait: this.#time(fact.waitMs) }), fact.exit, fact.waitMs);
      case 'callEnded':
        this.#ended = fact;
        return;
      case 'callOverflowed':
        return this.#note(fact.atMs, this.#overflow(fact));
      case 'placeRestored':
        return this.#note(
          fact.atMs,
          this.#say('placeRestored', {
            away: this.#time(fact.awayMs),
            previous: fact.previousCallId,
            place: this.#at(fact.enteredAtMs),
          }),
        );
      case 'callWaitsForAgent':
        return this.#note(
          fact.atMs,
          this.#say(`waitsFor.${fact.because}`, {
            agent: fact.agentId,
            by: fact.by ?? '',
            until: fact.untilMs === null ? '' : this.#at(fact.untilMs),
          }),
        );
      case 'callbackRequested':
      case 'callbackRefused':
      case 'callbackAttempted':
      case 'callbackEnded':
        return this.#note(fact.atMs, this.#callback(fact));
      default:
    }
  }

  parts(): ExplanationPart[] {
    const last = this.#parts.at(-1);
    if (last) this.#nobodyRung(last, Number.POSITIVE_INFINITY);
    if (this.#parts.length === 0) return [this.#neverQueued()];
    return this.#parts.map(({ atMs, heading, lines }) => ({ atMs, heading, lines }));
  }

  #neverQueued(): ExplanationPart {
    const atMs = this.#arrivedAtMs ?? this.#ended?.atMs ?? 0;
    const lines = this.#ended ? [this.#lineOf(this.#ended.atMs, this.#say('endedAs', { outcome: this.#ended.outcome }))] : [];
    return { atMs, heading: this.#say('neverQueued', { call: this.#callId }), lines };
  }

  #queued(fact: FactOf<'callQueued'>): void {
    const before = this.#parts.at(-1);
    if (before) this.#nobodyRung(before, fact.atMs);
    const values = { call: this.#callId, queue: fact.queueId, at: this.#at(fact.atMs), traits: this.#traits(fact) };
    this.#parts.push({
      atMs: fact.atMs,
      heading:
        fact.placeFromMs === undefined
          ? this.#say('entered', values)
          : this.#say('enteredAgain', { ...values, place: this.#at(fact.placeFromMs) }),
      lines: [],
      queueId: fact.queueId,
      waiting: { atMs: fact.atMs, eligible: fact.eligible },
    });
  }

  #blocked(fact: FactOf<'callBlocked'>): void {
    const values = { call: this.#callId, queue: fact.queueId, at: this.#at(fact.atMs) };
    const heading = this.#say('blocked', { ...values, reason: this.#say(`blocked.${fact.reason}`) });
    this.#parts.push({ atMs: fact.atMs, heading, lines: [], queueId: fact.queueId, waiting: null });
  }

  #changed(fact: FactOf<'callReprioritised'>): void {
    const part = this.#current(fact.atMs);
    if (!part) return;
    const step = /^relax step (\d+)$/.exec(fact.by)?.[1];
    const traits = this.#traits(fact);
    const text =
      step === undefined
        ? fact.by === 'overflow'
          ? this.#say('overflowWidened', { traits })
          : this.#say('changed', { by: fact.by, traits })
        : this.#say('relaxed', { step, wait: this.#time(fact.atMs - part.atMs), traits });
    part.lines.push(this.#lineOf(fact.atMs, text));
    if (fact.eligible) part.waiting = { atMs: fact.atMs, eligible: fact.eligible };
  }

  #offered(fact: FactOf<'callOffered'>): void {
    const part = this.#current(fact.atMs);
    if (!part) return;
    this.#push(part, fact.atMs, tellChoice(this.#speaker, fact, this.#options.queue));
  }

  #other(fact: FactOf<'callOffered'>): void {
    const part = this.#parts.at(-1);
    const told = tellOther(this.#speaker, fact, this.#callId, this.#options.queue);
    if (!part || !told) return;
    this.#nobodyRung(part, fact.atMs);
    this.#push(part, fact.atMs, told);
  }

  #offerEnded(fact: FactOf<'offerEnded'>): void {
    const part = this.#current(fact.atMs);
    // An accepted offer is told by the answer that follows.
    if (!part || fact.cause === 'answered') return;
    const rested = fact.cause === 'noAnswer' && this.#options.rona === 'backOff';
    const phrase: Phrase =
      fact.cause === 'switchError' || fact.cause === 'legLost' ? 'failed' : rested ? 'noAnswerRested' : fact.cause;
    part.lines.push(this.#lineOf(fact.atMs, this.#say(phrase, { agent: fact.agentId, ring: this.#time(fact.ringMs) })));
  }

  #overflow(fact: FactOf<'callOverflowed'>): string {
    const told = (value: number | null): string => {
      if (value === null) return '?';
      if (fact.rule === 'wait' || fact.rule === 'estimate') return this.#time(value);
      return fact.rule === 'level' ? `${Math.round(value * 1_000) / 10} %` : String(Math.round(value * 100) / 100);
    };
    const found = this.#say(`overflow.${fact.rule}`, { value: told(fact.value), bound: told(fact.bound) });
    return this.#say('overflowed', { to: fact.to, found });
  }

  #callback(fact: FactOf<'callbackRequested' | 'callbackRefused' | 'callbackAttempted' | 'callbackEnded'>): string {
    switch (fact.kind) {
      case 'callbackRequested':
        return this.#say('callbackRequested', {
          number: maskedNumber(fact.number),
          mode: this.#say(`mode.${fact.mode}`),
          place: this.#at(fact.enteredAtMs),
          callback: fact.callbackId,
          until: this.#at(fact.expiresAtMs),
        });
      case 'callbackRefused':
        return this.#say('callbackRefused', { reason: fact.reason });
      case 'callbackAttempted':
        return this.#say('callbackAttempted', { attempt: fact.attempt, result: fact.result, ring: this.#time(fact.ringMs) });
      case 'callbackEnded':
        return this.#say('callbackEnded', {
          outcome: fact.outcome,
          attempts: fact.attempts,
          wait: this.#time(fact.waitMs),
        });
    }
  }

  /** A line of its own, in a part of its own where the call is in no queue. */
  #note(atMs: Ms, text: string): void {
    const part = this.#current(atMs);
    if (part) part.lines.push(this.#lineOf(atMs, text));
    else
      this.#parts.push({
        atMs,
        heading: this.#say('neverQueued', { call: this.#callId }),
        lines: [this.#lineOf(atMs, text)],
        queueId: '',
        waiting: null,
      });
  }

  #end(atMs: Ms, sentence: string, end: 'answered' | QueueExit, waitMs: Ms): void {
    const part = this.#current(atMs);
    if (!part) return;
    part.lines.push(this.#lineOf(atMs, this.#judged(part.queueId, sentence, end, waitMs, atMs)));
  }

  /** In or past the threshold, and what that did to the level of the queue. */
  #judged(queueId: string, sentence: string, end: 'answered' | QueueExit, waitMs: Ms, atMs: Ms): string {
    const target = this.#options.queue(queueId)?.target;
    if (!target) return sentence;
    const verdict = verdictOf(target, end, waitMs);
    const { formula } = target;
    const short = end === 'abandoned' && isShort(target, waitMs);
    const said =
      verdict.kind === 'against'
        ? this.#say('verdict.against', { formula, from: this.#at(atMs - waitMs + verdict.fromMs) })
        : this.#say(
            verdict.kind === 'for' ? (short ? 'verdict.shortFor' : 'verdict.for') : short ? 'verdict.short' : 'verdict.out',
            {
              formula,
            },
          );
    const phrase = waitMs <= target.withinMs ? 'within' : 'past';
    return this.#say(phrase, { sentence, target: this.#time(target.withinMs), verdict: said });
  }

  #current(atMs: Ms): OpenPart | undefined {
    const part = this.#parts.at(-1);
    if (part) this.#nobodyRung(part, atMs);
    return part;
  }

  /** Said once after an entry or a relaxation that did not end in an offer at the same moment. */
  #nobodyRung(part: OpenPart, nextMs: Ms): void {
    const { waiting } = part;
    part.waiting = null;
    if (!waiting || nextMs <= waiting.atMs) return;
    part.lines.push(this.#lineOf(waiting.atMs, this.#eligible(waiting.eligible)));
  }

  #eligible(eligible: EligibleAgents | undefined): string {
    if (!eligible) return this.#say('eligibleUnknown');
    const states = ['idle', 'talking', 'wrapUp', 'ringing', 'notReady', 'resting'] as const;
    const total = states.reduce((sum, state) => sum + eligible[state], 0);
    if (total === 0) return this.#say('eligibleNone');
    const list = states
      .filter((state) => eligible[state] > 0)
      .map((state) => this.#say(`state.${state}`, { n: eligible[state] }));
    const phrase = eligible.idle > 0 ? 'eligibleIdle' : 'eligibleBusy';
    return this.#say(phrase, { total, states: this.#speaker.list(list) });
  }

  #traits(fact: { lane: string; priority: number; requirement: string }): string {
    const traits = [this.#say('lane', { lane: this.#speaker.sayOf('lane', fact.lane) })];
    if (fact.priority !== 0) traits.push(this.#say('priority', { priority: fact.priority }));
    const open = fact.requirement === '' || fact.requirement === 'anyone';
    traits.push(open ? this.#say('needsNothing') : this.#say('needs', { requirement: fact.requirement }));
    return this.#speaker.list(traits);
  }

  #push(part: OpenPart, atMs: Ms, { text, details }: Told): void {
    part.lines.push({ ...this.#lineOf(atMs, text), details });
  }

  #lineOf(atMs: Ms, text: string): ExplanationLine {
    return { atMs, at: this.#at(atMs), text, details: [] };
  }

  #at(atMs: Ms): string {
    const { msOfDay } = localTime(this.#options.timeZone, atMs);
    const two = (n: number): string => String(n).padStart(2, '0');
    const seconds = Math.floor(msOfDay / 1_000);
    const clock = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60].map(two).join(':');
    return `${clock}.${String(msOfDay % 1_000).padStart(3, '0')}`;
  }

  #time(ms: Ms): string {
    return this.#speaker.time(ms);
  }

  #say(phrase: Phrase, values: Record<string, string | number> = {}): string {
    return this.#speaker.say(phrase, values);
  }
}

/** As everywhere: the last four digits survive. */
function maskedNumber(number: string): string {
  const digits = number.slice(-32).replace(/\D/g, '');
  return digits === '' ? '' : `***${digits.slice(-4)}`;
}
