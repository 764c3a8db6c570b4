import { createHash } from 'node:crypto';
import type { FastifyInstance, InjectOptions } from 'fastify';
import t, { type Test } from 'tap';
import { buildApp } from '../../src/http/app.js';
import { CARD, CARD_2, CARD_3, CARD_BROKEN, flowDeskWorld, NIGHT } from '../support/flow-desk-world.js';
import { aHouse, TOKENS } from './house.js';

/** The routes of flows over a real desk and a real folder. */

const versionOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);
const [V1, V2] = [versionOf(CARD), versionOf(CARD_2)];
const as = (role: keyof typeof TOKENS) => ({ authorization: `Bearer ${TOKENS[role].secret}` });

async function anApp(t: Test) {
  const world = await flowDeskWorld(t);
  const app = buildApp(aHouse({ flows: world.flows, emergency: world.emergency }));
  t.teardown(() => app.close());
  await app.ready();
  return { world, app };
}

const post = (url: string, payload: object, headers: Record<string, string> = as('admin')): InjectOptions => ({
  method: 'POST',
  url,
  headers,
  payload,
});

/** Holds an answer of 200 against the schema that OpenAPI shows for it. */
async function described(t: Test, app: FastifyInstance, method: string, path: string, body: unknown) {
  const openapi = (await app.inject('/docs/json')).json();
  const schema = openapi.paths[path][method].responses['200'].content['application/json'].schema;
  const { default: Ajv } = await import('ajv/dist/2020.js');
  const ajv = new (Ajv as unknown as new (o: object) => { validate(s: object, d: unknown): boolean; errors: unknown })({
    strict: false,
  });
  t.ok(ajv.validate(schema, body), `${method} ${path} is as described ${JSON.stringify(ajv.errors)}`);
}

t.test('reading: list, detail, versions, difference, day, walk', async (t) => {
  const { world, app } = await anApp(t);
  const get = async (url: string, path: string) => {
    const answer = await app.inject(url);
    t.equal(answer.statusCode, 200, url);
    await described(t, app, 'get', path, answer.json());
    return answer.json();
  };
  t.match(await get('/api/v1/flows', '/api/v1/flows'), {
    flows: [{ flowId: 'card', version: V1, refused: null }, { flowId: 'night' }],
    refusedFiles: [],
  });
  t.match(await get('/api/v1/flows/card', '/api/v1/flows/{id}'), {
    text: CARD,
    drawing: { nodes: [{ id: 'welcome', isStart: true }] },
  });
  const english = await get('/api/v1/flows/card?lang=en', '/api/v1/flows/{id}');
  t.match(JSON.stringify(english.drawing), /Welcome/);
  await world.flows.publish({ flowId: 'card', text: CARD_2, note: '', basedOn: V1, by: 'root' });
  t.match(await get(`/api/v1/flows/card?version=${V1}`, '/api/v1/flows/{id}'), { text: CARD, version: V1 });
  t.match(await get('/api/v1/flows/card/versions', '/api/v1/flows/{id}/versions'), {
    versions: [{ version: V2, live: true }, { version: V1 }],
  });
  t.match(await get(`/api/v1/flows/card/diff?a=${V1}&b=${V2}`, '/api/v1/flows/{id}/diff'), {
    prompts: [{ after: '您好，欢迎' }],
  });
  t.match(await get('/api/v1/flows/card/days/today', '/api/v1/flows/{id}/days/{day}'), {
    day: '2026-11-22',
    entered: 0,
    containment: { share: null },
  });
  t.match(await get('/api/v1/flows/card/days/2026-11-20', '/api/v1/flows/{id}/days/{day}'), { entered: 0 });
  world.write('late.yaml', 'flow: [');
  await world.looked();
  t.match(await get('/api/v1/flows', '/api/v1/flows'), { refusedFiles: [{ file: 'late.yaml', flowId: null }] });
  t.match((await app.inject('/api/v1/calls/call-1/walk')).statusCode, 404, 'the ledger of this desk has no such call');
});

t.test('publish and roll back: who may, and what is answered', async (t) => {
  const { app } = await anApp(t);
  const url = '/api/v1/flows/card/versions';
  const body = { text: CARD_2, note: 'nicer', basedOn: V1 };
  t.equal((await app.inject(post(url, body, {}))).statusCode, 401);
  const cookie = { cookie: `hotline_session=${TOKENS.admin.secret}` };
  t.equal((await app.inject(post(url, body, cookie))).statusCode, 401, 'a cookie rides along with anything');
  for (const role of ['viewer', 'agent', 'supervisor'] as const)
    t.equal((await app.inject(post(url, body, as(role)))).statusCode, 403, role);
  const bad = await app.inject(post(url, { ...body, text: CARD_BROKEN }));
  t.equal(bad.statusCode, 422);
  t.match(bad.json(), { id: 'flow-refused', findings: [{ rule: 'unknown-node', file: 'card.yaml' }] });
  const done = await app.inject(post(url, body));
  t.equal(done.statusCode, 200);
  t.match(done.json(), { version: V2, publishedBy: 'root', text: CARD_2 });
  await described(t, app, 'post', '/api/v1/flows/{id}/versions', done.json());
  const late = await app.inject(post(url, { ...body, text: CARD_3 }));
  t.equal(late.statusCode, 409);
  t.match(late.json(), { id: 'outdated' });
  t.match((await app.inject(post(url, { ...body, basedOn: V2 }))).json(), { id: 'unchanged' });
  const back = await app.inject(post('/api/v1/flows/card/rollback', { version: V1, note: 'back' }));
  t.match(back.json(), { version: V1 });
  t.equal((await app.inject(post('/api/v1/flows/card/rollback', { version: 'abcdefabcdef' }))).statusCode, 404);
});

