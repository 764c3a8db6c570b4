import type { CallOutcome, Fact, FactOf } from '../base/facts.js';
import type { AgentId, CallId, OfferId, QueueId, RecordingId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import { maskNumber } from './mask.js';
import type { CallView } from './views.js';

interface CallRecord {
  readonly callId: CallId;
  ani: string;
  dnis: string;
  tier: string;
  language: string | null;
  readonly arrivedAtMs: Ms;
  phase: CallView['phase'];
  node: string | null;
  queueId: QueueId | null;
  agentId: AgentId | null;
  offerId: OfferId | null;
  /** Phones that ring for the call, in the order in which they began: several for `ring-all`. */
  readonly ringing: Map<OfferId, AgentId>;
  waitMs: Ms | null;
  talkMs: Ms | null;
  outcome: CallOutcome | null;
  endedAtMs: Ms | null;
  /** A promise to call back with nobody on the line yet. */
  promised: boolean;
  readonly recordings: RecordingId[];
  readonly facts: Fact[];
  /** Choices in which this caller stood at the head of a line too and another was taken; the latest. */
  readonly lost: Fact[];
}

/** Facts kept of one call. A caller who walks a menu in circles all day must not fill the memory. */
const FACTS_PER_CALL = 1_000;
const LOST_PER_CALL = 50;

type CallFact = Extract<Fact, { callId: CallId }>;

/** Calls in progress, and the latest ended ones with their facts. */
export class CallFold {
  readonly #live = new Map<CallId, CallRecord>();
  /** In order of their end. */
  readonly #ended = new Map<CallId, CallRecord>();
  readonly #remembered: number;
  /** Of the live ones, those that nobody is on. */
  #promised = 0;

  constructor(remembered: number) {
    this.#remembered = remembered;
  }

  get liveCount(): number {
    return this.#live.size - this.#promised;
  }

  /** Any fact that speaks of a call. A call is opened by its arrival, or by any fact of its life when it is older than our first fact. */
  add(fact: CallFact): void {
    const call = this.#live.get(fact.callId) ?? this.#ended.get(fact.callId) ?? this.#open(fact);
    if (!call) return;
    if (call.facts.length < FACTS_PER_CALL) call.facts.push(fact);
    if (fact.kind === 'callOffered') this.#passOver(fact);
    if (fact.kind === 'callbackRequested') this.#promise(fact);
    if (fact.kind === 'recordingStarted') call.recordings.push(fact.recordingId);
    else if (call.endedAtMs === null) this.#apply(call, fact);
  }

  view(callId: string): CallView | null {
    const call = this.#find(callId);
    return call ? viewOf(call) : null;
  }

  facts(callId: string): readonly Fact[] {
    return [...(this.#find(callId)?.facts ?? [])];
  }

  /** The facts of a call, and in their places the choices in which another caller was taken. */
  story(callId: string): readonly Fact[] {
    const call = this.#find(callId);
    return call ? [...call.facts, ...call.lost].sort((a, b) => a.seq - b.seq) : [];
  }

  /** The callback is a call of its own, from its request on. */
  #promise(fact: FactOf<'callbackRequested'>): void {
    const call = this.#open({ ...fact, callId: fact.callbackId });
    if (!call) return;
    call.facts.push(fact);
    Object.assign(call, { ani: maskNumber(fact.number), queueId: fact.queueId, phase: 'waiting', promised: true });
    this.#promised += 1;
  }

  #onTheLine(call: CallRecord): void {
    if (call.promised) this.#promised -= 1;
    call.promised = false;
  }

  #passOver(fact: FactOf<'callOffered'>): void {
    if (fact.why.trigger !== 'agentFreed') return;
    for (const { id } of fact.why.candidates) {
      const lost = id === fact.callId ? undefined : this.#live.get(id as CallId)?.lost;
      if (!lost) continue;
      lost.push(fact);
      if (lost.length > LOST_PER_CALL) lost.shift();
    }
  }

  /** What a waiting list shows of a caller. */
  caller(callId: CallId): { readonly ani: string; readonly tier: string } {
    return this.#live.get(callId) ?? { ani: '', tier: '' };
  }

  views(limit: number): CallView[] {
    const views: CallView[] = [];
    for (const calls of [this.#live, this.#ended]) {
      const newestFirst = [...calls.values()].reverse();
      for (const call of newestFirst) {
        if (views.length >= limit) return views;
        views.push(viewOf(call));
      }
    }
    return views;
  }

  #find(callId: string): CallRecord | undefined {
    return this.#live.get(callId as CallId) ?? this.#ended.get(callId as CallId);
  }

  #open(fact: CallFact): CallRecord | null {
    if (!opensCall(fact)) return null;
    const call: CallRecord = {
      callId: fact.callId,
      ani: '',
      dnis: '',
      tier: '',
      language: null,
      arrivedAtMs: fact.kind === 'callEnded' ? fact.atMs - fact.durationMs : fact.atMs,
      phase: 'flow',
      node: null,
      queueId: null,
      agentId: null,
      offerId: null,
      ringing: new Map(),
      waitMs: null,
      talkMs: null,
      outcome: null,
      endedAtMs: null,
      promised: false,
      recordings: [],
      facts: [],
      lost: [],
    };
    this.#live.set(fact.callId, call);
    return call;
  }

  #apply(call: CallRecord, fact: CallFact): void {
    switch (fact.kind) {
      case 'callArrived':
        call.ani = maskNumber(fact.ani);
        call.dnis = fact.dnis;
        return;
      case 'nodeEntered':
        call.node = fact.node;
        return;
      case 'languageChosen':
        call.language = fact.language;
        return;
      case 'callerIdentified':
        call.tier = fact.tier;
        return;
      case 'callQueued':
        Object.assign(call, {
          queueId: fact.queueId,
          language: fact.language,
          phase: 'waiting',
          agentId: null,
          offerId: null,
          waitMs: null,
        });
        return;
      case 'callOffered':
        call.ringing.set(fact.offerId, fact.agentId);
        Object.assign(call, { phase: 'ringing', agentId: fact.agentId, offerId: fact.offerId });
        return;
      case 'offerEnded':
        call.ringing.delete(fact.offerId);
        // An accepted offer is followed by callAnswered, or by the end of the call.
        if (fact.outcome !== 'accepted' && call.offerId === fact.offerId && call.phase === 'ringing') {
          const [offerId = null, agentId = null] = [...call.ringing].at(-1) ?? [];
          Object.assign(call, { phase: offerId === null ? 'waiting' : 'ringing', agentId, offerId });
        }
        return;
      case 'callAnswered':
        Object.assign(call, { phase: 'talking', agentId: fact.agentId, offerId: fact.offerId, waitMs: fact.waitMs });
        return;
      case 'callbackEnded':
        if (fact.outcome !== 'reached') return;
        this.#onTheLine(call);
        Object.assign(call, { phase: 'talking', agentId: fact.agentId, waitMs: fact.waitMs });
        return;
      case 'callLeftQueue':
        Object.assign(call, { phase: 'flow', agentId: null, offerId: null, waitMs: fact.waitMs });
        return;
      case 'talkEnded':
        call.talkMs = (call.talkMs ?? 0) + fact.talkMs;
        call.phase = 'flow';
        return;
      case 'callEnded':
        this.#end(call, fact.atMs, fact.outcome);
        return;
      case 'flowEntered':
      case 'menuEnded':
      case 'callBlocked':
      case 'callReprioritised':
      case 'callbackRequested':
      case 'callbackRefused':
      case 'callbackAttempted':
      case 'callHeld':
      case 'callUnheld':
      case 'recordingStarted':
      case 'recordingEnded':
      case 'recordingSealed':
      case 'recordingMissing':
      case 'wrapUpStarted':
      case 'wrapUpEnded':
        return;
    }
  }

  #end(call: CallRecord, atMs: Ms, outcome: CallOutcome): void {
    Object.assign(call, { phase: 'ended', outcome, endedAtMs: atMs });
    this.#onTheLine(call);
    this.#live.delete(call.callId);
    this.#ended.set(call.callId, call);
    if (this.#ended.size > this.#remembered) this.#ended.delete(this.#ended.keys().next().value as CallId);
  }
}

/** Facts that come after the end of a call (recording sealed, wrap-up, messages) must not raise a call that was forgotten. */
function opensCall(fact: CallFact): boolean {
  switch (fact.kind) {
    case 'voicemailLeft':
    case 'messageQueued':
    case 'messageDelivered':
    case 'messageGivenUp':
    case 'wrapUpExtended':
    case 'recordingStarted':
    case 'recordingEnded':
    case 'recordingSealed':
    case 'recordingMissing':
    case 'wrapUpStarted':
    case 'wrapUpEnded':
      return false;
    default:
      return true;
  }
}

function viewOf(call: CallRecord): CallView {
  const { facts: _, promised: __, lost: ___, ringing: ____, ...view } = call;
  return { ...view, recordings: [...call.recordings] };
}
