import { type AsteriskOptions, type AsteriskSwitch, createAsteriskSwitch } from '../../src/adapters/asterisk/asterisk-switch.js';
import { asId } from '../../src/base/ids.js';
import type { SwitchEvent } from '../../src/call/switch-events.js';
import type { SwitchStart } from '../../src/ports/switch.js';
import { FakeAri } from './fake-ari.js';

type Expected = ReturnType<SwitchStart['expected']>;

/** An Asterisk adapter before a paper Asterisk, with everything that it said. */
export interface AsteriskHouse {
  readonly fake: FakeAri;
  readonly sw: AsteriskSwitch;
  readonly events: SwitchEvent[];
  readonly warnings: string[];
  expected: Expected;
  /** The first event of this kind with these fields, past or to come. */
  event<K extends SwitchEvent['kind']>(kind: K, fields?: Record<string, unknown>): Promise<Extract<SwitchEvent, { kind: K }>>;
  /** Resolves after everything that the paper Asterisk has sent so far was read. */
  settled(): Promise<void>;
  /** Resolves when at least `count` attempts to connect have failed. */
  refused(count: number): Promise<void>;
  forget(): void;
}

/** Short enough that a test of a timeout takes no time, long enough for a busy machine. */
export const QUICK = {
  firstRetryMs: 5,
  longestRetryMs: 20,
  handshakeMs: 400,
  pingMs: 40,
  deadMs: 160,
  requestMs: 400,
  replacedPauseMs: 150,
  // Nobody looks after sounds, unless a test is about that: it would see requests that it did not ask for.
  soundLookMs: 600_000,
};

interface Test {
  teardown(work: () => Promise<void>): void;
}

export interface HouseOptions {
  readonly fake?: FakeAri;
  readonly options?: Partial<AsteriskOptions>;
  readonly expected?: Expected;
  readonly prepare?: (fake: FakeAri) => void;
  /** Default true: wait for the first `switchUp`. */
  readonly up?: boolean;
  readonly onEvent?: (event: SwitchEvent) => void;
}

export async function asteriskHouse(t: Test, given: HouseOptions = {}): Promise<AsteriskHouse> {
  const fake = given.fake ?? (await FakeAri.start());
  given.prepare?.(fake);
  const events: SwitchEvent[] = [];
  const warnings: string[] = [];
  let waiting: Array<(event: SwitchEvent) => boolean> = [];
  const write = (fields: object, message: string): void => {
    warnings.push(`${message} ${JSON.stringify(fields)}`);
  };
  const sw = createAsteriskSwitch({
    id: asId('ast-1'),
    url: fake.url,
    username: fake.username,
    password: fake.password,
    resolvePrompt: ({ prompt, language }) => (prompt === 'missing' ? null : `/prompts/${language}/${prompt}`),
    musicClasses: ['calm', 'jazz'],
    log: { debug() {}, info() {}, warn: write, error: write },
    timing: QUICK,
    ...given.options,
  });
  const house: AsteriskHouse = {
    fake,
    sw,
    events,
    warnings,
    expected: given.expected ?? { playbacks: [], recordings: [] },
    event(kind, fields = {}) {
      type Wanted = Extract<SwitchEvent, { kind: typeof kind }>;
      const matches = (event: SwitchEvent): boolean =>
        event.kind === kind &&
        Object.entries(fields).every(([name, value]) => (event as unknown as Record<string, unknown>)[name] === value);
      const past = events.find(matches);
      if (past !== undefined) return Promise.resolve(past as Wanted);
      return new Promise((resolve, reject) => {
        const heard = events.map((event) => event.kind).join(' ');
        const timer = setTimeout(() => reject(new Error(`no ${kind} ${JSON.stringify(fields)}; heard: ${heard}`)), 5_000);
        waiting.push((event) => {
          if (!matches(event)) return false;
          clearTimeout(timer);
          resolve(event as Wanted);
          return true;
        });
      });
    },
    async settled() {
      const id = `mark-${Math.random().toString(36).slice(2)}`;
      fake.arrive(id);
      await house.event('legArrived', { legId: id });
      fake.leave(id);
      await house.event('legEnded', { legId: id });
      const marks = events.filter((event) => 'legId' in event && (event.legId as string) === id);
      for (const mark of marks) events.splice(events.indexOf(mark), 1);
    },
    refused(count) {
      return new Promise((resolve) => {
        const look = (): void => ((sw.faults()['connection.failed'] ?? 0) >= count ? resolve() : void setImmediate(look));
        look();
      });
    },
    forget() {
      events.length = 0;
      fake.requests.length = 0;
    },
  };
  t.teardown(async () => {
    fake.heal();
    await sw.stop();
    if (given.fake === undefined) await fake.close();
  });
  await sw.start({
    onEvent: (event) => {
      events.push(event);
      waiting = waiting.filter((done) => !done(event));
      given.onEvent?.(event);
    },
    expected: () => house.expected,
  });
  if (given.up !== false) await house.event('switchUp');
  return house;
}