t.test('a text is checked without being published, by anybody who may read', async (t) => {
  const { world, app } = await anApp(t);
  const check = async (payload: object) => (await app.inject(post('/api/v1/flows/check', payload, {}))).json();
  const good = await check({ text: CARD_2, flowId: 'card' });
  t.match(good, { ok: true, version: V2, drawing: { flowId: 'card' } });
  await described(t, app, 'post', '/api/v1/flows/check', good);
  t.match(await check({ text: CARD_BROKEN, flowId: 'card' }), { ok: false, drawing: null, findings: [{ level: 'error' }] });
  t.match(await check({ text: NIGHT, flowId: 'card' }), { ok: false, findings: [{ rule: 'other-flow' }] });
  t.match(await check({ text: '' }), { ok: false });
  t.match(await check({ text: `a: &a [x]\n${'b: *a\n'.repeat(5)}` }), { ok: false });
  t.equal(world.told.times, 0);
  const large = await app.inject(post('/api/v1/flows/check', { text: 'x'.repeat(600 * 1024) }, {}));
  t.equal(large.statusCode, 413);
  t.equal(
    (await app.inject(post('/api/v1/flows/check', { text: 'x'.repeat(300 * 1024) }, {}))).statusCode,
    200,
    'above the limit of other routes',
  );
  t.equal(
    (await app.inject({ ...post('/api/v1/flows/check', { text: '' }, { origin: 'https://evil.example' }) })).statusCode,
    403,
  );
});

t.test('hostile names never reach a path', async (t) => {
  const { world, app } = await anApp(t);
  const names = ['..%2f..%2fetc%2fpasswd', 'card.yaml', '%00', '__proto__', 'constructor', 'CARD', 'x'.repeat(80), 'no-such'];
  for (const name of names) {
    for (const rest of ['', '/versions', '/days/today', `/diff?a=${V1}&b=${V1}`]) {
      const { statusCode } = await app.inject(`/api/v1/flows/${name}${rest}`);
      t.ok(statusCode === 400 || statusCode === 404, `${name}${rest}: ${statusCode}`);
    }
    const { statusCode } = await app.inject(post(`/api/v1/flows/${name}/versions`, { text: CARD_2, basedOn: V1 }));
    t.ok(statusCode === 400 || statusCode === 404, `publish ${name}: ${statusCode}`);
  }
  for (const rest of [
    '?version=../../x',
    '/diff?a=1&b=2',
    '/diff',
    '/days/yesterday',
    '/days/2026-02-30',
    '/days/2020-01-01',
    '?lang=../x',
    '?other=1',
  ]) {
    const { statusCode } = await app.inject(`/api/v1/flows/card${rest}`);
    t.ok(statusCode === 400 || statusCode === 404, `${rest}: ${statusCode}`);
  }
  t.equal(world.told.times, 0);
});

t.test('the emergency switch', async (t) => {
  const { world, app } = await anApp(t);
  const put = (name: string, payload: object, headers: Record<string, string> = as('supervisor')) =>
    app.inject({ method: 'PUT', url: `/api/v1/emergency/${name}`, headers, payload });
  t.equal((await put('flood', { on: true }, {})).statusCode, 401);
  t.equal((await put('flood', { on: true }, as('viewer'))).statusCode, 403);
  const on = await put('flood', { on: true, numbers: ['95588'] });
  t.match(on.json(), { announcement: 'flood', on: true, numbers: ['95588'], by: 'sue' });
  await described(t, app, 'put', '/api/v1/emergency/{announcement}', on.json());
  const all = (await app.inject('/api/v1/emergency')).json();
  t.match(all, {
    announcements: [
      { announcement: 'flood', on: true },
      { announcement: 'outage', on: false },
    ],
  });
  await described(t, app, 'get', '/api/v1/emergency', all);
  t.equal((await put('fire', { on: true })).statusCode, 404);
  t.equal((await put('flood', { on: true, numbers: ['110'] })).statusCode, 400);
  t.equal((await put('flood', { on: 'yes' })).statusCode, 400);
  t.match((await put('flood', { on: false })).json(), { on: false, numbers: null });
  t.equal(world.told.times, 2);
});

t.test('without a desk there are no such routes', async (t) => {
  const app = buildApp(aHouse());
  t.teardown(() => app.close());
  t.equal((await app.inject('/api/v1/flows')).statusCode, 404);
  t.equal((await app.inject('/api/v1/emergency')).statusCode, 404);
});
