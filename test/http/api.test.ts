import { connect } from 'node:net';
import type { FastifyInstance, InjectOptions } from 'fastify';
import t from 'tap';
import type { AgentConfig, QueueConfig } from '../../src/acd/config.js';
import type { Fact } from '../../src/base/facts.js';
import { asId } from '../../src/base/ids.js';
import { buildApp, type HttpDeps } from '../../src/http/app.js';
import { createLedger } from '../../src/service-level/ledger.js';
import { aHouse, aQueue, aRecording, TOKENS } from './house.js';

const bearer = (who: keyof typeof TOKENS) => ({ authorization: `Bearer ${TOKENS[who].secret}` });
const beyond: Partial<HttpDeps> = { bind: { host: '0.0.0.0', port: 0 } };

/** Every path of the API with an id that exists. */
const filled = (url: string): string =>
  url.replace(
    /:id/,
    url.includes('/queues/') ? 'general' : url.includes('/agents/') ? '1001' : url.includes('/calls/') ? 'call-1' : 'rec-1',
  );

/** Asks every GET that promises JSON, and holds the answer against the schema of its description. Returns the paths. */
async function holdsToItsDescription(t: Pick<Tap, 'equal' | 'ok'>, app: FastifyInstance): Promise<string[]> {
  await app.ready();
  const described = app.swagger() as unknown as {
    paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, { schema: object }> }> }>>;
  };
  const check = (await import('ajv')).default;
  // ajv comes with fastify; `description` and the like are annotations.
  const ajv = new (check as unknown as new (o: object) => { validate(s: object, d: unknown): boolean; errors: unknown })({
    strict: false,
  });
  for (const [path, methods] of Object.entries(described.paths)) {
    const schema = methods.get?.responses['200']?.content?.['application/json']?.schema;
    if (schema === undefined) continue;
    const answer = await app.inject(filled(path.replace('{id}', ':id')));
    t.equal(answer.statusCode, 200, path);
    t.ok(ajv.validate(schema, answer.json()), `${path} is as described: ${JSON.stringify(ajv.errors)}`);
  }
  return Object.keys(described.paths);
}
type Tap = typeof t;

t.test('answers hold the shapes that the description promises, and equal the board', async (t) => {
  const house = aHouse();
  const app = buildApp(house);
  t.teardown(() => app.close());
  await app.ready();
  const paths = await holdsToItsDescription(t, app);
  const { queues, agents, ...rest } = house.board();
  t.same((await app.inject('/api/v1/board')).json(), house.board());
  t.same((await app.inject('/api/v1/queues')).json(), { seq: rest.seq, atMs: rest.atMs, queues });
  t.same((await app.inject('/api/v1/queues/general')).json().queue, queues[0]);
  t.same((await app.inject('/api/v1/agents')).json(), { seq: rest.seq, atMs: rest.atMs, agents });
  t.same((await app.inject('/api/v1/agents/1002')).json().agent, agents[1]);
  for (const path of [
    '/api/v1/queues/{id}',
    '/api/v1/agents/{id}/wrap-up/finish',
    '/api/v1/recordings/{id}/audio',
    '/metrics',
    '/readyz',
  ]) {
    t.ok(paths.includes(path), `${path} is described`);
  }
  t.equal((await app.inject('/docs/json')).json().info.title, 'hotline-acd');
  t.match((await app.inject('/docs/')).body, /swagger/);
});

