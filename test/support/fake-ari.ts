import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/**
 * An Asterisk of paper: the part of ARI that the adapter uses, with a small truth of its own about channels and bridges, and faults
 * on demand that the real one does not produce when asked. Events other than those of its own making are sent by the test.
 */

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Record<string, unknown>;
}

export interface FakeChannel {
  id: string;
  name: string;
  state: string;
  number: string;
  callerName: string;
  appName: string;
  appData: string;
  subscribed: boolean;
  variables: Record<string, string>;
}

interface FakeBridge {
  id: string;
  bridge_type: string;
  name: string;
  channels: string[];
  music: string | null;
}

/** What a rule does to a request: an answer instead of the usual one, a reset, silence, or waiting until released. */
export type Fault =
  | { readonly status: number; readonly body?: string }
  | 'reset'
  | 'silence'
  | { readonly until: Promise<unknown> };

interface Rule {
  readonly pattern: RegExp;
  readonly fault: Fault;
  left: number;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

const USER = 'hotline';
const PASSWORD = 'paper-switch-27';

export class FakeAri {
  readonly username = USER;
  readonly password = PASSWORD;
  readonly requests: SeenRequest[] = [];
  readonly socketUrls: string[] = [];
  readonly channels = new Map<string, FakeChannel>();
  readonly bridges = new Map<string, FakeBridge>();
  readonly playbacks = new Map<string, string>();
  readonly recordings = new Set<string>();
  startedAt = '2026-11-21T10:00:00.000+0000';
  /** Turned off: pings are not answered, as on a line that was cut without a word. */
  answersPings = true;
  #rules: Rule[] = [];
  #waiting: Array<() => boolean> = [];
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, autoPong: false });
  readonly #connections = new Set<Socket>();
  #events: WebSocket | null = null;
  #port = 0;

  private constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response));
    this.#server.on('connection', (socket) => {
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
    });
    this.#server.on('upgrade', (request, socket, head) => {
      const refused = this.#authorised(request) ? this.#fault('GET', '/ari/events') : { status: 401 };
      if (refused !== null) {
        if (typeof refused === 'object' && 'status' in refused)
          socket.end(`HTTP/1.1 ${refused.status} No\r\nContent-Length: 0\r\n\r\n`);
        else if (refused === 'reset') socket.destroy();
        return;
      }
      this.socketUrls.push(request.url ?? '');
      this.#sockets.handleUpgrade(request, socket, head, (ws) => {
        const earlier = this.#events;
        this.#events = ws;
        ws.on('error', () => {});
        ws.on('ping', (data) => {
          if (this.answersPings) ws.pong(data);
        });
        ws.on('close', () => {
          if (this.#events === ws) this.#events = null;
        });
        if (earlier !== null) earlier.send(JSON.stringify({ type: 'ApplicationReplaced', application: 'hotline' }));
        this.#wake();
      });
    });
  }

  static async start(port = 0): Promise<FakeAri> {
    const fake = new FakeAri();
    await new Promise<void>((resolve, reject) => {
      fake.#server.once('error', reject);
      fake.#server.listen(port, '127.0.0.1', resolve);
    });
    fake.#port = (fake.#server.address() as AddressInfo).port;
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  get isConnected(): boolean {
    return this.#events !== null;
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** The next `times` requests whose `METHOD /path` matches meet this fault. */
  fail(pattern: RegExp, fault: Fault, times = 1): void {
    this.#rules.push({ pattern, fault, left: times });
  }

  /** Ordered faults that nothing has met yet. */
  get faultsLeft(): number {
    return this.#rules.reduce((sum, { left }) => sum + left, 0);
  }

  heal(): void {
    this.#rules = [];
  }

  /** Cuts the event stream as a dying Asterisk does. */
  cutEvents(): void {
    this.#events?.terminate();
  }

  send(event: Record<string, unknown>): void {
    this.sendRaw(JSON.stringify({ application: 'hotline', timestamp: '2026-11-21T10:00:00.000+0000', ...event }));
  }

  sendRaw(text: string | Buffer): void {
    this.#events?.send(text);
  }

  /** Resolves when `condition` holds; looked at after each request and connection. */
  until(condition: () => boolean, what: string): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`never came: ${what}`)), 5_000);
      this.#waiting.push(() => {
        if (!condition()) return false;
        clearTimeout(timer);
        resolve();
        return true;
      });
    });
  }

  /** `METHOD /path` of the requests so far, without the api-docs. */
  get lines(): string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  request(pattern: RegExp): SeenRequest | undefined {
    return this.requests.find(({ method, path }) => pattern.test(`${method} ${path}`));
  }

  addChannel(about: Partial<FakeChannel> & { id: string }): FakeChannel {
    const channel: FakeChannel = {
      name: 'PJSIP/trunk-00000001',
      state: 'Ring',
      number: '13800001111',
      callerName: '',
      appName: 'Stasis',
      appData: 'hotline,inbound,4008',
      subscribed: true,
      variables: {},
      ...about,
    };
    this.channels.set(channel.id, channel);
    return channel;
  }

  /** A caller comes in by the trunk. */
  arrive(id: string, about: Partial<FakeChannel> = {}): void {
    const channel = this.addChannel({ id, ...about });
    this.send({ type: 'StasisStart', args: channel.appData.split(',').slice(1), channel: asJson(channel) });
  }

  /** A phone that we dialled picks up. */
  pickUp(id: string): void {
    const channel = this.channels.get(id);
    if (channel === undefined) throw new Error(`nobody dialled ${id}`);
    Object.assign(channel, { state: 'Up', appName: 'Stasis', appData: `hotline,${channel.variables.HOTLINE_LEG}` });
    this.send({ type: 'ChannelStateChange', channel: asJson(channel) });
    this.send({ type: 'StasisStart', args: channel.appData.split(',').slice(1), channel: asJson(channel) });
  }

  /** An inbound leg ends: Asterisk says no more of it than this. */
  leave(id: string): void {
    const channel = this.#remove(id);
    this.send({ type: 'ChannelHangupRequest', channel: asJson(channel), cause: 16 });
    this.send({ type: 'StasisEnd', channel: asJson(channel) });
  }

  /** A leg that we dialled ends. */
  destroy(id: string, cause: number, techCause?: number): void {
    const channel = this.#remove(id);
    this.send({ type: 'ChannelDestroyed', channel: asJson(channel), cause, cause_txt: '', tech_cause: techCause });
  }

  finishPlayback(id: string, state = 'done'): void {
    const target = this.playbacks.get(id);
    this.playbacks.delete(id);
    this.send({ type: 'PlaybackFinished', playback: { id, state, media_uri: 'sound:x', target_uri: `channel:${target}` } });
  }

  #remove(id: string): FakeChannel {
    const channel = this.channels.get(id) ?? this.addChannel({ id });
    this.channels.delete(id);
    this.#takeOut(id);
    return channel;
  }

  #authorised(request: IncomingMessage): boolean {
    return request.headers.authorization === `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
  }

  #fault(method: string, path: string): Fault | null {
    const rule = this.#rules.find(({ pattern, left }) => left > 0 && pattern.test(`${method} ${path}`));
    if (rule === undefined) return null;
    rule.left--;
    return rule.fault;
  }

  #wake(): void {
    this.#waiting = this.#waiting.filter((done) => !done());
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const method = request.method ?? '';
      const path = request.url ?? '';
      const text = Buffer.concat(chunks).toString();
      const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
      if (!path.includes('api-docs')) this.requests.push({ method, path: path.replace('/ari', ''), body });
      const fault = this.#authorised(request) ? this.#fault(method, path) : { status: 401 };
      const usual = (): void => {
        const answer = this.#answer(method, path.replace(/^\/ari/, ''), body);
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
      };
      if (fault === null) usual();
      else if (fault === 'reset') request.socket.resetAndDestroy();
      else if (fault === 'silence') {
        // Nothing, for ever.
      } else if ('until' in fault) void fault.until.then(usual);
      else response.writeHead(fault.status).end(fault.body ?? '{"message":"as ordered"}');
      this.#wake();
    });
  }

  #answer(method: string, path: string, body: Record<string, unknown>): Answer {
    const url = new URL(path, 'http://x');
    const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
    const docs = /^\/api-docs\/(\w+)\.json$/.exec(path)?.[1];
    if (docs !== undefined) return { status: 200, body: apiDocs(docs) };
    switch (parts[0]) {
      case 'asterisk':
        return { status: 200, body: { system: { version: '22.0.0-paper' }, status: { startup_time: this.startedAt } } };
      case 'applications': {
        const ids = [...this.channels.values()].filter(({ subscribed }) => subscribed).map(({ id }) => id);
        return { status: 200, body: { name: parts[1], channel_ids: ids, bridge_ids: [...this.bridges.keys()] } };
      }
      case 'channels':
        return this.#answerChannel(method, parts, url, body);
      case 'bridges':
        return this.#answerBridge(method, parts, body);
      case 'playbacks':
        return this.#answerPlayback(method, parts[1] ?? '');
      case 'recordings':
        return this.#answerRecording(method, parts[2] ?? '');
    }
    return { status: 404, body: { message: 'no such resource' } };
  }

  #answerChannel(method: string, [, id = '', verb, argument]: string[], url: URL, body: Record<string, unknown>): Answer {
    if (id === '') return { status: 200, body: [...this.channels.values()].map(asJson) };
    const channel = this.channels.get(id);
    if (method === 'POST' && verb === undefined) {
      if (channel !== undefined) return { status: 409, body: { message: 'Channel with given unique ID already exists' } };
      const variables = (body.variables ?? {}) as Record<string, string>;
      const made = this.addChannel({ id, state: 'Down', appName: 'AppDial2', appData: '(Outgoing Line)', variables });
      return { status: 200, body: asJson(made) };
    }
    if (channel === undefined) return { status: 404, body: { message: 'Channel not found' } };
    if (verb === undefined) {
      if (method === 'DELETE') this.channels.delete(id);
      return method === 'DELETE' ? { status: 204 } : { status: 200, body: asJson(channel) };
    }
    if (verb === 'variable' && method === 'GET') {
      const value = channel.variables[url.searchParams.get('variable') ?? ''];
      return value === undefined ? { status: 404, body: { message: 'not set' } } : { status: 200, body: { value } };
    }
    if (verb === 'variable') channel.variables[String(body.variable)] = String(body.value);
    if (verb === 'answer') channel.state = 'Up';
    if (verb === 'record') {
      if (this.recordings.has(String(body.name))) return { status: 409, body: { message: 'already exists' } };
      this.recordings.add(String(body.name));
      return { status: 201, body: { name: body.name, state: 'queued' } };
    }
    if (verb === 'play') {
      this.playbacks.set(argument ?? '', id);
      return { status: 201, body: { id: argument, state: 'queued', target_uri: `channel:${id}` } };
    }
    return { status: 204 };
  }

  #answerBridge(method: string, [, id = '', verb]: string[], body: Record<string, unknown>): Answer {
    if (id === '') return { status: 200, body: [...this.bridges.values()] };
    const bridge = this.bridges.get(id);
    if (method === 'POST' && verb === undefined) {
      if (bridge !== undefined) return { status: 409, body: { message: 'already exists' } };
      const type = String(body.type).split(',')[0] ?? '';
      const made: FakeBridge = { id, bridge_type: type, name: String(body.name), channels: [], music: null };
      this.bridges.set(id, made);
      return { status: 200, body: made };
    }
    if (bridge === undefined) return { status: 404, body: { message: 'Bridge not found' } };
    if (method === 'GET') return { status: 200, body: bridge };
    if (method === 'DELETE') {
      this.bridges.delete(id);
      return { status: 204 };
    }
    if (verb === 'addChannel') {
      const ids = [body.channel].flat().map(String);
      if (!ids.every((channel) => this.channels.has(channel))) return { status: 400, body: { message: 'Channel not found' } };
      for (const channel of ids) this.#move(channel, bridge);
    }
    if (verb === 'removeChannel') for (const channel of [body.channel].flat().map(String)) this.#takeOut(channel);
    if (verb === 'moh') bridge.music = String(body.mohClass);
    if (verb === 'record') {
      if (this.recordings.has(String(body.name))) return { status: 409, body: { message: 'already exists' } };
      this.recordings.add(String(body.name));
      return { status: 201, body: { name: body.name, state: 'queued' } };
    }
    return { status: 204 };
  }

  #move(id: string, to: FakeBridge): void {
    this.#takeOut(id);
    to.channels.push(id);
    this.send({ type: 'ChannelEnteredBridge', channel: { id }, bridge: to });
  }

  #takeOut(id: string): void {
    for (const bridge of this.bridges.values()) {
      if (!bridge.channels.includes(id)) continue;
      bridge.channels = bridge.channels.filter((other) => other !== id);
      // The last one takes the music along.
      if (bridge.channels.length === 0) bridge.music = null;
      this.send({ type: 'ChannelLeftBridge', channel: { id }, bridge });
    }
  }

  #answerPlayback(method: string, id: string): Answer {
    const target = this.playbacks.get(id);
    if (target === undefined) return { status: 404, body: { message: 'Playback not found' } };
    if (method === 'GET') return { status: 200, body: { id, state: 'playing', target_uri: `channel:${target}` } };
    this.finishPlayback(id);
    return { status: 204 };
  }

  #answerRecording(method: string, name: string): Answer {
    if (!this.recordings.has(name)) return { status: 404, body: { message: 'Recording not found' } };
    if (method === 'GET') return { status: 200, body: { name, state: 'recording', format: 'wav' } };
    this.recordings.delete(name);
    return { status: 204 };
  }
}

const asJson = (channel: FakeChannel): Record<string, unknown> => ({
  id: channel.id,
  name: channel.name,
  state: channel.state,
  caller: { name: channel.callerName, number: channel.number },
  connected: { name: '', number: '' },
  dialplan: { context: 'trunk', exten: 's', priority: 1, app_name: channel.appName, app_data: channel.appData },
});

/** Per resource: nickname, method, path, answer's class, query parameters. `*` after a name: it goes in the body. */
const OPERATIONS: Record<string, ReadonlyArray<readonly [string, string, string, string, string]>> = {
  applications: [
    ['get', 'GET', '/applications/{applicationName}', 'Application', ''],
    ['subscribe', 'POST', '/applications/{applicationName}/subscription', 'Application', 'eventSource'],
    ['filter', 'PUT', '/applications/{applicationName}/eventFilter', 'Application', 'filter*'],
  ],
  asterisk: [['getInfo', 'GET', '/asterisk/info', 'AsteriskInfo', 'only']],
  bridges: [
    ['list', 'GET', '/bridges', 'List[Bridge]', ''],
    ['createWithId', 'POST', '/bridges/{bridgeId}', 'Bridge', 'type name'],
    ['get', 'GET', '/bridges/{bridgeId}', 'Bridge', ''],
    ['destroy', 'DELETE', '/bridges/{bridgeId}', 'void', ''],
    ['addChannel', 'POST', '/bridges/{bridgeId}/addChannel', 'void', 'channel'],
    ['removeChannel', 'POST', '/bridges/{bridgeId}/removeChannel', 'void', 'channel'],
    ['startMoh', 'POST', '/bridges/{bridgeId}/moh', 'void', 'mohClass'],
    ['record', 'POST', '/bridges/{bridgeId}/record', 'LiveRecording', 'name format ifExists'],
  ],
  channels: [
    ['list', 'GET', '/channels', 'List[Channel]', ''],
    ['get', 'GET', '/channels/{channelId}', 'Channel', ''],
    ['originateWithId', 'POST', '/channels/{channelId}', 'Channel', 'endpoint app appArgs callerId timeout variables*'],
    ['hangup', 'DELETE', '/channels/{channelId}', 'void', 'reason_code'],
    ['startMoh', 'POST', '/channels/{channelId}/moh', 'void', 'mohClass'],
    ['stopMoh', 'DELETE', '/channels/{channelId}/moh', 'void', ''],
    ['answer', 'POST', '/channels/{channelId}/answer', 'void', ''],
    ['playWithId', 'POST', '/channels/{channelId}/play/{playbackId}', 'Playback', 'media'],
    [
      'record',
      'POST',
      '/channels/{channelId}/record',
      'LiveRecording',
      'name format maxDurationSeconds maxSilenceSeconds ifExists beep terminateOn',
    ],
    ['getChannelVar', 'GET', '/channels/{channelId}/variable', 'Variable', 'variable'],
    ['setChannelVar', 'POST', '/channels/{channelId}/variable', 'void', 'variable value'],
  ],
  playbacks: [
    ['get', 'GET', '/playbacks/{playbackId}', 'Playback', ''],
    ['stop', 'DELETE', '/playbacks/{playbackId}', 'void', ''],
  ],
  recordings: [
    ['getLive', 'GET', '/recordings/live/{recordingName}', 'LiveRecording', ''],
    ['stop', 'POST', '/recordings/live/{recordingName}/stop', 'void', ''],
  ],
};

function apiDocs(name: string): unknown {
  const head = { swaggerVersion: '1.1', apiVersion: '10.0.0', basePath: 'http://localhost:8088/ari' };
  if (name === 'resources') {
    return {
      ...head,
      apis: Object.keys(OPERATIONS).map((resource) => ({ path: `/api-docs/${resource}.{format}`, description: '' })),
    };
  }
  const apis = (OPERATIONS[name] ?? []).map(([nickname, httpMethod, path, responseClass, parameters]) => ({
    path,
    operations: [
      {
        nickname,
        httpMethod,
        responseClass,
        parameters: [
          ...[...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => ({ name: parameter, paramType: 'path' })),
          ...parameters
            .split(' ')
            .filter((parameter) => parameter !== '')
            .map((parameter) => ({ name: parameter.replace('*', ''), paramType: parameter.endsWith('*') ? 'body' : 'query' })),
        ],
      },
    ],
  }));
  return { ...head, resourcePath: `/api-docs/${name}.{format}`, apis, models: {} };
}
