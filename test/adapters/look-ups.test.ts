import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { networkOf } from '../../src/adapters/look-ups/addresses.js';
import { parseAnswer } from '../../src/adapters/look-ups/answer.js';
import { type AskedEndpoint, HttpLookUps } from '../../src/adapters/look-ups/http-look-ups.js';
import type { LookUpFault } from '../../src/base/look-up.js';
import type { LookUpQuestion } from '../../src/ports/look-ups.js';

const LIMIT_MS = 300;
/** What the contract allows over the limit. */
const SLACK_MS = 100;
const CANARY = '4111111111111111';

type Change = Partial<AskedEndpoint>;

/** Look-ups with one endpoint `bank`, and what they wrote into the log. */
function lookUps(t: Test, url: string, change: Change = {}, resolve?: (name: string) => Promise<readonly string[]>) {
  const lines: object[] = [];
  const write = (fields: object, sentence: string): void => void lines.push({ ...fields, sentence });
  const bank: AskedEndpoint = {
    url,
    network: 'loopback',
    method: 'POST',
    timeoutMs: 2_000,
    maxBytes: 64 * 1024,
    headers: {},
    authorization: () => null,
    atOnce: 50,
    ...change,
  };
  const asks = new HttpLookUps({
    endpoints: { bank },
    log: { debug: write, info: write, warn: write, error: write },
    ...(resolve ? { resolve } : {}),
  });
  t.teardown(() => asks.close());
  return { asks, lines };
}

const question = (change: Partial<LookUpQuestion> = {}): LookUpQuestion => ({
  endpoint: 'bank',
  send: { card: CANARY },
  timeoutMs: LIMIT_MS,
  hasSecrets: true,
  ...change,
});

/** An HTTP server on this machine; gone in the end with all its connections. */
function serve(t: Test, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  t.teardown(() => server.closeAllConnections());
  return listen(t, server);
}

/** A server that says what it likes. */
function serveRaw(t: Test, talk: (socket: Socket) => void): Promise<string> {
  const server = createRawServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
    talk(socket);
  });
  const open = new Set<Socket>();
  t.teardown(() => {
    for (const socket of open) socket.destroy();
  });
  return listen(t, server);
}

