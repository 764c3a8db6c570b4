import type { Ms } from '../../base/time.js';
import type { SwitchCommand } from '../../call/commands.js';
import type { SwitchEvent } from '../../call/switch-events.js';
import type { Switch, SwitchDescription, SwitchStart } from '../../ports/switch.js';
import type { SimulatedNode } from './node.js';
import type { World } from './world.js';

/** Between the switch and one node: events get lost, come twice, late, or in another order; commands take their time. */
export class FaultyLine implements Switch {
  readonly kind = 'simulated';
  readonly #world: World;
  readonly #node: SimulatedNode;
  #listener: SwitchStart | null = null;
  /** Rises with each connection; what was under way on an older one is gone with it. */
  #connection = 0;
  #up = false;
  #commandsUntilMs: Ms = 0;
  /** Until when later events of the same leg have to wait behind an earlier one. */
  #busyUntilMs = new Map<string, Ms>();
  #ended = new Set<string>();

  constructor(world: World, node: SimulatedNode) {
    this.#world = world;
    this.#node = node;
  }

  get id() {
    return this.#world.switch.id;
  }

  async start(options: SwitchStart): Promise<void> {
    this.#listener = options;
    this.#world.attach(this);
  }

  /** What the simulated switch is given when this line is the one that is connected. */
  get listener(): SwitchStart | null {
    const options = this.#listener;
    return options && { onEvent: (event) => this.#fromSwitch(event), expected: options.expected };
  }

  /** After another node has taken the connection. */
  tryAgain(): void {
    this.#node.run(() => {
      if (this.#listener && !this.#up) this.#world.attach(this);
    });
  }

  async stop(): Promise<void> {
    this.drop();
  }

  drop(): void {
    this.#listener = null;
    this.#connection++;
    this.#up = false;
    this.#world.detach(this);
  }

  isUp(): boolean {
    return this.#up;
  }

  describe(): Promise<SwitchDescription> {
    return this.#world.switch.describe();
  }

  async perform(command: SwitchCommand): Promise<void> {
    const world = this.#world;
    const node = this.#node;
    if (node.state === 'dead' || world.reached('beforeCommand', node)) return;
    world.commanded(node, command);
    const { commandDelayMs } = world.lineFaults();
    const nowMs = world.clock.nowMs();
    const atMs = Math.max(this.#commandsUntilMs, nowMs + (commandDelayMs > 0 ? world.random.below(commandDelayMs + 1) : 0));
    this.#commandsUntilMs = atMs;
    const connection = this.#connection;
    // What is under way when the connection is cut is gone with it; of a node that dies it still arrives.
    if (atMs > nowMs)
      world.clock.alarm(atMs, () => (node.state === 'dead' || connection === this.#connection) && world.obey(command));
    else world.obey(command);
    world.reached('afterCommand', node);
  }

  #fromSwitch(event: SwitchEvent): void {
    const world = this.#world;
    if (event.kind === 'switchUp' || event.kind === 'switchDown') {
      this.#connection++;
      this.#up = event.kind === 'switchUp';
      this.#busyUntilMs.clear();
      this.#ended.clear();
      this.#deliver(event);
      return;
    }
    const { lost, doubled, late, reordered, latestMs } = world.lineFaults();
    const { random, clock } = world;
    const leg = legOf(event);
    if (lost > 0 && random.next() < lost) {
      world.tell('line', `loses ${told(event)}`);
      world.mustReconnect();
      return;
    }
    const nowMs = clock.nowMs();
    let atMs = Math.max(nowMs, this.#busyUntilMs.get(leg) ?? 0);
    if (late > 0 && random.next() < late) atMs = Math.max(atMs, nowMs + random.below(latestMs + 1));
    if (reordered > 0 && random.next() < reordered) {
      // Beyond what the contract allows: this one lets later events of its own leg pass.
      atMs = nowMs + random.below(latestMs + 1);
      world.mustReconnect();
    } else this.#busyUntilMs.set(leg, atMs);
    this.#later(atMs, event);
    // A key that is heard twice is two keys: nothing tells them apart.
    if (doubled > 0 && event.kind !== 'keyPressed' && random.next() < doubled) {
      const again = Math.max(atMs, nowMs + (random.next() < 0.5 || isState(event) ? 0 : random.below(500)));
      this.#later(again, event, true);
    }
  }

  #later(atMs: Ms, event: SwitchEvent, again = false): void {
    const world = this.#world;
    const connection = this.#connection;
    const act = (): void => {
      if (connection !== this.#connection) return;
      const leg = legOf(event);
      if (event.kind === 'legEnded') this.#ended.add(leg);
      else if (again && this.#ended.has(leg)) return;
      if (again) world.tell('line', `says again ${told(event)}`);
      this.#deliver(event);
    };
    if (atMs <= world.clock.nowMs() && !again) act();
    else {
      if (atMs > world.clock.nowMs()) world.lateUntil(atMs);
      world.clock.alarm(atMs, act);
    }
  }

  #deliver(event: SwitchEvent): void {
    this.#node.run(() => {
      if (!this.#listener) return;
      this.#world.delivered(this.#node, event);
      this.#listener.onEvent(event);
    });
  }
}

/** Says how things are, not what has happened: said again later it would be wrong. */
const isState = ({ kind }: SwitchEvent): boolean => kind === 'legHeld' || kind === 'legUnheld';

const legOf = (event: SwitchEvent): string =>
  'legId' in event ? event.legId : 'offerId' in event ? event.offerId : 'recordingId' in event ? event.recordingId : '';

/** In short, for the story. */
export function told(event: SwitchEvent): string {
  const { kind, switchId: _, ...rest } = event as SwitchEvent & { snapshot?: unknown };
  if (event.kind === 'switchUp') {
    const { legs, bridges, restarted } = event.snapshot;
    return `switchUp legs=${legs.map(({ legId, state }) => `${legId}:${state}`).join(',')} bridges=${bridges
      .map((bridge) => `${bridge.bridgeId}[${bridge.legs.join(' ')}]`)
      .join(',')}${restarted ? ' restarted' : ''}`;
  }
  return `${kind} ${JSON.stringify(rest)}`;
}
