import type { AriRest } from './ari-rest.js';

/** Asterisk has taken the music of an emptied room out by then. */
const AGAIN_AFTER_MS = 300;

/**
 * One holding bridge with music per music class, for all callers together; announcements are played to each channel inside it,
 * and the music comes back by itself. Rooms are made when first needed and stay.
 *
 * With its last caller Asterisk takes the music out of a holding bridge too, and the next one would hear nothing. Whether a room
 * was empty is told reliably by one thing only: the event with which a caller enters it.
 */
export class WaitingRooms {
  readonly #app: string;
  readonly #classes: readonly string[];
  readonly #made = new Map<string, Promise<boolean>>();

  /** `classes`: Asterisk's music classes; the first is used for a name that is not among them. */
  constructor(app: string, classes: readonly string[]) {
    this.#app = app;
    this.#classes = classes;
  }

  /** The bridge id of the room for this music. */
  room(music: string): string {
    return `${this.#app}-wait-${this.#classes.includes(music) ? music : this.#classes[0]}`;
  }

  isRoom(bridgeId: string): boolean {
    return this.#musicOf(bridgeId) !== undefined;
  }

  async ensure(rest: AriRest, music: string): Promise<string> {
    const room = this.room(music);
    let made = this.#made.get(room);
    if (made === undefined) {
      made = rest.createBridge(room, 'holding', `${this.#app}:wait`);
      this.#made.set(room, made);
      made.catch(() => this.#made.delete(room));
    }
    await made;
    return room;
  }

  /** Music for a room that somebody entered alone, or of which nobody knows whether it plays; there it begins anew. */
  async startMusic(rest: AriRest, room: string): Promise<void> {
    const music = this.#musicOf(room);
    if (music === undefined) return;
    await rest.startMusic(room, music).catch(() => rest.startMusic(room, music));
  }

  /**
   * Somebody entered alone. When the last caller goes in the same moment, Asterisk may take the music out after we have put it in; so it is put in once
   * more when that is over. Whoever hears it begin twice within a third of a second has lost nothing.
   */
  async enteredAlone(rest: AriRest, room: string): Promise<void> {
    setTimeout(() => void this.startMusic(rest, room).catch(() => undefined), AGAIN_AFTER_MS).unref();
    await this.startMusic(rest, room);
  }

  /** After a resync: rooms that are not there any more will be made again. */
  keepOnly(existing: ReadonlySet<string>): void {
    for (const room of this.#made.keys()) if (!existing.has(room)) this.#made.delete(room);
  }

  forget(room: string): void {
    this.#made.delete(room);
  }

  #musicOf(bridgeId: string): string | undefined {
    return this.#classes.find((music) => this.room(music) === bridgeId);
  }
}