function listen(t: Test, server: Server): Promise<string> {
  t.teardown(() => server.close());
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/ask`));
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += part;
  return text;
}

const json = (response: ServerResponse, value: unknown): void => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

t.test('a question goes out as JSON with its headers, and the answer comes back', async (t) => {
  const seen: { method?: string; url?: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const url = await serve(t, (request, response) => {
    void bodyOf(request).then((body) => {
      const { method = '', url: path = '', headers } = request;
      seen.push({ method, url: path, headers, body });
      json(response, { due: 1280.5, payBy: '2026-12-05', list: [1, null, { a: true }] });
    });
  });
  const { asks } = lookUps(t, url, { headers: { 'x-branch': '021' }, authorization: () => 'Bearer k' });
  t.same(await asks.ask(question()), { ok: true, answer: { due: 1280.5, payBy: '2026-12-05', list: [1, null, { a: true }] } });
  t.match(seen[0], { method: 'POST', url: '/ask', body: `{"card":"${CANARY}"}` });
  t.match(seen[0]?.headers, { 'content-type': 'application/json', 'x-branch': '021', authorization: 'Bearer k' });
  t.same(await asks.ask(question({ endpoint: 'nobody' })), { ok: false, fault: 'noEndpoint', detail: 'no such endpoint' });
});

t.test('GET puts the values into the address, and is refused where secure digits may be among them', async (t) => {
  const paths: string[] = [];
  const url = await serve(t, (request, response) => {
    paths.push(request.url ?? '');
    json(response, {});
  });
  const { asks } = lookUps(t, `${url}?v=1`, { method: 'GET' });
  const send = { case: 'A&b=1', open: true, nothing: null };
  t.match(await asks.ask(question({ send, hasSecrets: false })), { ok: true });
  t.match(await asks.ask(question({ hasSecrets: true })), { ok: false, fault: 'forbidden' });
  const { hasSecrets: _, ...unsaid } = question();
  t.match(await asks.ask(unsaid), { ok: false, fault: 'forbidden' }, 'what is not known is taken for secure');
  t.same(paths, ['/ask?v=1&case=A%26b%3D1&open=true']);
});

/** Fault F21, each way in which a system goes wrong: the fault that is told, and how the server does it. */
const WRONG: Record<
  string,
  { fault: LookUpFault; detail?: RegExp; change?: Change; http?: RequestListener; raw?: (socket: Socket) => void }
> = {
  'no answer at all': { fault: 'timeout', http: () => {} },
  'a connection that is accepted and never read': { fault: 'timeout', raw: (socket) => void socket.pause() },
  'status 500': { fault: 'status', detail: /^500$/, http: (_, response) => void response.writeHead(500).end('{"due":1}') },
  'status 503 with an endless body': {
    fault: 'status',
    detail: /^503$/,
    http: (_, response) => {
      response.writeHead(503);
      drip(response, 'x'.repeat(1024), 5);
    },
  },
  'status 404': { fault: 'status', detail: /^404$/, http: (_, response) => void response.writeHead(404).end() },
  'a slow drip of headers': {
    fault: 'timeout',
    raw: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      drip(socket, 'x-a: b\r\n', 20);
    },
  },
  'a slow drip of the body': {
    fault: 'timeout',
    http: (_, response) => {
      response.writeHead(200);
      drip(response, ' ', 20);
    },
  },
  'endless 1xx answers': { fault: 'timeout', raw: (socket) => drip(socket, 'HTTP/1.1 102 Processing\r\n\r\n', 20) },
  'another protocol': {
    fault: 'notReached',
    raw: (socket) => void socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
  },
  '100 MB, told beforehand': {
    fault: 'tooLarge',
    http: (_, response) => {
      response.writeHead(200, { 'content-length': 100 * 1024 * 1024 });
      drip(response, 'x'.repeat(64 * 1024), 0);
    },
  },
  '100 MB, not told': {
    fault: 'tooLarge',
    http: (_, response) => {
      response.writeHead(200);
      drip(response, 'x'.repeat(64 * 1024), 0);
    },
  },
  'a header bomb': {
    fault: 'tooLarge',
    raw: (socket) => void socket.write(`HTTP/1.1 200 OK\r\n${`x-a: ${'b'.repeat(1000)}\r\n`.repeat(1_000)}\r\n`),
  },
  'no HTTP': { fault: 'badAnswer', detail: /^HPE_/, raw: (socket) => void socket.write('SSH-2.0-OpenSSH_9.9\r\n') },
  'a compressed answer': {
    fault: 'badAnswer',
    http: (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
  },
  'half an object': { fault: 'badAnswer', http: (_, response) => void response.end('{"due": 1') },
  'a page': { fault: 'badAnswer', http: (_, response) => void response.end('<html>4111111111111111</html>') },
  'bytes that are no text': { fault: 'badAnswer', http: (_, response) => void response.end(Buffer.from([0x22, 0xff, 0x22])) },
  'nothing (204)': { fault: 'badAnswer', detail: /^empty$/, http: (_, response) => void response.writeHead(204).end() },
  'nothing (200)': { fault: 'badAnswer', detail: /^empty$/, http: (_, response) => void response.end() },
  'nested too deep': { fault: 'badAnswer', http: (_, response) => void response.end('['.repeat(30_000) + ']'.repeat(30_000)) },
  'a number that was rounded': { fault: 'badAnswer', http: (_, response) => void response.end('{"account": 62220212345678901}') },
  'a reset': {
    fault: 'notReached',
    detail: /^ECONNRESET$/,
    raw: (socket) => void socket.once('data', () => socket.resetAndDestroy()),
  },
  'closed without a word': { fault: 'notReached', raw: (socket) => void socket.once('data', () => socket.end()) },
  'closed within the body': {
    fault: 'notReached',
    raw: (socket) => void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"due": 1}')),
  },
  'two lengths': {
    fault: 'badAnswer',
    raw: (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 9\r\n\r\n{}'),
  },
};

/** Writes again and again until the other side goes. */
function drip(out: ServerResponse | Socket, text: string, everyMs: number): void {
  const timer = setInterval(() => out.write(text), Math.max(1, everyMs));
  out.on('close', () => clearInterval(timer));
  out.on('error', () => clearInterval(timer));
}

for (const [name, { fault, detail, change, http, raw }] of Object.entries(WRONG)) {
  t.test(`${name}: ${fault}, within its time`, async (t) => {
    const url = http ? await serve(t, http) : await serveRaw(t, raw ?? (() => {}));
    const { asks, lines } = lookUps(t, url, change);
    const begunMs = performance.now();
    const result = await asks.ask(question());
    const tookMs = performance.now() - begunMs;
    t.match(result, { ok: false, fault }, JSON.stringify(result));
    if (detail) t.match(!result.ok && result.detail, detail);
    t.ok(tookMs < LIMIT_MS + SLACK_MS, `took ${Math.round(tookMs)} ms`);
    t.notMatch(JSON.stringify([result, lines]), CANARY, 'neither question nor answer is repeated');
    t.equal(lines.length, 1, 'the log is told');
  });
}

t.test('a redirect inward is not followed', async (t) => {
  let inner = 0;
  const inside = await serve(t, (_, response) => {
    inner++;
    json(response, { secret: 1 });
  });
  for (const status of [301, 302, 303, 307, 308]) {
    const url = await serve(t, (_, response) => void response.writeHead(status, { location: inside }).end());
    t.same(await lookUps(t, url).asks.ask(question()), { ok: false, fault: 'status', detail: String(status) });
  }
  t.equal(inner, 0);
});

t.test('names: none, one that hangs, one that leads elsewhere; what was looked up is what is connected to', async (t) => {
  let hits = 0;
  const url = await serve(t, (request, response) => {
    hits++;
    json(response, { host: request.headers.host ?? '' });
  });
  const { port } = new URL(url);
  const named = `http://core.bank.test:${port}/`;
  const asked = async (addresses: readonly string[], change: Change = {}) =>
    lookUps(t, named, change, async () => addresses).asks.ask(question());
  t.match(await lookUps(t, 'http://name.invalid/').asks.ask(question({ timeoutMs: 2_000 })), { ok: false, fault: 'notReached' });
  const begunMs = performance.now();
  t.match(await lookUps(t, named, {}, () => new Promise(() => {})).asks.ask(question()), { ok: false, fault: 'timeout' });
  t.ok(performance.now() - begunMs < LIMIT_MS + SLACK_MS);
  t.match(await asked([]), { ok: false, fault: 'notReached', detail: 'ENOTFOUND' });
  for (const network of ['public', 'private'] as const) {
    t.match(
      await asked(['127.0.0.1'], { network }),
      { ok: false, fault: 'forbidden' },
      `a ${network} name that leads to this machine`,
    );
  }
  for (const address of ['169.254.169.254', '0.0.0.0', '::', 'fe80::1', '224.0.0.1', '10.0.0.1', '::ffff:169.254.169.254']) {
    t.match(await asked([address]), { ok: false, fault: 'forbidden' }, address);
  }
  t.equal(hits, 0);
  t.match(await asked(['169.254.169.254', '127.0.0.1']), { ok: true, answer: { host: `core.bank.test:${port}` } });
  t.match(await lookUps(t, url, { network: 'public' }).asks.ask(question()), { ok: false, fault: 'forbidden' }, 'written out');
  let names = 0;
  const turning = lookUps(t, named, {}, async () => (names++ === 0 ? ['127.0.0.1'] : ['10.0.0.1'])).asks;
  t.match(await turning.ask(question()), { ok: true });
  t.match(await turning.ask(question()), { ok: true }, 'the same connection');
  t.equal(names, 1);
});

