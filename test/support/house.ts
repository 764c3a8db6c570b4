import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { RedisStore } from '../../src/adapters/redis/redis-store.js';
import type { Fact, FactKind, FactOf } from '../../src/base/facts.js';
import type { CallId } from '../../src/base/ids.js';
import { cacheFolder } from '../../src/cli/stack/places.js';
import { freePorts } from '../../src/cli/stack/ports.js';
import { readSite, type Site } from '../../src/main/site.js';
import type { AgentView, RecordingView } from '../../src/service-level/views.js';
import { leftOvers } from './house-checks.js';
import { HouseFacts } from './house-facts.js';
import { buildHotline, HotlineProcess } from './house-process.js';
import { agentHz, agentsOf, type HouseRules, HZ, isServedBySipp, STRAIGHT, writeHouseSite } from './house-site.js';
import type { DialOptions } from './phone/call.js';
import { createPhone, type Phone, type PhoneBehaviour, type PhoneCall, until } from './phone/phone.js';
import { freeUdpPort, type RunningSipp, type SippOptions, startSipp } from './sipp.js';
import { type KeysBy, listens, mayOpenRawSockets, type ToldCaller, toldCaller } from './sipp-caller.js';
import { startTestStack, type TestStack } from './stack.js';

export { HZ } from './house-site.js';
export { until } from './phone/phone.js';

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** After the last hang-up everything has to be put away within this. */
const SETTLED_WITHIN_MS = 30_000;
const SCENE_WITHIN_MS = 90_000;
const FILE_WITHIN_MS = 300_000;

/** `quiet`: sends and hears nothing, which costs no packets. */
type DialingOptions = { readonly toneHz?: number; readonly quiet?: boolean } & DialOptions;

/** Somebody who called, by a measuring phone or by SIPp. */
export type Caller = Pick<PhoneCall, 'from' | 'describe'>;

/** The whole house for one test file: its own Redis, Asterisk, hotline as a child process, and agents' phones that measure. */
export class House {
  readonly phones = new Map<string, Phone>();
  /** Follows the facts for tests in which many wait for many things at once. Does not notice when Redis loses what it had. */
  readonly follow: HouseFacts;
  /** Agents' phones that SIPp plays, and their ports. */
  readonly #sippPorts = new Map<string, number>();
  readonly #callers: Phone[] = [];
  readonly #sipps: RunningSipp[] = [];
  #numbers = 0;
  #sippCount = 0;

  private constructor(
    readonly folder: string,
    readonly stack: TestStack,
    readonly hotline: HotlineProcess,
    readonly site: Site,
    readonly store: RedisStore,
    readonly url: string,
    readonly config: string,
    private readonly token: string,
    readonly outside: Phone | null,
  ) {
    this.follow = new HouseFacts(store);
  }

