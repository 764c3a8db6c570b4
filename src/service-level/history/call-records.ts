import type { ServiceTarget } from '../../acd/config.js';
import type { Fact, FactOf, QueueExit } from '../../base/facts.js';
import { HOUR, MINUTE, type Ms } from '../../base/time.js';
import { countAnswer, countEntry, countExit, emptyTally, type Tally } from '../tally.js';
import { blankCall } from './blank-call.js';
import type { RowSheet } from './row-sheet.js';
import { type CallRow, type LegRow, type OfferRow, type OpenEntity, SPANS, type StayRow, type VisitRow } from './rows.js';
import { type Spans, waitStepS } from './spans.js';

/** A call that is not done with: in progress, or ended with wrap-up or recordings still to come. Plain values, because it is stored. */
interface OpenCall {
  readonly row: CallRow;
  readonly stays: StayRow[];
  /** Presented and not ended yet. */
  readonly offers: Record<string, OfferRow>;
  readonly legs: Record<string, LegRow>;
  visit: VisitRow | null;
  visits: number;
  /** Agents who are in wrap-up for this call, and recordings that are not sealed. */
  wrapUps: string[];
  unsealed: string[];
}

/** What an agent answered last: talk and wrap-up belong to that stay, even after the call is forgotten. */
export interface AnsweredStay {
  readonly callId: string;
  readonly n: number;
  readonly queueId: string;
  readonly enteredMs: Ms;
}

export interface CallRecordOptions {
  readonly targetOf: (queueId: string) => ServiceTarget | null;
  readonly spans: Spans;
  readonly sheet: RowSheet;
  /** How a number is kept, and what stands for it where callers are compared. */
  readonly shownNumber: (number: string) => string;
  readonly callerKey: (number: string) => string | null;
  readonly answeredBy: (agentId: string) => AnsweredStay | null;
  readonly setAnswered: (agentId: string, stay: AnsweredStay | null) => void;
}

const NODES_KEPT = 100;
/** Facts may come in another order than one would think (wrap-up begins after the goodbye); then a call that owes nothing is done with. */
const RESTS_MS: Ms = MINUTE;
/** What is still owed after this never comes. */
const OWED_AT_MOST_MS: Ms = 12 * HOUR;

type CallFact = Extract<Fact, { callId: unknown }>;

/** Calls, stays, offers, legs and walks as rows; and the counts of queues, each stay in the intervals in which it entered. */
export class CallRecords {
  readonly #calls = new Map<string, OpenCall>();
  /** Ended ones in order of their end. */
  readonly #ended = new Set<string>();
  readonly #dirty = new Set<string>();
  readonly #gone = new Set<string>();
  readonly #options: CallRecordOptions;

  constructor(options: CallRecordOptions, open: Iterable<string>) {
    this.#options = options;
    const calls = [...open].map((json) => JSON.parse(json) as OpenCall);
    for (const call of calls) this.#calls.set(call.row.callId, call);
    const ended = calls.filter(({ row }) => row.endedMs !== null);
    ended.sort((a, b) => (a.row.endedMs as Ms) - (b.row.endedMs as Ms));
    for (const { row } of ended) this.#ended.add(row.callId);
  }