t.test('what the real ledger says is as described too', async (t) => {
  const config = {
    id: asId<QueueConfig['id']>('general'),
    title: { zh: '综合服务' },
    target: { share: 0.8, withinMs: 20_000, formula: 'answered-of-offered', shortAbandonMs: 5_000 },
    require: {},
    callers: { order: 'vip-first', waitsAtMostMs: 90_000 },
  } as unknown as QueueConfig;
  const agents = [{ id: '1001', name: 'Anna', team: 'north', groups: [], phone: 'sip:1001', skills: {}, queueRank: {} }];
  const ledger = createLedger({ queues: [config], agents: agents as unknown as AgentConfig[], dayStartMs: () => 0 });
  const call = { callId: 'call-1' };
  const offer = { ...call, queueId: 'general', offerId: 'o-1', agentId: '1001' };
  const bodies: object[] = [
    { kind: 'switchUp', switchId: 'sim', detail: 'simulated' },
    { kind: 'agentSignedIn', agentId: '1001', phone: 'sip:1001', by: 'anna' },
    { kind: 'agentStatusChanged', agentId: '1001', status: 'ready', reason: null, by: 'anna' },
    { kind: 'callArrived', ...call, switchId: 'sim', legId: 'l', ani: '13800001234', dnis: '95555', flowId: null },
    { kind: 'callQueued', ...call, queueId: 'general', lane: 'ordinary', priority: 0, requirement: '', language: 'zh' },
    { kind: 'callAnswered', ...offer, waitMs: 1_000 },
    { kind: 'recordingStarted', ...call, recordingId: 'rec-1', agentId: '1001', queueId: 'general' },
    { kind: 'recordingEnded', ...call, recordingId: 'rec-1', durationMs: 900, complete: true, reason: '' },
    { kind: 'talkEnded', ...call, queueId: 'general', agentId: '1001', talkMs: 900, holdMs: 0, endedBy: 'caller' },
    { kind: 'callEnded', ...call, outcome: 'answered', durationMs: 2_000, endedBy: 'caller' },
    { kind: 'callArrived', callId: 'call-2', switchId: 'sim', legId: 'm', ani: '13900005678', dnis: '95555', flowId: null },
    { kind: 'callQueued', callId: 'call-2', queueId: 'general', lane: 'vip', priority: 1, requirement: '', language: 'zh' },
  ];
  bodies.forEach((body, i) => {
    ledger.add({ ...body, seq: i + 1, atMs: 1_000 * (i + 1) } as Fact);
  });
  const app = buildApp(aHouse({ ledger, board: () => ledger.board(20_000), nowMs: () => 20_000 }));
  t.teardown(() => app.close());
  await holdsToItsDescription(t, app);
  const { queue } = (await app.inject('/api/v1/queues/general')).json();
  t.same([queue.today.offered, queue.today.answered, queue.waiting, queue.callers[0].ani], [2, 1, 1, '***5678']);
});

