import { dayStartMs } from '../../src/base/calendar.js';
import type { Fact, FactOf } from '../../src/base/facts.js';
import { createLedger } from '../../src/service-level/ledger.js';
import type { Board, QueueView } from '../../src/service-level/views.js';
import type { House } from './house.js';

/** What may not be there when everybody has hung up. Each thing found is a sentence; none is a good end. */

interface AriBridge {
  readonly id: string;
  readonly bridge_type: string;
  readonly channels: readonly string[];
}

export async function leftOvers(house: House): Promise<string[]> {
  const found: string[] = [];
  const board = await house.get<Board>('/api/v1/board');
  const facts = await house.facts();
  found.push(...(await onSwitch(house, facts)), ...(await inState(house)));
  found.push(...inFacts(facts), ...onBoard(board));
  if (found.length === 0) found.push(...recounted(house, facts, board));
  return found;
}

async function onSwitch(house: House, facts: readonly Fact[]): Promise<string[]> {
  const found: string[] = [];
  for (const { name, state } of (await house.ari<{ name: string; state: string }[]>('channels')) ?? []) {
    found.push(`Asterisk has the channel ${name} (${state})`);
  }
  for (const { id, bridge_type: type, channels } of (await house.ari<AriBridge[]>('bridges')) ?? []) {
    // Waiting rooms are made once and stay, empty.
    if (type !== 'holding' || channels.length > 0)
      found.push(`Asterisk has the ${type} bridge ${id} with ${channels.length} in it`);
  }
  for (const { recordingId } of facts.filter((fact) => fact.kind === 'recordingStarted')) {
    const file = `${recordingId.slice(0, 8)}/${recordingId}`;
    if ((await house.ari(`recordings/live/${encodeURIComponent(file)}`)) !== null) found.push(`Asterisk still records ${file}`);
  }
  for (const phone of house.phones.values()) {
    for (const call of phone.openCalls) found.push(`the phone has a call: ${call.describe()}`);
  }
  return found;
}

async function inState(house: House): Promise<string[]> {
  const { calls, agents } = await house.store.load();
  const found = [...calls.keys()].map((callId) => `the state still has call ${callId}`);
  for (const [name, json] of agents) {
    const { state, legOf } = JSON.parse(json) as { state: string; legOf: unknown };
    if (state !== 'idle') found.push(`agent ${name} is ${state}`);
    if (legOf !== null) found.push(`agent ${name} has the leg ${String(legOf)}`);
  }
  return found;
}

function inFacts(facts: readonly Fact[]): string[] {
  const found: string[] = [];
  const of = <K extends Fact['kind']>(kind: K): FactOf<K>[] => facts.filter((fact): fact is FactOf<K> => fact.kind === kind);
  facts.forEach((fact, i) => {
    const before = facts[i - 1];
    if (before && fact.seq !== before.seq + 1) found.push(`facts ${before.seq + 1} to ${fact.seq - 1} are missing`);
    if (before && fact.atMs < before.atMs) found.push(`fact ${fact.seq} is older than the one before it`);
  });
  const outcomes = new Map<string, string[]>();
  for (const { callId } of of('callArrived')) outcomes.set(callId, []);
  for (const { callId, outcome } of of('callEnded')) outcomes.get(callId)?.push(outcome);
  for (const [callId, told] of outcomes) {
    if (told.length !== 1) found.push(`call ${callId} has ${told.length} outcomes: ${told.join(' ')}`);
  }
  const ended = new Set(of('offerEnded').map(({ offerId }) => offerId));
  for (const { offerId } of of('callOffered')) if (!ended.has(offerId)) found.push(`offer ${offerId} has no end`);
  const settled = new Set([...of('recordingSealed'), ...of('recordingMissing')].map(({ recordingId }) => recordingId));
  for (const { recordingId } of of('recordingStarted')) {
    if (!settled.has(recordingId)) found.push(`recording ${recordingId} is neither sealed nor missing`);
  }
  return found;
}

function onBoard(board: Board): string[] {
  const found = board.queues.flatMap(({ queueId, waiting, today }) => {
    const sum =
      today.answered + today.abandoned + today.flowedOut + today.timedOut + today.exitedByKey + today.calledBack + today.waiting;
    return [
      ...(today.offered === sum ? [] : [`queue ${queueId}: offered ${today.offered}, but the ways out make ${sum}`]),
      ...(waiting === 0 ? [] : [`queue ${queueId} has ${waiting} waiting`]),
    ];
  });
  if (board.callsNow !== 0) found.push(`the board shows ${board.callsNow} calls in progress`);
  return found;
}

/** The same facts folded once more, by a ledger that has never seen the house. */
function recounted(house: House, facts: readonly Fact[], board: Board): string[] {
  const { settings } = house.site;
  const { queues, agents } = settings.acd;
  const ledger = createLedger({ queues, agents, dayStartMs: (atMs) => dayStartMs(settings.site.timeZone, atMs) });
  for (const fact of facts) if (fact.seq <= board.seq) ledger.add(fact);
  if (ledger.seq !== board.seq) return [`Redis has facts up to ${ledger.seq}, the board shows ${board.seq}`];
  const again = ledger.board(board.atMs);
  const differing = (name: string, shown: readonly object[], counted: readonly object[]): string[] =>
    counted.flatMap((each, i) => {
      const [a, b] = [stable(shown[i]), stable(each)];
      return a === b ? [] : [`${name} on the board: ${a}, recounted: ${b}`];
    });
  const bare = (rows: readonly QueueView[]): object[] => rows.map(({ callers: _callers, ...rest }) => rest);
  return [...differing('queue', bare(board.queues), bare(again.queues)), ...differing('agent', board.agents, again.agents)];
}

/** JSON with keys in order, so that only values differ. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
