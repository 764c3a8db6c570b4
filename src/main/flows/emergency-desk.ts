import { isPlainId } from '../../base/ids.js';
import { ok, type Refusal, type Result, refuse } from '../../base/result.js';
import type { Ms } from '../../base/time.js';
import type { HotlineConfig } from '../../call/state.js';
import type { EmergencyAnnouncementView } from '../../flow/views.js';
import type { EmergencyTurn } from '../../http/deps.js';
import type { EmergencyState, FlowArchive } from '../../ports/flow-archive.js';
import type { Log } from '../../ports/log.js';
import { type EmergencyAnnouncement, emergencyPrompt } from '../config/emergency.js';
import type { FlowWriter } from './flow-desk.js';

export interface EmergencyDeskParts {
  readonly announcements: Readonly<Record<string, EmergencyAnnouncement>>;
  /** Numbers that lead to a flow: no others can be named. */
  readonly numbers: readonly string[];
  readonly archive: FlowArchive;
  readonly nowMs: () => Ms;
  /** Tells the calls of `forCalls()` as it is now. */
  readonly reconfigure: () => Promise<void>;
  readonly log: Log;
}

/**
 * The switch of emergency announcements. New calls hear what is on for their number; calls in progress are left alone. The words stand in the
 * configuration, what is on in the archive, so that it outlives a restart; a state of an announcement that is no more is left as it is and does nothing.
 */
export class EmergencyDesk {
  readonly #parts: EmergencyDeskParts;
  #states: ReadonlyMap<string, EmergencyState> = new Map();
  /** What the archive has not taken yet. */
  readonly #waiting = new Set<string>();
  #writer: FlowWriter | null = null;
  #line: Promise<unknown> = Promise.resolve();

  constructor(parts: EmergencyDeskParts) {
    this.#parts = parts;
  }

  /** Before this node becomes the writer: what was on stays on. */
  async takeOver(): Promise<void> {
    try {
      this.#states = (await this.#parts.archive.load()).emergency;
    } catch (error) {
      this.#parts.log.error({ error: String(error) }, 'the archive is away: which emergency announcements are on is not known');
    }
  }

  begin(writer: FlowWriter): void {
    this.#writer = writer;
  }

  /** Of several that are on for a number, the one that ends the call goes first, then the one that closes, then the latest. */
  forCalls(): Required<Pick<HotlineConfig, 'emergency'>> {
    const on = this.list()
      .filter((each) => each.on)
      .sort((a, b) => RANK[a.then] - RANK[b.then] || (b.sinceMs ?? 0) - (a.sinceMs ?? 0));
    const views = on.map(({ announcement, then, numbers }) => ({
      numbers: numbers && new Set(numbers),
      view: { prompt: emergencyPrompt(announcement), then },
    }));
    return { emergency: (dnis) => views.find(({ numbers }) => numbers?.has(dnis) ?? true)?.view ?? null };
  }

  list(): readonly EmergencyAnnouncementView[] {
    return Object.entries(this.#parts.announcements).map(([announcement, { title, text, then }]) => {
      const { on = false, numbers = null, sinceMs = null, by = null } = this.#states.get(announcement) ?? {};
      return { announcement, title, text, then, on, numbers: on ? numbers : null, sinceMs, by };
    });
  }

  turn({ announcement, on, numbers, by }: EmergencyTurn): Promise<Result<EmergencyAnnouncementView, Refusal>> {
    const done = this.#line.then(async () => {
      const known = Object.hasOwn(this.#parts.announcements, announcement) && isPlainId(announcement);
      const words = known ? this.#parts.announcements[announcement] : undefined;
      if (!words) return refuse('no-such-announcement', `There is no announcement "${announcement}" in the configuration.`);
      const strange = numbers?.find((number) => !this.#parts.numbers.includes(number));
      if (strange !== undefined) return refuse('bad-numbers', `The number "${strange}" leads to no flow here.`);
      if (numbers?.length === 0) return refuse('bad-numbers', 'Name at least one number, or null for all.');
      if (this.#writer === null) return refuse('standing-by', 'this node stands by; another one is the writer');
      const state: EmergencyState = {
        on,
        numbers: on && numbers ? [...new Set(numbers)].sort() : null,
        sinceMs: this.#parts.nowMs(),
        by,
      };
      this.#states = new Map(this.#states).set(announcement, state);
      const fact = {
        kind: 'emergencySwitched',
        announcement,
        on,
        numbers: state.numbers,
        // biome-ignore lint/suspicious/noThenProperty: a word of the configuration; nobody awaits it
        then: words.then,
        by,
      } as const;
      await Promise.all([this.#writer.submit({ kind: 'happened', fact }), this.#parts.reconfigure()]);
      this.#parts.log.warn({ announcement, on, numbers: state.numbers, by }, 'an emergency announcement was switched');
      this.#waiting.add(announcement);
      await this.keep();
      return ok(this.list().find((each) => each.announcement === announcement) as EmergencyAnnouncementView);
    });
    this.#line = done.catch(() => {});
    return done;
  }

  /** Gives the archive what it has not taken yet; `all`: everything, because it has lost what it had. */
  async keep(all = false): Promise<void> {
    if (all) for (const name of this.#states.keys()) this.#waiting.add(name);
    for (const name of [...this.#waiting]) {
      const state = this.#states.get(name);
      if (!state || !this.#writer) continue;
      const answer = await this.#parts.archive.switchEmergency(this.#writer.fence, name, state);
      if (answer === 'unavailable') return;
      this.#waiting.delete(name);
    }
  }
}

const RANK: Record<EmergencyAnnouncementView['then'], number> = { hangUp: 0, closed: 1, continue: 2 };