t.test('refusals have stable ids', async (t) => {
  const house = aHouse();
  const app = buildApp(house);
  t.teardown(() => app.close());
  const asks = async (options: InjectOptions, status: number, id: string) => {
    const answer = await app.inject(options);
    t.equal(answer.statusCode, status, `${options.method ?? 'GET'} ${options.url}`);
    const body = answer.json();
    t.equal(body.id, id);
    t.type(body.message, 'string');
    t.same(Object.keys(body).sort(), ['id', 'message'], 'nothing else leaks');
    return answer;
  };
  const url = '/api/v1/agents/1001/status';
  const post = (payload: unknown, headers: Record<string, string> = {}): InjectOptions => ({
    method: 'POST',
    url,
    headers: { ...bearer('supervisor'), ...headers },
    ...(payload === undefined ? {} : { payload: payload as string }),
  });
  await asks({ url: '/api/v1/queues/nowhere' }, 404, 'no-such-queue');
  await asks({ url: '/api/v1/agents/9999' }, 404, 'no-such-agent');
  await asks({ url: '/api/v1/calls/call-9' }, 404, 'no-such-call');
  await asks({ url: '/api/v1/calls/call-9/facts' }, 404, 'no-such-call');
  await asks({ url: '/api/v1/calls/call-9/explanation' }, 404, 'no-such-call');
  await asks({ url: '/api/v1/calls/call-1/explanation?lang=xx' }, 400, 'bad-request');
  await asks({ url: '/api/v1/recordings/rec-9' }, 404, 'no-such-recording');
  await asks({ url: '/api/v1/recordings/rec-2/audio' }, 409, 'recording-in-progress');
  await asks({ url: '/api/v1/recordings/..%2f..%2fetc%2fpasswd/audio' }, 400, 'bad-request');
  await asks({ url: '/api/v1/queues/a%00b' }, 400, 'bad-request');
  await asks({ url: '/api/v1/queues/%E0%A4%A' }, 400, 'bad-request');
  await asks({ url: '/api/v1/nothing' }, 404, 'not-found');
  await asks({ url: '/nothing.html' }, 404, 'not-found');
  await asks({ url: '/api/v1/live' }, 426, 'upgrade-required');
  for (const limit of ['0', '1001', 'x', '1.5', '-1']) await asks({ url: `/api/v1/calls?limit=${limit}` }, 400, 'bad-request');
  await asks({ url: '/api/v1/calls?limits=1' }, 400, 'bad-request');
  await asks(post({ status: 'asleep' }), 400, 'bad-request');
  await asks(post({ status: 'ready', more: 1 }), 400, 'bad-request');
  await asks(post({ status: 'notReady', reason: 'a b\r\nc' }), 400, 'bad-request');
  await asks(post({ status: ['ready'] }), 400, 'bad-request');
  await asks(post('{"status":', { 'content-type': 'application/json' }), 400, 'bad-request');
  await asks(post('{"__proto__":{"x":1},"status":"ready"}', { 'content-type': 'application/json' }), 400, 'bad-request');
  await asks(post('status=ready', { 'content-type': 'application/x-www-form-urlencoded' }), 415, 'unsupported-media-type');
  await asks(post({ status: 'x'.repeat(20_000) }), 413, 'body-too-large');
  t.equal(house.commands.length, 0, 'nothing of it reached the engine');
  await asks({ ...post({ status: 'ready' }), url: '/api/v1/agents/9999/status' }, 404, 'no-such-agent');
  house.refusal = { id: 'agent-not-signed-in', message: 'Agent 1001 is not signed in.' };
  await asks(post({ status: 'ready' }), 409, 'agent-not-signed-in');
  house.refusal = { id: 'no-such-reason', message: 'x' };
  await asks(post({ status: 'notReady', reason: 'tea' }), 404, 'no-such-reason');
  for (const id of ['unavailable', 'standing-by']) {
    house.refusal = { id, message: 'x' };
    await asks(post({ status: 'ready' }), 503, id);
  }

  const fails = () => {
    throw new Error('a secret of ours');
  };
  const told: string[] = [];
  const broken = buildApp(aHouse({ board: fails, onFault: (error, route) => told.push(`${route}: ${error.message}`) }));
  t.teardown(() => broken.close());
  const answer = await broken.inject('/api/v1/board');
  t.equal(answer.statusCode, 500);
  t.same(answer.json().id, 'internal-error');
  t.notMatch(answer.body, /secret/);
  t.same(told, ['GET /api/v1/board: a secret of ours']);
});

t.test('agents are changed by command, and shown afterwards', async (t) => {
  const house = aHouse();
  const app = buildApp(house);
  t.teardown(() => app.close());
  const post = (path: string, payload?: object) =>
    app.inject({ method: 'POST', url: `/api/v1/agents/1001/${path}`, headers: bearer('agent'), ...(payload ? { payload } : {}) });
  t.equal((await post('sign-in')).statusCode, 200);
  t.equal((await post('sign-in', { phone: 'sip:2001' })).statusCode, 200);
  t.equal((await post('status', { status: 'ready' })).statusCode, 200);
  t.equal((await post('status', { status: 'notReady', reason: 'break' })).statusCode, 200);
  t.equal((await post('wrap-up/finish')).statusCode, 200);
  const empty = await app.inject({
    method: 'POST',
    url: '/api/v1/agents/1001/sign-out',
    headers: { ...bearer('supervisor'), 'content-type': 'application/json' },
    payload: '',
  });
  t.equal(empty.statusCode, 200, 'an empty body of type JSON is no body');
  t.same(empty.json().agent, house.board().agents[0]);
  t.same(house.commands, [
    { kind: 'signIn', agentId: '1001', phone: null, by: 'anna' },
    { kind: 'signIn', agentId: '1001', phone: 'sip:2001', by: 'anna' },
    { kind: 'setStatus', agentId: '1001', status: 'ready', reason: null, by: 'anna' },
    { kind: 'setStatus', agentId: '1001', status: 'notReady', reason: 'break', by: 'anna' },
    { kind: 'finishWrapUp', agentId: '1001', by: 'anna' },
    { kind: 'signOut', agentId: '1001', by: 'sue' },
  ]);
});

