import type { LegId } from '../../src/base/ids.js';
import type { Ms } from '../../src/base/time.js';
import type { Clock } from '../../src/ports/clock.js';
import type { SimulatedCaller } from '../../src/simulation/simulated-caller.js';
import type { SimulatedLeg } from '../../src/simulation/simulated-leg.js';
import type { PhoneBehaviour } from '../../src/simulation/simulated-phone.js';
import { SimulatedSwitch } from '../../src/simulation/simulated-switch.js';
import { VirtualClock } from '../../src/simulation/virtual-clock.js';
import type { PhoneManner, Sound, SwitchWorld, WorldCaller, WorldPhone } from './switch-world.js';

const PROMPTS_MS: Record<string, Ms> = { short: 1_000, long: 20_000 };
const OUTSIDE = '13911112222';
/** A phone that is answered by hand: its alarm is set this far ahead, and the test rings it. */
const BY_HAND_MS: Ms = 86_400_000;
/** Longer than any ring time of the suite: a switch notices an absent phone only by its silence. */
const ABSENT_MS: Ms = 3_000;

/** The contract's world on the simulated switch: virtual time, and hearing is asked of the switch's own truth. */
export function createSimulatedWorld(): SwitchWorld {
  const time = new VirtualClock();
  const byHand: Array<() => void> = [];
  const clock: Clock = {
    nowMs: () => time.nowMs(),
    alarm: (atMs, ring) => {
      if (atMs - time.nowMs() !== BY_HAND_MS) return time.alarm(atMs, ring);
      byHand.push(ring);
      return () => void byHand.splice(byHand.indexOf(ring), byHand.includes(ring) ? 1 : 0);
    },
  };
  const sim = new SimulatedSwitch({ clock, promptMs: ({ prompt }) => PROMPTS_MS[prompt] ?? null });
  const sounds: Record<string, Sound> = { 'sip:1001': 'phone1', 'sip:1002': 'phone2', [OUTSIDE]: 'outside' };
  const rung = new Map<LegId, string>();
  const observe = (): void => {
    for (const leg of sim.legs.values()) if (leg.direction === 'outbound') rung.set(leg.legId, leg.dnis);
  };
  const pass = async (ms: Ms): Promise<void> => {
    observe();
    await time.pass(ms);
    observe();
  };
  const phone = (address: string): WorldPhone => simulatedPhone(sim, address, sounds, byHand, rung);
  const phones = [phone('sip:1001'), phone('sip:1002')] as const;
  const outside = phone(OUTSIDE);
  for (const each of [...phones, outside]) each.behave({});
  sim.phone('sip:nobody', { refuse: 'unreachable', afterMs: 1, talkMs: null });
  return {
    kind: 'simulated',
    switch: sim,
    prompts: {
      short: { prompt: 'short', language: 'en' },
      long: { prompt: 'long', language: 'en' },
      missing: { prompt: 'missing', language: 'en' },
    },
    music: 'calm',
    dnis: '95588',
    phones,
    outside,
    absentPhone: 'sip:nobody',
    placeCall: async (ani, aniName) =>
      simulatedCaller(
        sim,
        sim.placeCall(aniName === undefined ? { ani, dnis: '95588' } : { ani, aniName, dnis: '95588' }),
        sounds,
      ),
    cut: async () => sim.cutConnection(),
    mend: async () => sim.reconnect(),
    crash: async () => sim.crash(),
    restart: async () => sim.reconnect(),
    until: async (what, look, withinMs = 5000) => {
      const limit = time.nowMs() + withinMs;
      for (;;) {
        const found = await look();
        if (found !== null && found !== undefined && found !== false) return found as NonNullable<Exclude<typeof found, false>>;
        if (time.nowMs() > limit) throw new Error(`${what} did not come within ${withinMs} ms`);
        await pass(2);
      }
    },
    pass,
    nowMs: () => time.nowMs(),
    leftovers: async () => ({ legs: [...sim.legs.keys()], bridges: [...sim.bridges.keys()] }),
    isRecording: async ({ recordingId }) => sim.recordings.has(recordingId),
    recorded: async () => null,
    close: async () => undefined,
  };
}