t.test('one name is looked up once for all who wait for it', async (t) => {
  const url = await serve(t, (_, response) => json(response, {}));
  let names = 0;
  const { asks } = lookUps(t, `http://core.bank.test:${new URL(url).port}/`, {}, async () => {
    names++;
    await pause(30);
    return ['127.0.0.1'];
  });
  const results = await Promise.all(Array.from({ length: 20 }, () => asks.ask(question())));
  t.ok(results.every(({ ok }) => ok));
  t.equal(names, 1);
});

t.test('too many at once are refused; places come free; connections are kept', async (t) => {
  const held: ServerResponse[] = [];
  const ports = new Set<number>();
  const url = await serve(t, (request, response) => {
    ports.add(request.socket.remotePort ?? 0);
    held.push(response);
  });
  const { asks } = lookUps(t, url, { atOnce: 3 });
  const three = [1, 2, 3].map(() => asks.ask(question({ timeoutMs: 2_000 })));
  t.match(await asks.ask(question()), { ok: false, fault: 'busy' });
  while (held.length < 3) await pause(5);
  for (const response of held.splice(0)) json(response, { ok: 1 });
  t.ok((await Promise.all(three)).every(({ ok }) => ok));
  const next = asks.ask(question({ timeoutMs: 2_000 }));
  while (held.length < 1) await pause(5);
  for (const response of held.splice(0)) json(response, {});
  t.match(await next, { ok: true });
  t.equal(ports.size, 3, 'the fourth came by a connection of the first three');
});

