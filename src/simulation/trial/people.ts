import type { AgentConfig } from '../../acd/config.js';
import { asId, type LegId } from '../../base/ids.js';
import type { Random } from '../../base/random.js';
import type { Ms } from '../../base/time.js';
import type { SwitchCommand } from '../../call/commands.js';
import type { SimulatedCaller } from '../simulated-caller.js';
import type { PhoneBehaviour } from '../simulated-phone.js';
import type { Checker } from './checker.js';
import { between, chance, MENU_KEYS, OUTSIDE_NUMBER, pick, SECRET_DIGITS, VIP_NUMBER } from './random-site.js';
import type { World } from './world.js';

/** Callers and agents with habits, good and bad. Each draws from a source of chance of their own. */

/** How near to a step of the house a caller who means to disturb hangs up, before or after. */
const NEAR_MS = 200;

interface Guest {
  readonly caller: SimulatedCaller;
  readonly talkMs: Ms | null;
  /** Hangs up near to the first (second ...) time that the switch is told this for the call. */
  readonly hangUpAt: { readonly command: SwitchCommand['kind']; readonly turn: number; readonly offsetMs: Ms } | null;
  turns: number;
}

export class Callers implements Checker {
  readonly #world: World;
  readonly #random: Random;
  readonly #guests = new Map<LegId, Guest>();
  readonly #byCall = new Map<string, Guest>();
  readonly all: SimulatedCaller[] = [];

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  /** Plans all arrivals until `untilMs` from now. */
  plan(untilMs: Ms): void {
    const { clock } = this.#world;
    const count = between(this.#random, 3, 22);
    for (let i = 0; i < count; i++) {
      const random = this.#random.fork(`caller-${i}`);
      // Some come all at once.
      const atMs = chance(random, 0.2) ? 2_000 : between(random, 0, untilMs);
      clock.alarm(clock.nowMs() + atMs, () => this.#arrive(random, i));
    }
  }

  #arrive(random: Random, i: number): void {
    const { clock, site, switch: real } = this.#world;
    const straight = site.numberOf(pick(random, site.queues));
    const usual = chance(random, 0.02) ? '9999' : chance(random, 0.6) ? straight : site.menuNumber;
    const services = site.servicesNumber !== null && chance(random, 0.6);
    const dnis = services ? (site.servicesNumber as string) : usual;
    const ani = chance(random, 0.2) ? VIP_NUMBER : `1390000${1000 + i}`;
    const caller = real.placeCall({ ani, dnis });
    this.all.push(caller);
    this.#world.tell('caller', `${caller.legId} calls ${dnis}${ani === VIP_NUMBER ? ' as VIP' : ''}`);
    const now = clock.nowMs();
    const later = (afterMs: Ms, act: () => void): void => void clock.alarm(now + afterMs, () => caller.isThere && act());
    let keyAtMs = between(random, 50, 2_500);
    for (let n = between(random, 0, 4); n > 0; n--) {
      const key = pick(random, MENU_KEYS);
      later(keyAtMs, () => caller.press(key));
      keyAtMs += between(random, 1, 3_000);
    }
    if (services) this.#useServices(caller, random, later);
    caller.givesUpAt(now + (chance(random, 0.3) ? between(random, 0, 4_000) : between(random, 4_000, 60_000)));
    const kinds = services
      ? (['answer', 'play', 'recordMessage', 'dialOut', 'connect', 'stopRecording', 'remember'] as const)
      : (['answer', 'wait', 'play', 'ringAgent', 'connect', 'startRecording', 'dissolve', 'remember'] as const);
    const guest: Guest = {
      caller,
      talkMs: chance(random, 0.6) ? between(random, 0, 15_000) : null,
      hangUpAt: chance(random, 0.3)
        ? { command: pick(random, kinds), turn: between(random, 1, 2), offsetMs: between(random, 0, NEAR_MS) }
        : null,
      turns: 0,
    };
    this.#guests.set(caller.legId, guest);
    // Nobody stays for ever.
    later(90_000, () => caller.hangUp());
  }

  /** Speaks for a while when asked to, and keys a card, now and then with something before it. */
  #useServices(caller: SimulatedCaller, random: Random, later: (afterMs: Ms, act: () => void) => void): void {
    if (chance(random, 0.7)) caller.speaks(between(random, 0, 6_000));
    if (chance(random, 0.5)) later(between(random, 100, 1_500), () => caller.press('1'));
    const paceMs = between(random, 60, 400);
    for (let n = between(random, 0, 2), atMs = between(random, 1_500, 5_000); n > 0; n--, atMs += 4_000) {
      for (const [i, key] of [...SECRET_DIGITS].entries()) later(atMs + i * paceMs, () => caller.press(key));
    }
  }

  obeyed(command: SwitchCommand): void {
    const { callId } = command;
    if (callId === null) return;
    const ofLeg = 'legId' in command ? this.#guests.get(command.legId) : undefined;
    if (ofLeg) this.#byCall.set(callId, ofLeg);
    const guest = this.#byCall.get(callId);
    if (!guest?.caller.isThere) return;
    const { clock } = this.#world;
    const { hangUpAt, talkMs, caller } = guest;
    const hangUp = (atMs: Ms): void => void clock.alarm(atMs, () => caller.hangUp());
    if (hangUpAt && hangUpAt.command === command.kind && ++guest.turns === hangUpAt.turn)
      hangUp(clock.nowMs() + hangUpAt.offsetMs);
    // Also a moment before the phone is picked up, or the ringing ends.
    if (command.kind === 'ringAgent' && hangUpAt?.command === 'ringAgent' && guest.turns === 1 && hangUpAt.turn === 2) {
      hangUp(clock.nowMs() + command.ringTimeoutMs - NEAR_MS + 2 * hangUpAt.offsetMs);
    }
    if (command.kind === 'connect' && talkMs !== null) hangUp(clock.nowMs() + talkMs);
  }

