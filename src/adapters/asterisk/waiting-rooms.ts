import type { AriRest } from './ari-rest.js';

/**
 * One holding bridge with music per music class, for all callers together; announcements are played to each channel inside it,
 * and the music comes back by itself. Rooms are made when first needed and stay.
 */
export class WaitingRooms {
  readonly #app: string;
  readonly #classes: readonly string[];
  readonly #ready = new Map<string, Promise<void>>();

  /** `classes`: Asterisk's music classes; the first is used for a name that is not among them. */
  constructor(app: string, classes: readonly string[]) {
    this.#app = app;
    this.#classes = classes;
  }

  /** The bridge id of the room for this music. */
  room(music: string): string {
    return `${this.#app}-wait-${this.#classOf(music)}`;
  }

  isRoom(bridgeId: string): boolean {
    return this.#classes.some((music) => this.room(music) === bridgeId);
  }

  async ensure(rest: AriRest, music: string): Promise<string> {
    const room = this.room(music);
    let ready = this.#ready.get(room);
    if (ready === undefined) {
      ready = this.#open(rest, room, this.#classOf(music));
      this.#ready.set(room, ready);
      ready.catch(() => this.#ready.delete(room));
    }
    await ready;
    return room;
  }

  /** After a resync: rooms that are not there any more will be made again. Music that we started and that still plays is left alone. */
  keepOnly(existing: ReadonlySet<string>): void {
    for (const room of this.#ready.keys()) if (!existing.has(room)) this.#ready.delete(room);
  }

  forget(room: string): void {
    this.#ready.delete(room);
  }

  #classOf(music: string): string {
    return this.#classes.includes(music) ? music : (this.#classes[0] as string);
  }

  async #open(rest: AriRest, room: string, mohClass: string): Promise<void> {
    await rest.createBridge(room, 'holding', `${this.#app}:wait`);
    // Also for a room that an earlier process made: it may have died before the music began. Restarting it is a blink.
    await rest.startMusic(room, mohClass);
  }
}