t.test('an idle connection that the other side has closed costs nothing; a second reset is a fault', async (t) => {
  let questions = 0;
  const url = await serveRaw(t, (socket) => {
    let own = 0;
    socket.on('data', () => {
      questions++;
      if (++own > 1) socket.resetAndDestroy();
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
    });
  });
  const { asks } = lookUps(t, url);
  t.match(await asks.ask(question()), { ok: true });
  await pause(10);
  t.match(await asks.ask(question()), { ok: true }, 'asked anew by another connection');
  t.equal(questions, 3);
});

t.test('whoever closes waits for nobody', async (t) => {
  const url = await serve(t, () => {});
  const { asks } = lookUps(t, url);
  const asked = asks.ask(question({ timeoutMs: 10_000 }));
  await pause(20);
  const begunMs = performance.now();
  await asks.close();
  t.match(await asked, { ok: false, fault: 'notReached', detail: 'closed' });
  t.match(await asks.ask(question()), { ok: false, fault: 'notReached' });
  t.ok(performance.now() - begunMs < 100);
});

t.test('the log is told once a minute of a system that is away', async (t) => {
  const { asks, lines } = lookUps(t, 'http://127.0.0.1:1/');
  for (let i = 0; i < 50; i++) t.match(await asks.ask(question()), { ok: false, fault: 'notReached', detail: 'ECONNREFUSED' });
  t.equal(lines.length, 1);
});

t.test('kinds of addresses', (t) => {
  const kinds: Record<string, string[]> = {
    public: ['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'],
    private: ['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', 'fd12::1', '::ffff:10.0.0.1'],
    loopback: ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1'],
    never: [
      '0.0.0.0',
      '0.1.2.3',
      '169.254.169.254',
      '100.100.100.200',
      '192.0.2.1',
      '224.0.0.251',
      '239.1.1.1',
      '255.255.255.255',
      '240.0.0.1',
      '::',
      '::2',
      '::7f00:1',
      'fe80::1',
      'fe80::1%eth0',
      'fec0::1',
      'ff02::1',
      'fd00:ec2::254',
      '2001:db8::1',
      '2002:7f00:1::',
      '2001:0:1::1',
      '::ffff:169.254.169.254',
      '64:ff9b::a9fe:a9fe',
      '64:ff9b:1::1',
      'name',
      '',
      '127.1',
    ],
  };
  for (const [kind, addresses] of Object.entries(kinds)) {
    for (const address of addresses) t.equal(networkOf(address) ?? 'never', kind, address);
  }
  t.end();
});

t.test('an answer brings no prototype', (t) => {
  const parsed = parseAnswer(Buffer.from('{"__proto__": {"polluted": 1}, "a": {"constructor": {"prototype": 1}, "b": 2}}'));
  t.same(parsed, { ok: true, answer: { a: { b: 2 } } });
  t.equal(({} as { polluted?: number }).polluted, undefined);
  t.equal(Object.getPrototypeOf(parsed.ok && parsed.answer), Object.prototype);
  t.match(parseAnswer(Buffer.from('12')), { ok: true, answer: 12 });
  t.match(parseAnswer(Buffer.from('\ufeff{}')), { ok: true, answer: {} });
  t.end();
});