  everybodyGoes(): void {
    for (const caller of this.all) caller.hangUp();
  }
}

const GOOD_PHONE: PhoneBehaviour = { afterMs: 60, talkMs: null };

export class Agents {
  readonly #world: World;
  readonly #random: Random;
  #atWork = true;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
  }

  plan(): void {
    if (this.#world.site.servicesNumber !== null) this.#outside(this.#random.fork('outside'));
    for (const agent of this.#world.site.agents) {
      const random = this.#random.fork(agent.id);
      this.#phone(agent, random);
      this.#world.clock.alarm(this.#world.startMs + between(random, 20, 3_000), () => {
        this.#ask(agent, 'signIn');
        this.#ask(agent, 'ready');
        this.#live(agent, random, chance(random, 0.5) ? 6_000 : 2_000);
      });
    }
  }

  /** Somebody outside whom callers are transferred to, with moods. */
  #outside(random: Random): void {
    if (!this.#atWork) return;
    const { clock, switch: real } = this.#world;
    const turn = random.next();
    const afterMs = between(random, 0, 5_000);
    const talkMs = chance(random, 0.6) ? between(random, 0, 6_000) : null;
    const refuse = turn < 0.1 ? 'busy' : turn < 0.2 ? 'declined' : turn < 0.25 ? 'unreachable' : null;
    real.outside(OUTSIDE_NUMBER, refuse ? { afterMs, refuse, talkMs: null } : { afterMs, talkMs, silent: turn > 0.9 });
    clock.alarm(clock.nowMs() + between(random, 1_000, 6_000), () => this.#outside(random));
  }

  /** From now on everybody works as they should. */
  behave(): void {
    this.#atWork = false;
    this.#world.switch.outside(OUTSIDE_NUMBER, { afterMs: 60, talkMs: 2_000 });
    for (const { phone } of this.#world.site.agents) this.#world.switch.phone(phone, GOOD_PHONE);
  }

  ask(agent: AgentConfig, what: 'signIn' | 'ready' | 'notReady' | 'signOut' | 'finishWrapUp'): void {
    this.#ask(agent, what);
  }

  #live(agent: AgentConfig, random: Random, paceMs: Ms): void {
    if (!this.#atWork) return;
    this.#act(agent, random);
    const { clock } = this.#world;
    clock.alarm(clock.nowMs() + between(random, 100, 2 * paceMs), () => this.#live(agent, random, paceMs));
  }

  #act(agent: AgentConfig, random: Random): void {
    const { switch: real } = this.#world;
    const turn = random.next();
    const leg = [...real.legs.values()].find((each) => each.direction === 'outbound' && each.dnis === agent.phone);
    if (turn < 0.35) {
      this.#ask(agent, 'signIn');
      this.#ask(agent, 'ready');
    } else if (turn < 0.45) this.#phone(agent, random);
    else if (turn < 0.52) this.#ask(agent, 'notReady');
    else if (turn < 0.57) this.#ask(agent, 'signOut');
    else if (turn < 0.67) this.#ask(agent, 'finishWrapUp');
    else if (turn < 0.72) real.dialFeature(agent.phone, pick(random, ['*50', '*51', '*51', '*52', '*53', '*54', '*99']));
    else if (turn < 0.76) this.#elsewhere(agent, random);
    else if (turn < 0.9 && leg?.state === 'up') {
      real.hold(leg.legId, true);
      this.#world.clock.alarm(this.#world.clock.nowMs() + between(random, 1, 4_000), () => real.hold(leg.legId, false));
    } else if (leg && turn < 0.95) real.endLeg(leg.legId, leg.state === 'up' ? 'hungUp' : 'declined');
  }

  /** Signs in on another phone of the house, if it is free. */
  #elsewhere(agent: AgentConfig, random: Random): void {
    const phone = pick(random, this.#world.site.agents).phone;
    this.#world.submit({ kind: 'signIn', agentId: agent.id, phone, by: 'trial' });
  }

  #ask(agent: AgentConfig, what: 'signIn' | 'ready' | 'notReady' | 'signOut' | 'finishWrapUp'): void {
    const agentId = asId<typeof agent.id>(agent.id);
    const by = 'trial';
    switch (what) {
      case 'signIn':
        return this.#world.submit({ kind: 'signIn', agentId, phone: null, by });
      case 'ready':
        return this.#world.submit({ kind: 'setStatus', agentId, status: 'ready', reason: null, by });
      case 'notReady':
        return this.#world.submit({ kind: 'setStatus', agentId, status: 'notReady', reason: 'break', by });
      case 'signOut':
        return this.#world.submit({ kind: 'signOut', agentId, by });
      case 'finishWrapUp':
        return this.#world.submit({ kind: 'finishWrapUp', agentId, by });
    }
  }

  #phone(agent: AgentConfig, random: Random): void {
    const turn = random.next();
    const afterMs = between(random, 0, chance(random, 0.3) ? 6_000 : 800);
    const talkMs = chance(random, 0.5) ? (chance(random, 0.2) ? between(random, 0, 50) : between(random, 500, 12_000)) : null;
    const refuse =
      turn < 0.08 ? 'busy' : turn < 0.16 ? 'declined' : turn < 0.22 ? 'unreachable' : turn < 0.26 ? 'noAnswer' : null;
    const behaviour: PhoneBehaviour =
      refuse !== null
        ? { afterMs, refuse, talkMs: null }
        : turn < 0.36
          ? { afterMs, silent: true, talkMs: null }
          : { afterMs, talkMs };
    this.#world.switch.phone(agent.phone, behaviour);
  }
}
