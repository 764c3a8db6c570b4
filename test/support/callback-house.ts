import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Fact, FactKind, FactOf } from '../../src/base/facts.js';
import { cacheFolder } from '../../src/cli/stack/places.js';
import { freePorts } from '../../src/cli/stack/ports.js';
import { buildHotline, HotlineProcess } from './house-process.js';
import { agentHz, HZ, writeHouseSite } from './house-site.js';
import { createPhone, type Phone, type PhoneCall, until } from './phone/phone.js';
import { startTestStack, type TestLike } from './stack.js';

/** A house whose trunk leads to one measuring phone: the customer, who calls in and is called back. */

/** Where the customer asks; queues `general` (agent first) and `lost-card` (caller first). */
export const ASK = '95577';
export const ASK_CALLER_FIRST = '95578';
/** Straight into `general`. */
export const WAIT = '95500';
export const CUSTOMER_HZ = 1900;
/** To the customer's phone as a person outside; what is heard afterwards, and when nobody comes to the phone. */
export const TRANSFER = '95579';
export const OUTSIDE = '13911112222';
export const TRANSFERRED = { after: 2300, vain: 2350 } as const;
/** What is said in a callback, each by a tone of its own. */
export const SAID = { confirm: 2000, accepted: 2050, exists: 2100, refused: 2150, greeting: 2200, next: 2250 } as const;

const PROMPTS: Record<string, number> = {
  'callback-confirm': SAID.confirm,
  'callback-accepted': SAID.accepted,
  'callback-exists': SAID.exists,
  'callback-refused': SAID.refused,
  'callback-greeting': SAID.greeting,
  'callback-next': SAID.next,
};

export class CallbackHouse {
  readonly #callers: Phone[] = [];

  private constructor(
    readonly hotline: HotlineProcess,
    readonly agents: ReadonlyMap<string, Phone>,
    /** The customer's phone at the other end of the trunk. */
    readonly customer: Phone,
    private readonly sipPort: number,
    private readonly url: string,
    private readonly token: string,
    private readonly ari: { readonly url: string; readonly user: string; readonly password: string },
  ) {}