function simulatedCaller(sim: SimulatedSwitch, caller: SimulatedCaller, sounds: Record<string, Sound>): WorldCaller {
  return {
    state: () => {
      const leg = sim.legs.get(caller.legId);
      return leg === undefined ? 'ended' : leg.state === 'up' ? 'up' : 'trying';
    },
    refusedWith: () => null,
    hears: (sound) => {
      const heard = caller.hears();
      if (heard.kind === 'prompts') return heard.prompts.includes(sound);
      if (heard.kind === 'agent') return heard.legs.some((legId) => sounds[sim.legs.get(legId)?.dnis ?? ''] === sound);
      return heard.kind === 'music' && sound === 'music';
    },
    press: async (key) => caller.press(key),
    hangUp: () => caller.hangUp(),
    speak: (on) => (on ? caller.speaks(null) : sim.fallSilent(caller.legId)),
  };
}

function simulatedPhone(
  sim: SimulatedSwitch,
  address: string,
  sounds: Record<string, Sound>,
  byHand: Array<() => void>,
  rung: ReadonlyMap<LegId, string>,
): WorldPhone {
  const isHere = (leg: SimulatedLeg): boolean => (leg.direction === 'outbound' ? leg.dnis === address : leg.ani === address);
  const newest = (): SimulatedLeg | undefined => [...sim.legs.values()].findLast(isHere);
  const current = (): SimulatedLeg => {
    const leg = newest();
    if (leg === undefined) throw new Error(`phone ${address} has no call`);
    return leg;
  };
  return {
    address,
    sound: sounds[address] as Sound,
    behave: (manner) =>
      address === OUTSIDE ? sim.outside(OUTSIDE, behaviourOf(manner)) : sim.phone(address, behaviourOf(manner)),
    state: () => {
      const leg = newest();
      return leg === undefined ? 'idle' : leg.state;
    },
    timesCalled: () => [...rung.values()].filter((dialled) => dialled === address).length,
    shown: () => {
      const leg = newest();
      return leg === undefined ? null : { number: leg.ani, name: leg.aniName };
    },
    hears: (what) => {
      const leg = newest();
      if (leg?.place.kind !== 'bridge') {
        if (what === 'music') return leg?.place.kind === 'waiting';
        return leg?.playing?.prompts.some(({ prompt }) => prompt === what) ?? false;
      }
      const others = [...(sim.bridges.get(leg.place.bridgeId) ?? [])].map((legId) => sim.legs.get(legId));
      if (what === 'caller') return others.some((other) => other?.direction === 'inbound');
      return others.some((other) => other !== leg && sounds[other?.dnis ?? ''] === what);
    },
    press: async (key) => sim.press(current().legId, key),
    hangUp: () => sim.endLeg(current().legId, 'hungUp'),
    answer: () => byHand.pop()?.(),
    hold: async () => sim.hold(current().legId, true),
    unhold: async () => sim.hold(current().legId, false),
    dial: async (digits) => void sim.dialFeature(address, digits),
  };
}

/** What SIP phones do in words of their own, as the simulated one is told it. */
function behaviourOf({ ringAfterMs = 0, answerAfterMs = 20, respond, silent }: PhoneManner): PhoneBehaviour {
  if (silent) return { refuse: 'unreachable', afterMs: ABSENT_MS, talkMs: null };
  const afterMs = answerAfterMs ?? BY_HAND_MS;
  if (respond === undefined) return { afterMs, talkMs: null };
  const quiet = ringAfterMs === null ? 'unreachable' : 'noAnswer';
  const refuse = respond === 486 ? 'busy' : respond === 603 ? 'declined' : respond === 480 ? quiet : 'unreachable';
  return { refuse, afterMs, talkMs: null };
}
