import type { Test } from 'tap';
import type { Fact, FactKind, FactOf } from '../../src/base/facts.js';
import type { CallId } from '../../src/base/ids.js';
import { type House, until } from './house.js';
import type { PhoneCall } from './phone/phone.js';

/** Callers, agents and explanations for many stories side by side in one house. */

export interface Guest {
  readonly call: PhoneCall;
  readonly callId: CallId;
  readonly number: string;
}

export class EngineHouse {
  constructor(readonly house: House) {}

  /**
   * Stories that do not disturb each other, told at the same time. Each has queues and agents of its own; a story that fails does not stop
   * the others.
   */
  async together(t: Test, stories: Readonly<Record<string, (t: Test) => Promise<void>>>): Promise<void> {
    t.jobs = Object.keys(stories).length;
    await Promise.all(
      Object.entries(stories).map(([name, story]) =>
        t.test(name, { buffered: true, timeout: 60_000 }, (own: Test) => story(own)),
      ),
    );
  }

  /** Dials; resolves when hotline has taken the call. Callers are quiet unless they have a tone. */
  async come(line: string, options: { from?: string; toneHz?: number } = {}): Promise<Guest> {
    const { follow } = this.house;
    const before = (await follow.refresh()).length;
    const call = await this.house.dial(line, { quiet: options.toneHz === undefined, ...options });
    const arrived = await follow.find(`the arrival of ${call.from}`, (facts) =>
      facts.slice(before).find((fact): fact is FactOf<'callArrived'> => fact.kind === 'callArrived' && fact.ani === call.from),
    );
    await call.answered(5_000);
    return { call, callId: arrived.callId, number: call.from };
  }

  /** As `come`, when the caller stands in the queue. */
  async wait(line: string, options: { from?: string; toneHz?: number } = {}): Promise<Guest> {
    const guest = await this.come(line, options);
    await this.fact(guest, 'callQueued');
    return guest;
  }

  /** All facts of this kind of this call so far. */
  async facts<K extends FactKind>({ callId }: Guest, kind: K): Promise<FactOf<K>[]> {
    const all = await this.house.follow.refresh();
    return all.filter((fact): fact is FactOf<K> => fact.kind === kind && 'callId' in fact && fact.callId === callId);
  }

  /** The first fact of this kind of this call that `fits`, past or to come. */
  async fact<K extends FactKind>(
    guest: Guest,
    kind: K,
    { withinMs = 8_000, fits = (_: FactOf<K>): boolean => true } = {},
  ): Promise<FactOf<K>> {
    let kinds = '';
    const look = (facts: readonly Fact[]): FactOf<K> | undefined => {
      const own = facts.filter((fact) => 'callId' in fact && fact.callId === guest.callId);
      kinds = own.map((fact) => fact.kind).join(' ');
      return own.find((fact): fact is FactOf<K> => fact.kind === kind && fits(fact as FactOf<K>));
    };
    try {
      return await this.house.follow.find(`${kind} of ${guest.callId}`, look, withinMs);
    } catch (error) {
      throw new Error(`${(error as Error).message}; facts so far: ${kinds}; ${guest.call.describe()}`);
    }
  }

  /** The agent who has answered, or will. */
  async servedBy(guest: Guest, withinMs = 8_000): Promise<string> {
    return (await this.fact(guest, 'callAnswered', { withinMs })).agentId;
  }

  /** Comes, is served, and stays until the agent's phone hangs up. */
  async visit(line: string, options: { from?: string } = {}): Promise<Guest & { readonly agent: string }> {
    const guest = await this.come(line, options);
    const agent = await this.servedBy(guest);
    await this.over(guest);
    return { ...guest, agent };
  }

  /** Resolves when the call is over and the agent, if one talked, has nothing more to do with it. */
  async over(guest: Guest, withinMs = 10_000): Promise<FactOf<'callEnded'>> {
    const ended = await this.fact(guest, 'callEnded', { withinMs });
    const answered = (await this.facts(guest, 'callAnswered'))[0];
    if (answered) await this.idle(answered.agentId);
    return ended;
  }

  async hangUp(guest: Guest): Promise<void> {
    guest.call.hangUp();
    await this.over(guest);
  }

  /** The agent's phone is on the hook and nothing is left to do. */
  async idle(...agents: string[]): Promise<void> {
    for (const agent of agents) {
      await this.house.untilAgent(agent, { state: 'idle' });
      await until(`the phone of ${agent} to be free`, () => (this.house.phones.get(agent)?.openCalls.length ?? 0) === 0);
    }
  }

  /** In the order in which they were answered. */
  async orderOf(guests: Readonly<Record<string, Guest>>, withinMs = 20_000): Promise<string[]> {
    const named = await Promise.all(
      Object.entries(guests).map(async ([name, guest]) => ({
        name,
        seq: (await this.fact(guest, 'callAnswered', { withinMs })).seq,
      })),
    );
    return named.sort((a, b) => a.seq - b.seq).map(({ name }) => name);
  }

  /** What the API says about why the call went as it went. */
  async why({ callId }: Guest, language: 'en' | 'zh' = 'en'): Promise<string> {
    return (await this.house.get<{ text: string }>(`/api/v1/calls/${callId}/explanation?lang=${language}`)).text;
  }

  /** The explanation has these sentences. It follows the facts a moment later. */
  async explains(t: Test, guest: Guest, ...sentences: RegExp[]): Promise<void> {
    let text = '';
    const told = async (): Promise<boolean> => {
      text = await this.why(guest);
      return sentences.every((sentence) => sentence.test(text));
    };
    await until('the explanation', told, { withinMs: 2_000, everyMs: 100 }).catch(() => undefined);
    for (const sentence of sentences) t.match(text, sentence, 'the explanation gives the reason');
  }

  /** A command by REST that must be refused; gives the id of the refusal. */
  async refused(path: string, body: unknown): Promise<string> {
    try {
      await this.house.post(path, body);
    } catch (error) {
      return /"id":"([\w-]+)"/.exec((error as Error).message)?.[1] ?? (error as Error).message;
    }
    throw new Error(`${path} was not refused`);
  }

  async notReady(agent: string, reason?: string): Promise<void> {
    await this.house.post(`/api/v1/agents/${agent}/status`, { status: 'notReady', ...(reason && { reason }) });
  }

  /** Lets so much time go by: what is to be shown is that something does not happen, or lasts. */
  async pass(ms: number): Promise<void> {
    const endMs = performance.now() + ms;
    await until('the time', () => performance.now() >= endMs, { withinMs: ms + 1_000 });
  }
}
