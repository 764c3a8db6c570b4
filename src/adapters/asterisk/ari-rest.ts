import type { AriClient } from './ari-client-shim.js';
import { AriHttpError } from './ari-http.js';

/** A channel as Asterisk lists it; only what we read. */
export interface AriChannel {
  readonly id: string;
  readonly state: string;
  readonly number: string;
  readonly name: string;
  /** The dialplan application that the channel is in, and its arguments: `Stasis`, `hotline,inbound,4008`. */
  readonly appName: string;
  readonly appData: string;
}

export interface AriBridge {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly channels: readonly string[];
}

type Parameters = Readonly<Record<string, unknown>>;

/** The operations without which this adapter cannot work, looked for when the api-docs are loaded. */
const NEEDED: ReadonlyArray<readonly [string, string]> = [
  ['applications', 'get'],
  ['asterisk', 'getInfo'],
  ['bridges', 'addChannel'],
  ['bridges', 'createWithId'],
  ['bridges', 'destroy'],
  ['bridges', 'get'],
  ['bridges', 'list'],
  ['bridges', 'record'],
  ['bridges', 'removeChannel'],
  ['bridges', 'startMoh'],
  ['channels', 'answer'],
  ['channels', 'get'],
  ['channels', 'getChannelVar'],
  ['channels', 'hangup'],
  ['channels', 'list'],
  ['channels', 'originateWithId'],
  ['channels', 'playWithId'],
  ['channels', 'record'],
  ['channels', 'setChannelVar'],
  ['playbacks', 'get'],
  ['playbacks', 'stop'],
  ['recordings', 'getLive'],
  ['recordings', 'stop'],
];

/** Asterisk's operations that we use, in Asterisk's words, with typed arguments and checked answers. Rejects with {@link AriHttpError}. */
export class AriRest {
  readonly #client: AriClient;

  constructor(client: AriClient) {
    this.#client = client;
    const missing = NEEDED.filter(([resource, name]) => !this.#has(resource, name)).map(
      ([resource, name]) => `${resource}.${name}`,
    );
    if (missing.length > 0) {
      throw new AriHttpError('api-docs', 'badAnswer', null, `this Asterisk does not offer ${missing.slice(0, 4).join(', ')}`);
    }
  }

  answer(channelId: string): Promise<void> {
    return this.#do('channels', 'answer', { channelId });
  }

  play(channelId: string, playbackId: string, media: readonly string[]): Promise<void> {
    return this.#do('channels', 'playWithId', { channelId, playbackId, media });
  }

  stopPlayback(playbackId: string): Promise<void> {
    return this.#do('playbacks', 'stop', { playbackId });
  }

  /** The channel that is being played to, or null when this playback is over or unknown. */
  async playbackTarget(playbackId: string): Promise<string | null> {
    const playback = await this.#orNull(this.#call('playbacks', 'get', { playbackId }));
    const target = text(playback, 'target_uri');
    const state = text(playback, 'state');
    return target.startsWith('channel:') && state !== 'done' && state !== 'failed' ? target.slice('channel:'.length) : null;
  }