  static async open(t: TestLike & { setTimeout(ms: number): unknown }): Promise<CallbackHouse> {
    t.setTimeout(300_000);
    const tests = join(cacheFolder(process.env), 'tests');
    const folder = join(tests, `callback-${process.pid}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    t.teardown(async () => {
      if (t.passing?.() !== false) rmSync(folder, { recursive: true, force: true });
    });
    const prompts = join(tests, 'callback-prompts');
    const httpPort = await freePorts(1);
    const { config, music, apiToken } = writeHouseSite({ folder, prompts, httpPort });
    writeCallbacks(config, join(folder, 'flows'));
    const phones = await Promise.all(['1001', '1005'].map((name) => createPhone({ name, toneHz: agentHz(name) })));
    const customer = await createPhone({ name: 'customer', toneHz: CUSTOMER_HZ });
    const [stack, program] = await Promise.all([
      startTestStack(t, {
        redis: true,
        asterisk: {
          data: join(folder, 'data'),
          music,
          ownNumbers: [],
          phones: phones.map((phone) => ({ name: phone.name, password: null, contact: phone.uri })),
          trunks: [{ name: 'trunk', match: '127.0.0.1', contact: `sip:127.0.0.1:${customer.port}` }],
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
    const agents = new Map(phones.map((phone) => [phone.name, phone]));
    const ari = { url: asterisk.ariUrl, user: asterisk.ariUser, password: asterisk.ariPassword };
    const house = new CallbackHouse(hotline, agents, customer, asterisk.sipPort, url, apiToken, ari);
    t.teardown(async () => {
      await Promise.all([...house.#callers, ...phones, customer].map((phone) => phone.close()));
      await hotline.stop();
    });
    await hotline.start();
    return house;
  }

  agent(name: string): Phone {
    const phone = this.agents.get(name);
    if (phone === undefined) throw new Error(`there is no agent's phone ${name}`);
    return phone;
  }

  /** Somebody dials in and is picked up. */
  async call(dnis: string, from: string, toneHz: number = HZ.caller): Promise<PhoneCall> {
    const phone = await createPhone({ name: 'outside', toneHz });
    this.#callers.push(phone);
    return (await phone.dial(`sip:${dnis}@127.0.0.1:${this.sipPort}`, { from })).answered(5_000);
  }

  /** Calls, says yes, and is gone with the promise. */
  async ask(dnis: string, from: string): Promise<FactOf<'callbackRequested'>> {
    const call = await this.call(dnis, from);
    await call.waitForTone(SAID.confirm, { withinMs: 5_000 });
    await call.press('1', { by: 'rtp' });
    await call.waitForTone(SAID.accepted, { withinMs: 5_000 });
    await call.ended(8_000);
    return this.fact('callbackRequested', (fact) => fact.number === from);
  }

  async ready(...names: string[]): Promise<void> {
    for (const name of names) {
      await this.post(`/api/v1/agents/${name}/sign-in`, {});
      await this.post(`/api/v1/agents/${name}/status`, { status: 'ready' });
    }
  }

  async signOut(...names: string[]): Promise<void> {
    for (const name of names) await this.post(`/api/v1/agents/${name}/sign-out`, {});
  }

  async factsOf(callId: string): Promise<Fact[]> {
    return (await this.get<{ facts: Fact[] }>(`/api/v1/calls/${callId}/facts`)).facts;
  }

  /** The latest fact of this kind of any call that fits, past or to come. */
  fact<K extends FactKind>(kind: K, fits: (fact: FactOf<K>) => boolean = () => true, withinMs = 10_000): Promise<FactOf<K>> {
    return until(
      `a fact ${kind}`,
      async () => {
        const { calls } = await this.get<{ calls: { callId: string }[] }>('/api/v1/calls?limit=50');
        for (const { callId } of calls) {
          const found = (await this.factsOf(callId)).findLast(
            (each): each is FactOf<K> => each.kind === kind && fits(each as FactOf<K>),
          );
          if (found) return found;
        }
        return null;
      },
      { withinMs, everyMs: 50, describe: () => this.hotline.child.tail(8) },
    );
  }

  get<T>(path: string): Promise<T> {
    return this.#json<T>(path, {});
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#json<T>(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  }

  /** Channels and call bridges that Asterisk still has; empty when all is put away. */
  async onSwitch(): Promise<string[]> {
    const authorization = `Basic ${Buffer.from(`${this.ari.user}:${this.ari.password}`).toString('base64')}`;
    const list = async (what: string): Promise<Record<string, unknown>[]> =>
      (await fetch(`${this.ari.url}/${what}`, { headers: { authorization } })).json() as Promise<Record<string, unknown>[]>;
    const [channels, bridges] = await Promise.all([list('channels'), list('bridges')]);
    return [
      ...channels.map(({ name }) => `channel ${String(name)}`),
      ...bridges.filter((each) => each.bridge_type !== 'holding').map(({ id }) => `bridge ${String(id)}`),
    ];
  }

  async #json<T>(path: string, init: RequestInit): Promise<T> {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${this.token}` };
    const response = await fetch(`${this.url}${path}`, { ...init, headers, signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }
}

/** Puts callbacks into the site of the house: trunk, policies, flows that ask. */
function writeCallbacks(config: string, flows: string): void {
  const change = (file: string, edit: (content: Record<string, Record<string, unknown>>) => void): void => {
    const path = join(config, `${file}.yaml`);
    const content = parse(readFileSync(path, 'utf8')) as Record<string, Record<string, unknown>>;
    edit(content);
    writeFileSync(path, stringify(content, { aliasDuplicateObjects: false }));
  };
  change('hotline', (hotline) => {
    hotline.numbers = { ...hotline.numbers, [ASK]: 'ask-general', [ASK_CALLER_FIRST]: 'ask-lost-card', [TRANSFER]: 'outside' };
    hotline.dialOut = { trunk: 'trunk', callerId: '95588', allow: ['13'], deny: ['1399999'] };
  });
  change('queues', ({ queues = {} }) => {
    const common = { attempts: 2, retryAfter: '2s', expires: '5m', ring: '5s' };
    Object.assign(queues.general as object, { callback: { ...common, mode: 'agent-first' } });
    Object.assign(queues['lost-card'] as object, { callback: { ...common, mode: 'caller-first', lead: '30s' } });
  });
  change('prompts', ({ prompts = {} }) => {
    for (const [name, hz] of Object.entries(PROMPTS)) prompts[name] = { zh: String(hz), en: String(hz) };
  });
  for (const queue of ['general', 'lost-card']) {
    const flow = {
      flow: `ask-${queue}`,
      languages: ['zh', 'en'],
      start: 'callback',
      nodes: { callback: { callback: { confirm: true, to: queue }, next: 'bye' }, bye: { play: 'goodbye', hangup: true } },
    };
    writeFileSync(join(flows, `ask-${queue}.yaml`), stringify(flow));
  }
  const say = (hz: number): object => ({ zh: String(hz), en: String(hz) });
  const outside = {
    flow: 'outside',
    languages: ['zh', 'en'],
    start: 'out',
    prompts: { after: say(TRANSFERRED.after), vain: say(TRANSFERRED.vain) },
    nodes: {
      out: { transfer: { outside: OUTSIDE, ring: '5s' }, answered: 'after', busy: 'vain', noAnswer: 'vain', failed: 'vain' },
      after: { play: 'after', hangup: true },
      vain: { play: 'vain', hangup: true },
    },
  };
  writeFileSync(join(flows, 'outside.yaml'), stringify(outside));
  if (!existsSync(join(flows, 'ask-general.yaml'))) throw new Error('the flows of the test were not written');
}