t.test('who may read, and what is shown to whom', async (t) => {
  const app = buildApp(aHouse());
  const far = buildApp(aHouse(beyond));
  t.teardown(() => app.close());
  t.teardown(() => far.close());
  const status = async (on: typeof app, headers: Record<string, string>) =>
    (await on.inject({ url: '/api/v1/board', headers })).statusCode;
  t.equal(await status(app, {}), 200);
  t.equal(await status(app, { 'x-forwarded-for': '10.0.0.1' }), 401, 'through a proxy it is not this machine');
  t.equal(await status(app, { authorization: 'Basic YTpi' }), 401);
  t.equal(await status(far, bearer('viewer')), 200);
  t.equal(await status(far, { authorization: `bearer ${TOKENS.viewer.secret}` }), 200, 'the word in any case');
  t.equal(await status(far, { authorization: 'Bearer ' }), 401);
  t.match((await far.inject('/api/v1/board')).headers['www-authenticate'], /Bearer/);

  const facts = async (headers: Record<string, string>) =>
    (await app.inject({ url: '/api/v1/calls/call-1/facts', headers })).json().facts;
  t.equal((await facts({}))[0].ani, '***1234');
  t.equal((await facts(bearer('agent')))[0].ani, '***1234');
  t.equal((await facts(bearer('supervisor')))[0].ani, '13800001234');
  t.notMatch(await facts(bearer('admin')), [{}, {}, { file: /./ }], 'a file name is shown to nobody');
  t.equal((await app.inject('/api/v1/calls?limit=1')).json().calls.length, 1);

  t.same((await app.inject('/readyz')).json().checks[0].detail, 'redis 7.0 at a secret place');
  t.notMatch((await far.inject('/readyz')).body, /secret/);
  const tired = aHouse();
  tired.isReady = false;
  const notReady = buildApp(tired);
  t.teardown(() => notReady.close());
  t.equal((await notReady.inject('/readyz')).statusCode, 503);
  t.equal((await notReady.inject('/healthz')).statusCode, 200);
  t.equal((await notReady.inject({ method: 'HEAD', url: '/healthz' })).statusCode, 200);
});

t.test('foreign hosts and origins', async (t) => {
  const house = aHouse({ allowedHosts: ['wall.example'], allowedOrigins: ['https://desk.example'] });
  const app = buildApp(house);
  t.teardown(() => app.close());
  const host = async (name: string, url = '/api/v1/session') => (await app.inject({ url, headers: { host: name } })).statusCode;
  for (const good of ['localhost:8080', '127.0.0.1', '[::1]:8080', 'LOCALHOST', 'wall.example:443'])
    t.equal(await host(good), 200, good);
  for (const bad of [
    'evil.example',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'a b',
    '10.1.2.3',
    'localhost:80@evil.example',
  ]) {
    t.equal(await host(bad), 421, `"${bad}"`);
  }
  t.equal(await host('evil.example', '/'), 421, 'pages too');
  t.equal(await host('evil.example', '/nothing'), 421, 'and what does not exist');
  t.equal(await host('wall.example', '/api/v1/board'), 401, 'a name of a proxy does not make reads free');
  const origin = async (name: string) =>
    (
      await app.inject({
        method: 'POST',
        url: '/api/v1/agents/1001/sign-out',
        headers: { ...bearer('admin'), origin: name, host: 'localhost:8080' },
      })
    ).statusCode;
  t.equal(await origin('http://localhost:8080'), 200);
  t.equal(await origin('https://desk.example'), 200);
  for (const bad of ['http://localhost:9090', 'https://evil.example', 'null', 'http://localhost:8080.evil.example'])
    t.equal(await origin(bad), 403, bad);
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as { port: number };
  const raw = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end('GET /api/v1/board HTTP/1.0\r\n\r\n'));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
  t.match(raw, /^HTTP\/1\.1 421 /, 'no Host header at all');
});