  /** False when Asterisk does not know it (any more); one that was just cut is known until its end is told. */
  async knowsPlayback(playbackId: string): Promise<boolean> {
    return (await this.#orNull(this.#call('playbacks', 'get', { playbackId }))) !== null;
  }

  originate(parameters: {
    channelId: string;
    endpoint: string;
    app: string;
    appArgs: string;
    callerId: string;
    timeout: number;
    variables: Readonly<Record<string, string>>;
  }): Promise<void> {
    return this.#do('channels', 'originateWithId', { ...parameters, variables: { variables: parameters.variables } });
  }

  hangUp(channelId: string, reasonCode: number): Promise<void> {
    return this.#do('channels', 'hangup', { channelId, reason_code: String(reasonCode) });
  }

  setVariable(channelId: string, variable: string, value: string): Promise<void> {
    return this.#do('channels', 'setChannelVar', { channelId, variable, value });
  }

  /** Null when the variable is not set, or the channel is gone. */
  async variable(channelId: string, variable: string): Promise<string | null> {
    const answer = await this.#orNull(this.#call('channels', 'getChannelVar', { channelId, variable }));
    return answer === null ? null : text(answer, 'value');
  }

  /** Null when it is gone. */
  async channel(channelId: string): Promise<AriChannel | null> {
    const channel = await this.#orNull(this.#call('channels', 'get', { channelId }));
    return channel === null ? null : readChannel(channel);
  }

  async channels(): Promise<AriChannel[]> {
    return list(await this.#call('channels', 'list', {})).map(readChannel);
  }

  async bridges(): Promise<AriBridge[]> {
    return list(await this.#call('bridges', 'list', {})).map(readBridge);
  }

  async bridge(bridgeId: string): Promise<AriBridge | null> {
    const bridge = await this.#orNull(this.#call('bridges', 'get', { bridgeId }));
    return bridge === null ? null : readBridge(bridge);
  }

  /** True when it was made now, false when a bridge of this name was there already. */
  async createBridge(bridgeId: string, type: string, name: string): Promise<boolean> {
    try {
      await this.#call('bridges', 'createWithId', { bridgeId, type, name });
      return true;
    } catch (error) {
      if (error instanceof AriHttpError && error.status === 409) return false;
      throw error;
    }
  }

  addChannels(bridgeId: string, channels: readonly string[]): Promise<void> {
    return this.#do('bridges', 'addChannel', { bridgeId, channel: channels });
  }

  startMusic(bridgeId: string, mohClass: string): Promise<void> {
    return this.#do('bridges', 'startMoh', { bridgeId, mohClass });
  }

  /** Music to one channel, of the class that the channel has by itself, over all that its bridge would give it. */
  startChannelMusic(channelId: string): Promise<void> {
    return this.#do('channels', 'startMoh', { channelId });
  }

  stopChannelMusic(channelId: string): Promise<void> {
    return this.#do('channels', 'stopMoh', { channelId });
  }

  destroyBridge(bridgeId: string): Promise<void> {
    return this.#do('bridges', 'destroy', { bridgeId });
  }

  record(bridgeId: string, name: string): Promise<void> {
    return this.#do('bridges', 'record', { bridgeId, name, format: 'wav', ifExists: 'fail' });
  }

  /** Takes a channel out of a bridge. */
  removeChannel(bridgeId: string, channelId: string): Promise<void> {
    return this.#do('bridges', 'removeChannel', { bridgeId, channel: [channelId] });
  }

  /** A beep, then what this channel says. Whole seconds; no key ends it. */
  recordChannel(channelId: string, name: string, limits: { maxS: number; silenceS: number }): Promise<void> {
    const { maxS: maxDurationSeconds, silenceS: maxSilenceSeconds } = limits;
    const how = { format: 'wav', ifExists: 'fail', beep: true, terminateOn: 'none', maxDurationSeconds, maxSilenceSeconds };
    return this.#do('channels', 'record', { channelId, name, ...how });
  }

  stopRecording(recordingName: string): Promise<void> {
    return this.#do('recordings', 'stop', { recordingName });
  }

  async isRecording(recordingName: string): Promise<boolean> {
    const live = await this.#orNull(this.#call('recordings', 'getLive', { recordingName }));
    return live !== null && !['done', 'failed', 'canceled'].includes(text(live, 'state'));
  }

  /** False when it is over, or was never begun. */
  async knowsRecording(recordingName: string): Promise<boolean> {
    return (await this.#orNull(this.#call('recordings', 'getLive', { recordingName }))) !== null;
  }

  /** Ids of the channels that send their events to `app`. */
  async subscribedChannels(applicationName: string): Promise<string[]> {
    const application = await this.#call('applications', 'get', { applicationName });
    const ids = (application as { channel_ids?: unknown } | null)?.channel_ids;
    return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [];
  }

  subscribe(applicationName: string, channelId: string): Promise<void> {
    return this.#do('applications', 'subscribe', { applicationName, eventSource: [`channel:${channelId}`] });
  }

  /** Events that nobody here reads are not sent to us; about half of all of them. An old Asterisk cannot, and need not. */
  async muteEvents(applicationName: string, types: readonly string[]): Promise<void> {
    if (!this.#has('applications', 'filter')) return;
    await this.#do('applications', 'filter', { applicationName, filter: { disallowed: types.map((type) => ({ type })) } });
  }

  /** Version of Asterisk, and when this run of it began (as it writes it; empty if it does not say). */
  async about(): Promise<{ version: string; startedAt: string }> {
    const info = (await this.#call('asterisk', 'getInfo', {})) as { system?: unknown; status?: unknown } | null;
    return { version: text(info?.system, 'version') || 'unknown', startedAt: text(info?.status, 'startup_time') };
  }

  #has(resource: string, name: string): boolean {
    const operations = this.#client[resource] as Record<string, unknown> | undefined;
    return typeof operations?.[name] === 'function';
  }

  async #do(resource: string, name: string, parameters: Parameters): Promise<void> {
    await this.#call(resource, name, parameters);
  }

  async #call(resource: string, name: string, parameters: Parameters): Promise<unknown> {
    const operations = this.#client[resource] as Record<string, (parameters: Parameters) => PromiseLike<unknown>>;
    const operation = operations[name];
    if (operation === undefined)
      throw new AriHttpError(`${resource}.${name}`, 'badRequest', null, 'is not offered by this Asterisk');
    return await operation(parameters);
  }

  async #orNull(answer: Promise<unknown>): Promise<unknown> {
    try {
      return (await answer) ?? null;
    } catch (error) {
      if (error instanceof AriHttpError && error.status === 404) return null;
      throw error;
    }
  }
}

const text = (from: unknown, key: string): string => {
  const value = typeof from === 'object' && from !== null ? (from as Record<string, unknown>)[key] : undefined;
  return typeof value === 'string' ? value : '';
};

const list = (answer: unknown): unknown[] => {
  if (!Array.isArray(answer)) throw new AriHttpError('list', 'badAnswer', 200, 'a list was expected');
  return answer;
};

export function readChannel(channel: unknown): AriChannel {
  const fields = channel as { caller?: unknown; dialplan?: unknown } | null;
  return {
    id: text(channel, 'id'),
    state: text(channel, 'state'),
    number: text(fields?.caller, 'number'),
    name: text(fields?.caller, 'name'),
    appName: text(fields?.dialplan, 'app_name'),
    appData: text(fields?.dialplan, 'app_data'),
  };
}

function readBridge(bridge: unknown): AriBridge {
  const channels = (bridge as { channels?: unknown } | null)?.channels;
  return {
    id: text(bridge, 'id'),
    type: text(bridge, 'bridge_type'),
    name: text(bridge, 'name'),
    channels: Array.isArray(channels) ? channels.filter((id) => typeof id === 'string') : [],
  };
}
