import Module, { createRequire } from 'node:module';
import { WebSocket } from 'ws';
import { type AriHttp, AriHttpError } from './ari-http.js';

/**
 * Loads the package ari-client with three of its dependencies replaced by small ones of our own, before it is first required.
 *
 * Why: the published swagger-client keeps credentials in a process-wide singleton (two switches cannot work), throws strings from
 * socket callbacks (a 503 while loading ends the process) and leaves a promise unsettled for ever when Asterisk resets a connection;
 * `request` is only used to look whether the host answers, and is deprecated with known holes; its `ws` 6 puts the password
 * into the URL. What stays is ari-client's own work: the operations that the server's api-docs offer.
 */

type Operation = (options: Record<string, unknown>, done: (answer: unknown) => void, fail: (error: unknown) => void) => void;
interface DocParameter {
  readonly name: string;
  readonly paramType: string;
}
interface DocOperation {
  readonly nickname: string;
  readonly httpMethod: string;
  readonly responseClass: string;
  readonly parameters: readonly DocParameter[];
}

/** What ari-client becomes once loaded: `client.channels.answer({channelId})` and so on, one function per documented operation. */
export interface AriClient {
  start(app: string): PromiseLike<void>;
  readonly _ws: WebSocket;
  readonly [resource: string]: unknown;
}

/** ari-client hands credentials over by module-wide calls; ours go over in these, set and cleared within one synchronous run. */
let handedHttp: AriHttp | null = null;
let handedSocket: SocketLimits | null = null;

export interface SocketLimits {
  readonly authorization: string;
  readonly handshakeTimeoutMs: number;
}

/** A frame beyond this closes the connection; the resync that follows loses nothing. */
const LARGEST_FRAME = 32 * 1024 * 1024;

class Socket extends WebSocket {
  constructor(address: string) {
    const limits = handedSocket;
    if (limits === null) throw new Error('ari-client opened a websocket by itself');
    const url = new URL(address);
    url.searchParams.delete('api_key'); // the password belongs in a header, where no proxy writes it down
    super(url, {
      headers: { authorization: limits.authorization },
      handshakeTimeout: limits.handshakeTimeoutMs,
      maxPayload: LARGEST_FRAME,
      perMessageDeflate: false,
    });
  }
}

class SwaggerApi {
  ready = false;
  readonly apis: Record<string, unknown> = {};

  constructor(options: { success: () => void; failure: (error: unknown) => void }) {
    const http = handedHttp;
    if (http === null) throw new Error('ari-client loaded its api-docs by itself');
    this.#load(http)
      .then(() => {
        this.ready = true;
        options.success();
      })
      .catch(options.failure);
  }

  async #load(http: AriHttp): Promise<void> {
    const index = parseDoc('resources', (await http.request('api-docs', 'GET', '/ari/api-docs/resources.json')).body);
    const names = index.map((entry) => /\/([A-Za-z]+)\.\{format\}$/.exec(entry.path)?.[1]).filter((name) => name !== undefined);
    await Promise.all(
      names.map(async (name) => {
        const doc = parseDoc(name, (await http.request('api-docs', 'GET', `/ari/api-docs/${name}.json`)).body);
        this.apis[name] = resource(http, name, doc);
      }),
    );
  }
}

function parseDoc(name: string, body: string): ReadonlyArray<{ path: string; operations: readonly DocOperation[] }> {
  const bad = (): never => {
    throw new AriHttpError('api-docs', 'badAnswer', null, `${name}.json is not an API description`);
  };
  let doc: { apis?: unknown };
  try {
    doc = JSON.parse(body) as { apis?: unknown };
  } catch {
    return bad();
  }
  if (typeof doc !== 'object' || doc === null || !Array.isArray(doc.apis)) return bad();
  return doc.apis.map((entry: { path?: unknown; operations?: unknown }) => {
    if (typeof entry?.path !== 'string') return bad();
    const operations = Array.isArray(entry.operations) ? (entry.operations as Partial<DocOperation>[]) : [];
    return {
      path: entry.path,
      operations: operations
        .filter((operation) => typeof operation?.nickname === 'string' && typeof operation.httpMethod === 'string')
        .map((operation) => ({
          nickname: operation.nickname as string,
          httpMethod: operation.httpMethod as string,
          responseClass: typeof operation.responseClass === 'string' ? operation.responseClass : 'void',
          parameters: Array.isArray(operation.parameters) ? operation.parameters : [],
        })),
    };
  });
}