t.test('headers, pages that are not built, weak tokens', async (t) => {
  const app = buildApp(aHouse());
  t.teardown(() => app.close());
  for (const url of ['/', '/api/v1/board', '/nothing', '/api/v1/queues/none', '/docs/']) {
    const { headers } = await app.inject(url);
    t.match(headers['content-security-policy'], /default-src 'none'.*script-src 'self';.*frame-ancestors 'none'/, url);
    t.notMatch(headers['content-security-policy'], /script-src[^;]*unsafe/);
    t.equal(headers['x-content-type-options'], 'nosniff');
    t.equal(headers['x-frame-options'], 'DENY');
    t.equal(headers['access-control-allow-origin'], undefined);
  }
  const weak = (secret: string) => () => buildApp(aHouse({ tokens: () => [{ ...TOKENS.admin, secret }] }));
  t.throws(weak(''), /refused/);
  t.throws(weak('changeme'), /refused/);
  t.throws(weak('has spaces and; semicolons in it'), /refused/);
  t.throws(() => buildApp(aHouse({ tokens: () => [{ ...TOKENS.agent, agentId: null }] })), /names no agent/);
});

t.test('sound by id, with ranges', async (t) => {
  const house = aHouse();
  const app = buildApp(house);
  t.teardown(() => app.close());
  const get = (range?: string) =>
    app.inject({ url: `/api/v1/recordings/${aRecording.recordingId}/audio`, headers: range === undefined ? {} : { range } });
  const whole = await get();
  t.same(
    [whole.statusCode, whole.body, whole.headers['content-length'], whole.headers['content-type']],
    [200, '0123456789', 10, 'audio/wav'],
  );
  const part = async (range: string) => {
    const answer = await get(range);
    return [answer.statusCode, answer.statusCode === 416 ? '' : answer.body, answer.headers['content-range']];
  };
  t.same(await part('bytes=2-4'), [206, '234', 'bytes 2-4/10']);
  t.same(await part('bytes=8-'), [206, '89', 'bytes 8-9/10']);
  t.same(await part('bytes=-3'), [206, '789', 'bytes 7-9/10']);
  t.same(await part('bytes=5-99'), [206, '56789', 'bytes 5-9/10']);
  t.same(await part('bytes=10-'), [416, '', 'bytes */10']);
  t.same(await part('bytes=4-2'), [200, '0123456789', undefined]);
  t.same(await part('bytes=0-1,3-4'), [200, '0123456789', undefined]);
  t.equal(house.opened[0], 'rec-1 by local', 'who listens is told, for the audit');
});

t.test('metrics: numerators and denominators', async (t) => {
  const house = aHouse({ metricsText: () => 'hotline_more 1\n' });
  const app = buildApp(house);
  t.teardown(() => app.close());
  const scrape = async () => (await app.inject('/metrics')).body;
  const first = await scrape();
  for (const line of [
    'hotline_queue_waiting{queue="general"} 1',
    'hotline_queue_longest_wait_seconds{queue="general"} 1',
    'hotline_queue_service_level_numerator{queue="general",formula="answered-of-offered"} 1',
    'hotline_queue_service_level_denominator{queue="general",formula="answered-of-offered"} 2',
    'hotline_agents{state="idle"} 2',
    'hotline_switch_up{switch="sim"} 1',
    'hotline_info{version="0.0.0-test"} 1',
    'hotline_more 1',
  ]) {
    t.ok(first.includes(`${line}\n`), line);
  }
  t.match(first, /^hotline_nodejs_eventloop_lag_p99_seconds /m);
  house.show({ queues: [aQueue('other', { en: 'Other' }, { offered: 1 })] });
  const second = await scrape();
  t.ok(second.includes('hotline_queue_waiting{queue="other"} 0\n'));
  t.notMatch(second, /queue="general"/, 'a queue that is gone is gone');
  t.equal(second.split('hotline_queue_waiting{').length, 2, 'scraping twice tells nothing twice');
});