  /**
   * `serving: false`: everything but hotline is up. `trunk`: the trunk leads to a measuring phone, `outside`. `prepare` may change the site in `folder`
   * before it is read.
   */
  static async open(
    t: Test,
    options: { serving?: boolean; rules?: HouseRules; trunk?: boolean; prepare?: (folder: string) => void } = {},
  ): Promise<House> {
    const { rules } = options;
    t.setTimeout(FILE_WITHIN_MS);
    const tests = join(cacheFolder(process.env), 'tests');
    const folder = join(tests, `house-${process.pid}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const prompts = join(tests, 'house-prompts');
    const httpPort = await freePorts(1);
    const { config, music, apiToken } = writeHouseSite({ folder, prompts, httpPort, ...(rules && { rules }) });
    options.prepare?.(folder);
    const outside = options.trunk ? await createPhone({ name: 'outside', toneHz: HZ.outside }) : null;
    const names = agentsOf(rules);
    const measuring = names.filter((name) => !isServedBySipp(name, rules));
    const phones = await Promise.all(measuring.map((name) => createPhone({ name, toneHz: agentHz(name) })));
    const sippPorts = new Map<string, number>();
    for (const name of names.filter((each) => isServedBySipp(each, rules))) sippPorts.set(name, await freeUdpPort());
    const contacts = [
      ...phones.map(({ name, uri }) => ({ name, contact: uri })),
      ...[...sippPorts].map(([name, port]) => ({ name, contact: `sip:${name}@127.0.0.1:${port}` })),
    ];
    t.teardown(async () => {
      if (t.passing() !== false) rmSync(folder, { recursive: true, force: true });
    });
    const [stack, program] = await Promise.all([
      startTestStack(t, {
        redis: true,
        asterisk: {
          data: join(folder, 'data'),
          music,
          ownNumbers: [STRAIGHT],
          phones: contacts.map((each) => ({ ...each, password: null })),
          ...(outside && { trunks: [{ name: 'trunk', match: '127.0.0.1', contact: `sip:127.0.0.1:${outside.port}` }] }),
          fallback: { announcements: [join(prompts, 'fallback-zh')], goodbye: join(prompts, 'fallback-zh'), members: ['1001'] },
        },
      }),
      buildHotline(folder),
    ]);
    const { asterisk, redis } = stack;
    const env = {
      PATH: process.env.PATH,
      HOTLINE_REDIS_URL: redis.url,
      HOTLINE_ARI_URL: asterisk.ariUrl,
      HOTLINE_ARI_PASSWORD: asterisk.ariPassword,
      HOTLINE_LOG_LEVEL: 'debug',
    };
    const url = `http://127.0.0.1:${httpPort}`;
    const hotline = new HotlineProcess({ program, config, url, env, logFile: join(folder, 'hotline.log') });
    const site = await readSite({ env, config });
    if (!site.ok) throw new Error(`the configuration of the tests is wrong: ${JSON.stringify(site.error)}`);
    const store = await RedisStore.connect({ url: redis.url, domain: 'house', log: SILENT });
    const house = new House(folder, stack, hotline, site.value, store, url, config, apiToken, outside);
    for (const phone of phones) house.phones.set(phone.name, phone);
    for (const [name, port] of sippPorts) house.#sippPorts.set(name, port);
    t.teardown(() => house.#close());
    if (options.serving !== false) await hotline.start();
    return house;
  }

  /**
   * A test in this house. When it ends, well or not, phones hang up and agents sign out; then nothing may be left: on the switch, in
   * the state, in the facts, and the board must equal a recount.
   */
  scenes(suite: Test): (name: string, body: (t: Test) => Promise<void>) => unknown {
    return (name, body) =>
      suite.test(name, async (t: Test) => {
        t.setTimeout(SCENE_WITHIN_MS);
        try {
          await body(t);
        } catch (error) {
          t.comment(`${(error as Error).message}\nhotline says:\n${this.hotline.child.tail(12)}`);
          throw error;
        } finally {
          await this.#putAway();
        }
        await this.nothingLeft(t);
      });
  }

  /** Fails with what is left 30 s after the last hang-up. */
  async nothingLeft(t: Test): Promise<void> {
    const limit = performance.now() + SETTLED_WITHIN_MS;
    let left = await leftOvers(this);
    while (left.length > 0 && performance.now() < limit) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      left = await leftOvers(this);
    }
    t.same(left, [], 'nothing is left on the switch, each call has one outcome, and the board equals a recount of the facts');
  }

  phone(name: string): Phone {
    const phone = this.phones.get(name);
    if (phone === undefined) throw new Error(`there is no agent's phone ${name}`);
    return phone;
  }

  /** A caller with a number of its own (told apart from all others by it) who dials. */
  async dial(dnis: string, options: DialingOptions = {}): Promise<PhoneCall> {
    const name = options.from ?? this.number();
    const media = options.quiet ? 'off' : 'on';
    const phone = await createPhone({ name: 'outside', toneHz: options.toneHz ?? HZ.caller, media });
    this.#callers.push(phone);
    return phone.dial(`sip:${dnis}@127.0.0.1:${this.stack.asterisk.sipPort}`, { ...options, from: name });
  }

  /** Dials and waits until it is picked up. */
  async call(dnis: string, options: DialingOptions = {}): Promise<PhoneCall> {
    return (await this.dial(dnis, options)).answered(5_000);
  }

  /** Feature code from an agent's phone. */
  async feature(name: string, code: string): Promise<PhoneCall> {
    return this.phone(name).dial(`sip:${code.replace(/#/g, '%23')}@127.0.0.1:${this.stack.asterisk.sipPort}`);
  }

  /** Callers by SIPp. */
  async sipp(options: Omit<SippOptions, 'folder' | 'remote'>): Promise<RunningSipp> {
    this.#sippCount += 1;
    const folder = join(this.folder, `sipp-${this.#sippCount}`);
    const remote = { host: '127.0.0.1', port: this.stack.asterisk.sipPort };
    const sipp = await startSipp({ ...options, folder, remote });
    this.#sipps.push(sipp);
    return sipp;
  }

  /** One caller by SIPp, with a number of its own, who does what the test says, once picked up. Whoever is not root gets `info`. */
  async toldCaller(dnis: string, wanted: KeysBy, toneHz: number = HZ.caller): Promise<ToldCaller> {
    const [caller] = await this.toldCallers(dnis, [this.number()], { wanted, toneHz });
    return caller as ToldCaller;
  }

  /** Many of them, in one SIPp. */
  async toldCallers(
    service: string,
    callers: readonly string[],
    { wanted, ...options }: { readonly wanted: KeysBy } & Pick<SippOptions, 'toneHz' | 'ratePerSecond' | 'atOnce'>,
  ): Promise<ToldCaller[]> {
    const by = mayOpenRawSockets ? wanted : 'info';
    const sipp = await this.sipp({ scenario: `caller-told-${by}`, service, callers, ...options });
    await listens(sipp, callers.length);
    return callers.map((from, i) => toldCaller(sipp, from, by, i + 1));
  }

  /** An agent's phone by SIPp. */
  async sippAgent(name: string, scenario: string, pauses: Readonly<Record<string, number>> = {}): Promise<RunningSipp> {
    const port = this.#sippPorts.get(name);
    if (port === undefined) throw new Error(`the phone ${name} is not one of SIPp`);
    this.#sippCount += 1;
    const sipp = await startSipp({ scenario, port, pauses, folder: join(this.folder, `sipp-${this.#sippCount}`) });
    this.#sipps.push(sipp);
    return sipp;
  }

  /** A number that nobody has called from yet. */
  number(): string {
    this.#numbers += 1;
    return `1390000${String(this.#numbers).padStart(4, '0')}`;
  }

  /** Signs agents in and makes them ready, in this order, so that the first has been idle longest. */
  async ready(...names: string[]): Promise<void> {
    for (const name of names) {
      await this.post(`/api/v1/agents/${name}/sign-in`, {});
      await this.post(`/api/v1/agents/${name}/status`, { status: 'ready' });
    }
  }

  /** The next call that reaches this phone, counted from now. */
  nextCall(name: string, withinMs = 8_000): Promise<PhoneCall> {
    const phone = this.phone(name);
    const count = phone.calls.length;
    return until(`a call on ${name}`, () => phone.calls[count], { withinMs, describe: () => this.hotline.child.tail(6) });
  }

  /** The next call that reaches any agent's phone, counted from now. */
  nextCallAnywhere(withinMs = 8_000): Promise<PhoneCall> {
    const before = new Set([...this.phones.values()].flatMap((phone) => phone.calls));
    const look = (): PhoneCall | undefined =>
      [...this.phones.values()].flatMap((phone) => phone.calls).find((call) => !before.has(call));
    return until('a call on any phone', look, { withinMs, everyMs: 2, describe: () => this.hotline.child.tail(6) });
  }

  /** How the phone of each named agent takes calls from now on. */
  behave(behaviours: Readonly<Record<string, PhoneBehaviour>>): void {
    for (const [name, behaviour] of Object.entries(behaviours)) this.phone(name).behave(behaviour);
  }

  async agent(name: string): Promise<AgentView> {
    return (await this.get<{ agent: AgentView }>(`/api/v1/agents/${name}`)).agent;
  }

  async untilAgent(name: string, wanted: Partial<AgentView>, withinMs = 8_000): Promise<AgentView> {
    let last: AgentView | null = null;
    const fits = (agent: AgentView): boolean =>
      Object.entries(wanted).every(([key, value]) => agent[key as keyof AgentView] === value);
    return until(
      `agent ${name} to be ${JSON.stringify(wanted)}`,
      async () => {
        last = await this.agent(name);
        return fits(last) ? last : null;
      },
      { withinMs, everyMs: 30, describe: () => `but is ${JSON.stringify(last)}` },
    );
  }

  /** All facts that are in Redis. */
  async facts(): Promise<Fact[]> {
    const all: Fact[] = [];
    for (;;) {
      const page = await this.store.facts(all.at(-1)?.seq ?? 0, 5_000);
      if (page.length === 0) return all;
      all.push(...page);
    }
  }

  async of<K extends FactKind>(kind: K): Promise<FactOf<K>[]> {
    return (await this.facts()).filter((fact): fact is FactOf<K> => fact.kind === kind);
  }

  /** The id that hotline gave to this caller's call, found by the number that called. */
  callId(call: Caller, withinMs = 5_000): Promise<CallId> {
    return until(
      `the arrival of ${call.from}`,
      async () => (await this.of('callArrived')).findLast((fact) => fact.ani === call.from)?.callId,
      { withinMs, describe: () => call.describe() },
    );
  }

  /** The first fact of this kind of this caller's call, past or to come. */
  async fact<K extends FactKind>(call: Caller, kind: K, withinMs = 8_000): Promise<FactOf<K>> {
    const callId = await this.callId(call);
    let kinds = '';
    return until(
      `${kind} of ${call.from}`,
      async () => {
        const own = (await this.facts()).filter((fact) => 'callId' in fact && fact.callId === callId);
        kinds = own.map((fact) => fact.kind).join(' ');
        return own.find((fact): fact is FactOf<K> => fact.kind === kind);
      },
      { withinMs, everyMs: 20, describe: () => `; facts so far: ${kinds}; ${call.describe()}` },
    );
  }

  /** The recording of this call, once it is sealed, partial or missing. */
  async recording(call: Caller, withinMs = 15_000): Promise<RecordingView> {
    const callId = await this.callId(call);
    return until(
      `the sealed recording of ${callId}`,
      async () => {
        const { recordings } = await this.get<{ recordings: RecordingView[] }>('/api/v1/recordings?limit=1000');
        return recordings.find((each) => each.callId === callId && each.state !== 'recording' && each.state !== 'ended');
      },
      { withinMs, everyMs: 100, describe: () => this.hotline.child.tail(6) },
    );
  }

  async audio(recordingId: string): Promise<Buffer> {
    const response = await this.#fetch(`/api/v1/recordings/${recordingId}/audio`);
    if (!response.ok) throw new Error(`the sound of ${recordingId} was answered ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  }

  async get<T>(path: string): Promise<T> {
    return this.#json<T>(path, await this.#fetch(path));
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#write<T>('POST', path, body);
  }
  put<T>(path: string, body: unknown): Promise<T> {
    return this.#write<T>('PUT', path, body);
  }

  /** One figure of /metrics. */
  async metric(name: string): Promise<number> {
    const text = await (await this.#fetch('/metrics')).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  }

  /** What the command `hotline` prints, as a process of its own. */
  hotlineSays(...words: string[]): Promise<{ code: number | null; text: string }> {
    return this.hotline.say(words);
  }

  /** A list of Asterisk's own, such as `channels`; null when it says 404. */
  async ari<T>(resource: string): Promise<T | null> {
    const { ariUrl, ariUser, ariPassword } = this.stack.asterisk;
    const authorization = `Basic ${Buffer.from(`${ariUser}:${ariPassword}`).toString('base64')}`;
    const response = await fetch(`${ariUrl}/${resource}`, { headers: { authorization } });
    const body = await response.text();
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`ARI ${resource} was answered ${response.status}: ${body}`);
    return JSON.parse(body) as T;
  }

  async #write<T>(method: 'POST' | 'PUT', path: string, body: unknown): Promise<T> {
    const init = { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    return this.#json<T>(path, await this.#fetch(path, init));
  }

  async #json<T>(path: string, response: Response): Promise<T> {
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }

  #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${this.token}` };
    return fetch(`${this.url}${path}`, { ...init, headers, signal: AbortSignal.timeout(10_000) });
  }

  #ownPhones(): Phone[] {
    return [...this.phones.values(), ...(this.outside ? [this.outside] : [])];
  }

  /** Everybody hangs up and goes home. */
  async #putAway(): Promise<void> {
    for (const sipp of this.#sipps.splice(0)) await sipp.stop(0);
    for (const caller of this.#callers.splice(0)) await caller.close();
    for (const phone of this.#ownPhones()) {
      phone.hangUp();
      phone.behave({});
    }
    await this.hotline.ready();
    const { agents } = await this.get<{ agents: AgentView[] }>('/api/v1/agents');
    for (const { agentId, status } of agents) {
      if (status !== 'loggedOut') await this.post(`/api/v1/agents/${agentId}/sign-out`, {});
    }
  }

  async #close(): Promise<void> {
    for (const sipp of this.#sipps) await sipp.stop(0);
    await Promise.all([...this.#callers, ...this.#ownPhones()].map((phone) => phone.close()));
    await this.hotline.stop();
    await this.store.close();
  }
}
