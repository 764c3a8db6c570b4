import type { LegId } from '../base/ids.js';
import type { Ms } from '../base/time.js';
import type { Clock } from '../ports/clock.js';
import type { SimulatedLeg } from './simulated-leg.js';
import type { SimulatedSwitch } from './simulated-switch.js';

/** What a caller hears at this moment. */
export type Heard =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'prompts'; readonly prompts: readonly string[] }
  | { readonly kind: 'music'; readonly music: string }
  | { readonly kind: 'agent'; readonly legs: readonly LegId[] }
  | { readonly kind: 'gone' };

/** The person on the calling side. */
export class SimulatedCaller {
  readonly legId: LegId;
  readonly #switch: SimulatedSwitch;
  readonly #leg: SimulatedLeg;
  readonly #clock: Clock;

  constructor(on: SimulatedSwitch, leg: SimulatedLeg, clock: Clock) {
    this.#switch = on;
    this.#leg = leg;
    this.#clock = clock;
    this.legId = leg.legId;
  }

  get isThere(): boolean {
    return this.#switch.legs.get(this.legId) === this.#leg;
  }

  press(key: string): void {
    this.#switch.press(this.legId, key);
  }

  /** After the next beeps this caller speaks for so long, then says nothing. */
  speaks(ms: Ms | null): void {
    this.#leg.speaksMs = ms;
  }

  hangUp(): void {
    this.#switch.endLeg(this.legId, 'hungUp');
  }

  /** Loses patience at this time unless an agent is heard by then. */
  givesUpAt(atMs: number): void {
    this.#leg.alarms.push(this.#clock.alarm(atMs, () => this.hears().kind !== 'agent' && this.hangUp()));
  }

  hears(): Heard {
    if (!this.isThere) return { kind: 'gone' };
    const { place, playing } = this.#leg;
    if (place.kind === 'bridge') {
      const others = [...(this.#switch.bridges.get(place.bridgeId) ?? [])].filter((each) => each !== this.legId);
      return others.length > 0 ? { kind: 'agent', legs: others } : { kind: 'nothing' };
    }
    if (playing) return { kind: 'prompts', prompts: playing.prompts.map((ref) => ref.prompt) };
    return place.kind === 'waiting' ? { kind: 'music', music: place.music } : { kind: 'nothing' };
  }
}