t.test('callbacks: everybody who may read sees them, a supervisor takes one back, by name', async (t) => {
  const house = aHouse();
  const app = buildApp(house);
  t.teardown(() => app.close());
  const list = await app.inject({ url: '/api/v1/callbacks', headers: bearer('viewer') });
  t.match(list.json(), { callbacks: [{ callbackId: 'call-1-cb', number: '***1234', attempts: 1, outcome: null }] });
  const cancel = (who: keyof typeof TOKENS, id = 'call-1-cb') =>
    app.inject({ method: 'POST', url: `/api/v1/callbacks/${id}/cancel`, headers: bearer(who) });
  t.equal((await app.inject({ method: 'POST', url: '/api/v1/callbacks/call-1-cb/cancel' })).statusCode, 401);
  for (const who of ['viewer', 'agent'] as const) t.equal((await cancel(who)).statusCode, 403, who);
  const done = await cancel('supervisor');
  t.equal(done.statusCode, 200);
  t.match(done.json(), { callback: { callbackId: 'call-1-cb' } });
  t.same(house.opened, ['cancelCallback call-1-cb by sue']);
  house.refusal = { id: 'callback-under-way', message: 'the caller is on the line already' };
  t.equal((await cancel('admin')).statusCode, 409);
  house.refusal = { id: 'no-such-callback', message: 'there is none' };
  t.equal((await cancel('admin')).statusCode, 404);
});

t.test('supervisors change, assign and pull waiting calls, and force a status', async (t) => {
  const house = aHouse();
  const app = buildApp(house);
  t.teardown(() => app.close());
  const asks = async (url: string, payload: object, who: keyof typeof TOKENS = 'supervisor') => {
    const answer = await app.inject({ method: 'POST', url: `/api/v1/${url}`, headers: bearer(who), payload });
    return { status: answer.statusCode, ...answer.json() };
  };
  t.match(await asks('calls/call-1/reprioritise', { lane: 'vip', priority: 9, queueId: 'lost-card', skills: { service: 2 } }), {
    status: 200,
    call: { callId: 'call-1' },
  });
  t.match(await asks('calls/call-1/assign', { agentId: '1001' }), { status: 200 });
  t.match(await asks('calls/call-1/pull', { agentId: '1002' }), { status: 200 });
  t.same(house.callCommands, [
    { kind: 'reprioritise', callId: 'call-1', by: 'sue', lane: 'vip', priority: 9, queueId: 'lost-card', skills: { service: 2 } },
    { kind: 'assign', callId: 'call-1', agentId: '1001', by: 'sue' },
    { kind: 'assign', callId: 'call-1', agentId: '1002', by: 'sue' },
  ]);
  for (const [url, body] of [
    ['calls/call-1/reprioritise', {}],
    ['calls/call-1/reprioritise', { priority: -1 }],
    ['calls/call-1/reprioritise', { skills: { service: 0 } }],
    ['calls/call-1/reprioritise', { queueId: '../etc' }],
    ['calls/call-1/reprioritise', { by: 'somebody else', priority: 1 }],
    ['calls/call-1/assign', {}],
    ['calls/call-1/pull', {}],
    ['agents/1001/force-status', { status: 'talking' }],
  ] as const) {
    t.match(await asks(url, body), { status: 400, id: 'bad-request' }, `${url} ${JSON.stringify(body)}`);
  }
  t.match(await asks('calls/call-1/assign', { agentId: '1001' }, 'agent'), { status: 403 });
  house.refusal = { id: 'call-not-waiting', message: 'the call is with an agent' };
  t.match(await asks('calls/call-1/assign', { agentId: '1001' }), { status: 409, id: 'call-not-waiting' });
  house.refusal = null;
  t.match(await asks('agents/1001/force-status', { status: 'notReady', reason: 'break' }), {
    status: 200,
    agent: { agentId: '1001' },
  });
  t.match(await asks('agents/1001/force-status', { status: 'loggedOut' }), { status: 200 });
  t.same(house.commands, [
    { kind: 'setStatus', agentId: '1001', status: 'notReady', reason: 'break', by: 'sue' },
    { kind: 'signOut', agentId: '1001', by: 'sue' },
  ]);
  t.match(await asks('agents/1001/force-status', { status: 'ready' }, 'agent'), { status: 403 }, 'not even one’s own');
});