function resource(http: AriHttp, name: string, doc: ReturnType<typeof parseDoc>): Record<string, unknown> {
  const operations: Record<string, { type: string; parameters: readonly DocParameter[] }> = {};
  const calls: Record<string, unknown> = {};
  for (const { path, operations: list } of doc) {
    for (const operation of list) {
      operations[operation.nickname] = { type: operation.responseClass, parameters: operation.parameters };
      calls[operation.nickname] = operationCall(http, `${name}.${operation.nickname}`, path, operation);
    }
  }
  return { ...calls, operations };
}

function operationCall(http: AriHttp, title: string, path: string, operation: DocOperation): Operation {
  const inPath = operation.parameters.filter(({ paramType }) => paramType === 'path').map(({ name }) => name);
  const others = operation.parameters.filter(({ paramType }) => paramType === 'query').map(({ name }) => name);
  const asBody = operation.httpMethod === 'POST' || operation.httpMethod === 'PUT';
  return (options, done, fail) => {
    let target = `/ari${path}`;
    let body: Record<string, unknown> | undefined;
    try {
      for (const name of inPath) {
        const value = options[name];
        if (typeof value !== 'string' || value === '') throw new Error(`${name} is missing`);
        target = target.replace(`{${name}}`, encodeURIComponent(value));
      }
      const given = others.filter((name) => options[name] !== undefined);
      if (asBody) {
        // Asterisk takes every query parameter as a JSON member too: no escaping, no line limit, nothing in access logs.
        const fields = Object.fromEntries(given.map((name) => [name, options[name]]));
        const own = typeof options.body === 'string' ? (JSON.parse(options.body) as Record<string, unknown>) : {};
        if (given.length > 0 || typeof options.body === 'string') body = { ...fields, ...own };
      } else if (given.length > 0) {
        target += `?${given.map((name) => `${name}=${encodeURIComponent(String(options[name]))}`).join('&')}`;
      }
    } catch (error) {
      fail(new AriHttpError(title, 'badRequest', null, error instanceof Error ? error.message : 'cannot be written'));
      return;
    }
    http
      .request(title, operation.httpMethod, target, body)
      .then(({ status, body: text }) => {
        try {
          done({ status, data: text });
        } catch {
          throw new AriHttpError(title, 'badAnswer', status, 'the answer is not JSON');
        }
      })
      .catch(fail);
  };
}

interface AriClientModule {
  connect(url: string, user: string, password: string): PromiseLike<AriClient>;
}

let loaded: AriClientModule | null = null;

function load(): AriClientModule {
  if (loaded !== null) return loaded;
  const require = createRequire(import.meta.url);
  const inside = createRequire(require.resolve('ari-client'));
  const swagger = { SwaggerApi, PasswordAuthorization: class {}, authorizations: { add() {} } };
  const probe = (_url: string, done: (error: null) => void): void => done(null);
  for (const [name, exports] of Object.entries({ 'swagger-client': swagger, request: probe, ws: Socket })) {
    const path = inside.resolve(name);
    const module = new Module(path);
    module.filename = path;
    module.loaded = true;
    module.exports = exports;
    require.cache[path] = module as NodeJS.Module;
  }
  loaded = require('ari-client') as AriClientModule;
  return loaded;
}

/** Downloads the api-docs and returns a client with the operations that this server has. Rejects with {@link AriHttpError}. */
export async function loadAriClient(url: string, http: AriHttp): Promise<AriClient> {
  const module = load();
  let loading: PromiseLike<AriClient>;
  handedHttp = http;
  try {
    // connect() builds its SwaggerApi before it returns, so no other connect can come between and take our hand-over.
    loading = module.connect(new URL(url).origin, 'in-header', 'in-header');
  } finally {
    handedHttp = null;
  }
  const client = await loading;
  // ari-client reconnects by itself, gives up after 43 s and cannot be stopped in between. A socket that always counts as "closed on
  // purpose" switches that off for good; AriConnection reconnects.
  Object.defineProperty(client, '_wsClosed', { get: () => true, set() {} });
  return client;
}

/** Opens the event stream of `app`. The socket comes without ari-client's message listener, which an unknown event makes deaf for ever. */
export function openEventSocket(client: AriClient, app: string, limits: SocketLimits): WebSocket {
  handedSocket = limits;
  try {
    // Never settles when the socket fails; the socket's own events tell.
    Promise.resolve(client.start(app)).catch(() => {});
  } finally {
    handedSocket = null;
  }
  const socket = client._ws;
  socket.removeAllListeners('message');
  return socket;
}