  add(fact: CallFact): void {
    const callId = fact.callId;
    if (callId === null || fact.kind === 'agentStateChanged') return;
    // Two facts come when the call may be forgotten, and still count for its queue.
    if (fact.kind === 'talkEnded') this.#countTalk(fact);
    if (fact.kind === 'wrapUpEnded') this.#countWrapUp(fact);
    if (fact.kind === 'callBlocked')
      this.#count(fact.queueId, fact.atMs, (tally) => {
        tally.blocked += 1;
      });
    const call =
      this.#calls.get(callId) ?? (AFTER_THE_END.has(fact.kind) ? null : this.#open(callId, 'inbound', beganAtMs(fact)));
    if (!call) return;
    this.#walk(call, fact);
    this.#queue(call, fact);
    this.#talk(call, fact);
    this.#close(call, fact);
    this.#dirty.add(callId);
    this.#options.sheet.put('calls', callId, call.row);
  }

  /** Forgets what is done with at `atMs`, and says what changed since it was last asked. */
  settle(atMs: Ms): OpenEntity[] {
    for (const callId of this.#ended) {
      const call = this.#calls.get(callId);
      const endedMs = call?.row.endedMs ?? atMs;
      if (atMs - endedMs < RESTS_MS) break;
      const owes = call !== undefined && call.wrapUps.length + call.unsealed.length > 0;
      if (owes && atMs - endedMs < OWED_AT_MOST_MS) continue;
      this.#ended.delete(callId);
      this.#calls.delete(callId);
      this.#dirty.delete(callId);
      this.#gone.add(callId);
    }
    const changed: OpenEntity[] = [];
    for (const id of this.#gone) changed.push({ kind: 'call', id, json: null });
    for (const id of this.#dirty) changed.push({ kind: 'call', id, json: JSON.stringify(this.#calls.get(id)) });
    this.#gone.clear();
    this.#dirty.clear();
    return changed;
  }

  #open(callId: string, direction: CallRow['direction'], arrivedMs: Ms): OpenCall {
    const call: OpenCall = {
      row: blankCall(callId, direction, arrivedMs),
      stays: [],
      offers: {},
      legs: {},
      visit: null,
      visits: 0,
      wrapUps: [],
      unsealed: [],
    };
    this.#calls.set(callId, call);
    this.#dirty.add(callId);
    return call;
  }

  #walk(call: OpenCall, fact: CallFact): void {
    const { row } = call;
    const { sheet } = this.#options;
    switch (fact.kind) {
      case 'callArrived': {
        this.#setNumber(row, fact.ani);
        Object.assign(row, { dnis: fact.dnis, flowId: fact.flowId });
        const { callId, legId, atMs } = fact;
        const leg: LegRow = { callId, legId, kind: 'caller', agentId: null, fromMs: atMs, untilMs: null, place: 0 };
        call.legs[legId] = leg;
        sheet.put('legs', `${callId}/${legId}`, leg);
        return;
      }
      case 'flowEntered': {
        this.#leaveFlow(call, fact.atMs);
        call.visits += 1;
        const { callId, flowId, version, atMs } = fact;
        call.visit = { callId, n: call.visits, flowId, version, enteredMs: atMs, leftMs: null, nodes: '[]', place: 0 };
        Object.assign(row, { flowId, flowVersion: version });
        sheet.put('visits', `${callId}/${call.visits}`, call.visit);
        return;
      }
      case 'nodeEntered': {
        row.lastNode = fact.node;
        const { visit } = call;
        if (visit === null || visit.flowId !== fact.flowId) return;
        const nodes = JSON.parse(visit.nodes) as string[];
        if (nodes.length >= NODES_KEPT) return;
        visit.nodes = JSON.stringify([...nodes, fact.node]);
        sheet.put('visits', `${visit.callId}/${visit.n}`, visit);
        return;
      }
      case 'languageChosen':
        row.language = fact.language;
        return;
      case 'callerIdentified':
        Object.assign(row, { tier: fact.tier, customerId: fact.customerId });
        return;
      case 'callTransferred': {
        row.transfers += 1;
        const { callId, atMs, talkMs } = fact;
        const legId = `${callId}-out${row.transfers}`;
        const leg = { callId, legId, kind: 'outside', agentId: null, fromMs: atMs - talkMs, untilMs: atMs, place: 0 } as const;
        sheet.put('legs', `${callId}/${legId}`, leg);
        return;
      }
      case 'surveyAnswered': {
        const { callId, atMs, flowId, agentId, queueId, score, scale } = fact;
        Object.assign(row, { surveyScore: score, surveyScale: scale });
        sheet.put('surveys', `${sheet.place}`, { callId, atMs, flowId, agentId, queueId, score, scale, place: 0 });
        return;
      }
    }
  }

  #queue(call: OpenCall, fact: CallFact): void {
    const { row } = call;
    switch (fact.kind) {
      case 'callQueued':
        return this.#queued(call, fact);
      case 'callReprioritised': {
        const stay = openStay(call);
        if (stay?.queueId !== fact.queueId) return;
        Object.assign(stay, { lane: fact.lane, priority: fact.priority });
        row.lane = fact.lane;
        return this.#putStay(stay);
      }
      case 'callOffered': {
        const { offerId, callId, queueId, agentId, atMs, waitedMs } = fact;
        const offer: OfferRow = {
          ...{ offerId, callId, queueId, agentId, offeredMs: atMs, waitedMs, rule: fact.why.rule },
          ...{ outcome: null, cause: null, ringMs: null, place: 0 },
        };
        row.offers += 1;
        call.offers[offerId] = offer;
        return this.#options.sheet.put('offers', offerId, offer);
      }
      case 'offerEnded': {
        const offer = call.offers[fact.offerId];
        if (!offer) return;
        Object.assign(offer, { outcome: fact.outcome, cause: fact.cause, ringMs: fact.ringMs });
        delete call.offers[fact.offerId];
        return this.#options.sheet.put('offers', fact.offerId, offer);
      }
      case 'callAnswered':
        return this.#answered(call, fact);
      case 'callLeftQueue':
        return this.#left(call, this.#stayFor(call, fact.queueId, fact.atMs, fact.waitMs), fact.exit, fact.waitMs);
      case 'callbackRequested': {
        const promise = this.#open(fact.callbackId, 'callback', fact.atMs);
        this.#setNumber(promise.row, fact.number);
        Object.assign(promise.row, { dnis: row.dnis, queueId: fact.queueId, tier: row.tier, language: row.language });
        return this.#options.sheet.put('calls', fact.callbackId, promise.row);
      }
      case 'callbackEnded':
        row.waitMs = fact.waitMs;
        if (fact.agentId === null) return;
        row.agentId = fact.agentId;
        return this.#putAgentLeg(call, `${fact.callId}-agent`, fact.agentId, fact.atMs);
    }
  }

  #talk(call: OpenCall, fact: CallFact): void {
    const { row } = call;
    switch (fact.kind) {
      case 'talkEnded': {
        row.talkMs += fact.talkMs;
        row.holdMs += fact.holdMs;
        const stay = call.stays.findLast(({ agentId }) => agentId === fact.agentId);
        if (stay) {
          stay.talkMs += fact.talkMs;
          stay.holdMs += fact.holdMs;
          this.#putStay(stay);
        }
        for (const leg of Object.values(call.legs)) if (leg.agentId === fact.agentId) this.#endLeg(call, leg, fact.atMs);
        return;
      }
      case 'wrapUpStarted':
        call.wrapUps.push(fact.agentId);
        return;
      case 'wrapUpEnded': {
        row.wrapUpMs += fact.wrapUpMs;
        call.wrapUps = call.wrapUps.filter((agentId) => agentId !== fact.agentId);
        const stay = call.stays.findLast(({ agentId }) => agentId === fact.agentId);
        if (!stay) return;
        stay.wrapUpMs += fact.wrapUpMs;
        return this.#putStay(stay);
      }
      case 'recordingStarted':
        row.recordings = JSON.stringify([...(JSON.parse(row.recordings) as string[]), fact.recordingId]);
        call.unsealed.push(fact.recordingId);
        return;
      case 'recordingSealed':
      case 'recordingMissing':
        call.unsealed = call.unsealed.filter((id) => id !== fact.recordingId);
        return;
    }
  }

  #close(call: OpenCall, fact: CallFact): void {
    if (fact.kind !== 'callEnded' || call.row.endedMs !== null) return;
    const { row } = call;
    const waiting = openStay(call);
    // A call that ends while it waits (its switch is lost) is abandoned: for the caller it makes no difference.
    if (waiting) this.#left(call, waiting, 'abandoned', fact.atMs - waiting.enteredMs);
    this.#leaveFlow(call, fact.atMs);
    for (const leg of Object.values(call.legs)) this.#endLeg(call, leg, fact.atMs);
    Object.assign(row, { endedMs: fact.atMs, outcome: fact.outcome, endedBy: fact.endedBy, durationMs: fact.durationMs });
    this.#ended.add(row.callId);
    for (const spanMin of [60, 1440] as const) {
      const startMs = this.#options.spans.startOf(spanMin, row.arrivedMs);
      const { direction, dnis } = row;
      const key = `${spanMin}/${startMs}/${direction}/${dnis}/${fact.outcome}`;
      const sums = this.#options.sheet.sums('outcomeIntervals', key, () => ({
        ...{ spanMin, startMs, direction, dnis, outcome: fact.outcome, calls: 0, durationMs: 0, place: 0 },
      }));
      sums.calls += 1;
      sums.durationMs += fact.durationMs;
    }
  }

  #queued(call: OpenCall, fact: FactOf<'callQueued'>): void {
    const current = openStay(call);
    if (current?.queueId === fact.queueId) {
      // Nobody enters a queue twice without leaving it: the place and the clock are kept.
      Object.assign(current, { lane: fact.lane, priority: fact.priority });
      return this.#putStay(current);
    }
    if (current) this.#left(call, current, 'flowedOut', fact.atMs - current.enteredMs);
    const stay = this.#enter(call, fact.queueId, fact.atMs, fact.lane, fact.priority, fact.language);
    Object.assign(call.row, { queueId: fact.queueId, lane: stay.lane, language: call.row.language ?? (fact.language || null) });
  }

  #enter(call: OpenCall, queueId: string, atMs: Ms, lane: string, priority: number, language: string): StayRow {
    const stay: StayRow = {
      ...{ callId: call.row.callId, n: call.row.stays + 1, queueId, enteredMs: atMs, lane, priority, language },
      ...{ tier: call.row.tier, exit: null, waitMs: null, inTime: 0, short: 0, agentId: null },
      ...{ talkMs: 0, holdMs: 0, wrapUpMs: 0, place: 0 },
    };
    call.row.stays = stay.n;
    call.stays.push(stay);
    this.#putStay(stay);
    this.#count(queueId, atMs, countEntry);
    return stay;
  }

  /** The stay that a fact speaks of. One that began before our first fact is entered now, at the moment that its wait tells. */
  #stayFor(call: OpenCall, queueId: string, atMs: Ms, waitMs: Ms): StayRow {
    const current = openStay(call);
    if (current?.queueId === queueId) return current;
    if (current) this.#left(call, current, 'flowedOut', atMs - current.enteredMs);
    return this.#enter(call, queueId, atMs - waitMs, 'ordinary', 0, '');
  }

  #answered(call: OpenCall, fact: FactOf<'callAnswered'>): void {
    const stay = this.#stayFor(call, fact.queueId, fact.atMs, fact.waitMs);
    const { callId, offerId: legId, agentId, waitMs, atMs } = fact;
    const target = this.#options.targetOf(stay.queueId);
    Object.assign(stay, { exit: 'answered', waitMs, agentId, inTime: target && waitMs <= target.withinMs ? 1 : 0 });
    this.#putStay(stay);
    this.#addWait(call, stay, waitMs);
    call.row.agentId = agentId;
    if (target) this.#count(stay.queueId, stay.enteredMs, (tally) => countAnswer(tally, waitMs, target));
    this.#options.setAnswered(agentId, target && { callId, n: stay.n, queueId: stay.queueId, enteredMs: stay.enteredMs });
    this.#putAgentLeg(call, legId, agentId, atMs);
  }

  #putAgentLeg(call: OpenCall, legId: string, agentId: string, atMs: Ms): void {
    const { callId } = call.row;
    const leg: LegRow = { callId, legId, kind: 'agent', agentId, fromMs: atMs, untilMs: null, place: 0 };
    call.legs[legId] = leg;
    this.#options.sheet.put('legs', `${callId}/${legId}`, leg);
  }

  #left(call: OpenCall, stay: StayRow, exit: QueueExit, waitMs: Ms): void {
    const target = this.#options.targetOf(stay.queueId);
    const short = target && exit === 'abandoned' && waitMs <= target.shortAbandonMs ? 1 : 0;
    Object.assign(stay, { exit, waitMs, inTime: target && waitMs <= target.withinMs ? 1 : 0, short });
    this.#putStay(stay);
    this.#addWait(call, stay, waitMs);
    if (target) this.#count(stay.queueId, stay.enteredMs, (tally) => countExit(tally, exit, waitMs, target));
  }

  #addWait(call: OpenCall, stay: StayRow, waitMs: Ms): void {
    call.row.waitMs = (call.row.waitMs ?? 0) + waitMs;
    const { queueId, exit } = stay;
    if (exit === null || !this.#options.targetOf(queueId)) return;
    const upToS = waitStepS(waitMs);
    for (const spanMin of [15, 1440] as const) {
      const startMs = this.#options.spans.startOf(spanMin, stay.enteredMs);
      const sums = this.#options.sheet.sums('waits', `${queueId}/${spanMin}/${startMs}/${exit}/${upToS}`, () => ({
        ...{ queueId, spanMin, startMs, exit, upToS, calls: 0, place: 0 },
      }));
      sums.calls += 1;
    }
  }

  #countTalk(fact: FactOf<'talkEnded'>): void {
    const stay = this.#options.answeredBy(fact.agentId);
    if (stay?.callId !== fact.callId) return;
    this.#count(stay.queueId, stay.enteredMs, (tally) => {
      tally.sumTalkMs += fact.talkMs;
      tally.sumHoldMs += fact.holdMs;
    });
  }

  #countWrapUp(fact: FactOf<'wrapUpEnded'>): void {
    const stay = this.#options.answeredBy(fact.agentId);
    if (stay?.callId !== fact.callId) return;
    this.#count(stay.queueId, stay.enteredMs, (tally) => {
      tally.sumWrapUpMs += fact.wrapUpMs;
    });
  }

  /** Queues that the configuration does not know are not counted, as nowhere else. */
  #count(queueId: string, enteredMs: Ms, change: (tally: Tally) => void): void {
    if (!this.#options.targetOf(queueId)) return;
    const tally = emptyTally();
    change(tally);
    for (const span of SPANS) this.#options.sheet.queue(queueId, span, this.#options.spans.startOf(span, enteredMs), tally);
  }

  #setNumber(row: CallRow, number: string): void {
    row.ani = this.#options.shownNumber(number);
    row.aniEnd = number.slice(-32).replace(/\D/g, '').slice(-4);
    row.callerKey = this.#options.callerKey(number);
  }

  #leaveFlow(call: OpenCall, atMs: Ms): void {
    const { visit } = call;
    if (!visit) return;
    visit.leftMs = atMs;
    this.#options.sheet.put('visits', `${visit.callId}/${visit.n}`, visit);
    call.visit = null;
  }

  #endLeg(call: OpenCall, leg: LegRow, atMs: Ms): void {
    leg.untilMs = atMs;
    this.#options.sheet.put('legs', `${leg.callId}/${leg.legId}`, leg);
    delete call.legs[leg.legId];
  }

  #putStay(stay: StayRow): void {
    this.#options.sheet.put('stays', `${stay.callId}/${stay.n}`, stay);
  }
}

/** Of a call whose arrival is older than our first fact. */
const beganAtMs = (fact: CallFact): Ms => (fact.kind === 'callEnded' ? fact.atMs - fact.durationMs : fact.atMs);

const openStay = (call: OpenCall): StayRow | undefined => call.stays.findLast(({ exit }) => exit === null);

/** These come after the end too, some of them twice, and must not raise a call that was forgotten. */
const AFTER_THE_END: ReadonlySet<string> = new Set([
  'voicemailLeft',
  'recordingStarted',
  'recordingEnded',
  'recordingSealed',
  'recordingMissing',
  'wrapUpStarted',
  'wrapUpEnded',
  'wrapUpExtended',
  'talkEnded',
  'messageQueued',
  'messageDelivered',
  'messageGivenUp',
]);
