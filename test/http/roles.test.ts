import type { FastifyInstance, InjectOptions } from 'fastify';
import t from 'tap';
import type { RouteEntry } from '../../src/http/access.js';
import { buildApp } from '../../src/http/app.js';
import type { Role } from '../../src/http/deps.js';
import { CARD_2, flowDeskWorld } from '../support/flow-desk-world.js';
import { aHouse, type House, signedIn, TOKENS } from './house.js';
import { twoTeams } from './two-teams.js';

/** Each role against each route, by bearer token and by session, from the table of routes. */

const NOBODY = ['nobody', 'wrong'] as const;
const SIGNED = ['viewer', 'agent', 'supervisor', 'admin'] as const satisfies readonly Role[];
type Who = (typeof NOBODY)[number] | (typeof SIGNED)[number];

/** 0: let in. The columns of `Who`: nobody, a wrong token, viewer, agent for oneself, supervisor of the agent's team, admin. */
const EXPECTED: Record<RouteEntry['access'], Record<Who, number>> = {
  open: { nobody: 0, wrong: 0, viewer: 0, agent: 0, supervisor: 0, admin: 0 },
  read: { nobody: 401, wrong: 401, viewer: 0, agent: 0, supervisor: 0, admin: 0 },
  oversee: { nobody: 401, wrong: 401, viewer: 0, agent: 403, supervisor: 0, admin: 0 },
  listen: { nobody: 401, wrong: 401, viewer: 403, agent: 403, supervisor: 0, admin: 0 },
  agentWrite: { nobody: 401, wrong: 401, viewer: 403, agent: 0, supervisor: 0, admin: 0 },
  supervise: { nobody: 401, wrong: 401, viewer: 403, agent: 403, supervisor: 0, admin: 0 },
  administer: { nobody: 401, wrong: 401, viewer: 403, agent: 403, supervisor: 403, admin: 0 },
};
/** Routes that are open and look for themselves who asks. */
const OF_THEIR_OWN: Record<string, Partial<Record<Who, number>>> = {
  'POST /api/v1/session': {},
  'DELETE /api/v1/session': {},
  'DELETE /api/v1/sessions/:id': { nobody: 401, wrong: 401 },
};
const FREE = ['read', 'oversee', 'listen'];

const IDS: readonly [RegExp, string][] = [
  [/^\/api\/v1\/queues\//, 'general'],
  [/^\/api\/v1\/agents\//, '1001'],
  [/^\/api\/v1\/(calls|history\/calls)\//, 'call-own'],
  [/^\/api\/v1\/callbacks\//, 'cb-general'],
  [/^\/api\/v1\/flows\//, 'card'],
  [/^\/api\/v1\/sessions\//, '0'.repeat(64)],
];
const filled = (url: string): string => {
  const id = IDS.find(([pattern]) => pattern.test(url))?.[1] ?? 'rec-own';
  return url
    .replace(':id', id)
    .replace(':day', 'today')
    .replace(':announcement', 'flood')
    .replace(':rule', 'level-low')
    .replace('*', 'index.css');
};
/** Bodies with which a change succeeds in this house, or is refused for another reason than who asks. */
const BODIES: readonly [RegExp, object][] = [
  [/\/(force-)?status$/, { status: 'ready' }],
  [/wrap-up\/extend$/, { forMs: 60_000 }],
  [/reprioritise$/, { priority: 5 }],
  [/(assign|pull)$/, { agentId: '1001' }],
  [/emergency\//, { on: false }],
  [/flows\/check$/, { text: 'flow: card' }],
  [/versions$/, { text: 'flow: card', basedOn: '0123456789ab' }],
  [/rollback$/, { version: '0123456789ab' }],
  [/\/session$/, { token: 'no-such-token' }],
  [/mute$/, { queueId: null, untilMs: null }],
];
const bodyOf = (url: string): object => BODIES.find(([pattern]) => pattern.test(url))?.[1] ?? {};

type Test = Parameters<typeof flowDeskWorld>[0];
const PASSWORD = '$argon2id$';
function people(house: House): House {
  const one = (id: string, role: Role, teams: string[] | null = null, agentId: string | null = null) =>
    house.users.set(id, { id, name: id, role, teams, agentId: agentId as never, password: PASSWORD });
  one('viewer', 'viewer');
  one('agent', 'agent', null, '1001');
  one('other-agent', 'agent', null, '1002');
  one('supervisor', 'supervisor', ['north']);
  one('south', 'supervisor', ['south']);
  one('admin', 'admin');
  return house;
}

const OWN = { origin: 'http://localhost:80', host: 'localhost:80' };
const page = { ...OWN, 'x-hotline-page': '1' };
type Headers = Record<string, string>;

async function headersOf(house: House, who: Who, via: 'bearer' | 'session'): Promise<Headers> {
  if (who === 'nobody') return OWN;
  if (who === 'wrong') {
    return via === 'bearer'
      ? { ...OWN, authorization: 'Bearer wrong-secret-0123456789' }
      : { ...page, cookie: `hotline_session=${'x'.repeat(43)}` };
  }
  if (via === 'bearer') return { ...OWN, authorization: `Bearer ${TOKENS[who].secret}` };
  return { ...page, cookie: await signedIn(house, who) };
}

const ask = (app: FastifyInstance, { method, url }: Pick<RouteEntry, 'method' | 'url'>, headers: Headers) =>
  app.inject({
    method: method as NonNullable<InjectOptions['method']>,
    url: filled(url),
    headers,
    ...(method === 'GET' || method === 'HEAD' || method === 'DELETE' ? {} : { payload: bodyOf(url) }),
  });

async function houseOf(t: Test, isFree: boolean) {
  const { flows, emergency } = await flowDeskWorld(t);
  const house = people(
    twoTeams({ flows, emergency, bind: { host: isFree ? '127.0.0.1' : '0.0.0.0', port: 0 }, tokenTries: { free: 10_000 } }),
  );
  const app = buildApp(house);
  t.teardown(() => app.close());
  await app.ready();
  return { house, app };
}

t.test('role x route', async (t) => {
  for (const isFree of [true, false]) {
    const { house, app } = await houseOf(t, isFree);
    t.ok(app.routeTable.length >= 65, `${app.routeTable.length} routes`);
    let cells = 0;
    for (const via of ['bearer', 'session'] as const) {
      for (const who of [...NOBODY, ...SIGNED]) {
        for (const route of app.routeTable) {
          const own = OF_THEIR_OWN[`${route.method} ${route.url}`];
          const freely = isFree && (who === 'nobody' || via === 'session') && FREE.includes(route.access);
          const isNobody = who === 'nobody' || who === 'wrong';
          const want = own ? (own[who] ?? 0) : freely && isNobody ? 0 : EXPECTED[route.access][who];
          // Each in a session of its own: some routes end it.
          const answer = await ask(app, route, await headersOf(house, who, via));
          const refused = [401, 403].includes(answer.statusCode) ? answer.statusCode : 0;
          const isSignIn = route.method === 'POST' && route.url === '/api/v1/session';
          if (isSignIn ? answer.statusCode === 403 : refused !== want) {
            t.fail(
              `${route.method} ${route.url} (${route.access}) as ${who} by ${via}, free ${isFree}: ${answer.statusCode}, not ${want}`,
            );
          }
          cells += 1;
        }
      }
    }
    t.ok(cells >= 780, `${cells} cells of the matrix hold`);
  }
});

t.test('every route that is not for reading has a rule of changes, or looks for itself', async (t) => {
  const { app } = await houseOf(t, true);
  const soft = app.routeTable.filter(
    ({ method, access }) => !/^(GET|HEAD)$/.test(method) && /^(open|read|oversee|listen)$/.test(access),
  );
  t.same(soft.map(({ method, url }) => `${method} ${url}`).sort(), [
    'DELETE /api/v1/session',
    'DELETE /api/v1/sessions/:id',
    'POST /api/v1/flows/check',
    'POST /api/v1/session',
  ]);
});

t.test('a session changes things only from a page of ours', async (t) => {
  const { house, app } = await houseOf(t, false);
  const changes = app.routeTable.filter(({ access }) => /^(agentWrite|supervise|administer)$/.test(access));
  const cookie = await signedIn(house, 'admin');
  const foreign: readonly [string, Headers, string][] = [
    ['without the header', { ...OWN, cookie }, 'foreign-page'],
    ['with another value', { ...OWN, cookie, 'x-hotline-page': '2' }, 'foreign-page'],
    ['without an origin', { host: 'localhost:80', cookie, 'x-hotline-page': '1' }, 'foreign-page'],
    ['of another origin', { ...page, cookie, origin: 'https://evil.example' }, 'foreign-origin'],
    ['of no origin', { ...page, cookie, origin: 'null' }, 'foreign-origin'],
  ];
  for (const route of changes.filter(({ method }) => method !== 'GET')) {
    for (const [how, headers, id] of foreign) {
      const answer = await ask(app, route, headers);
      if (answer.statusCode !== 403 || answer.json().id !== id) t.fail(`${route.method} ${route.url} ${how}: ${answer.body}`);
    }
  }
  t.same([house.commands, house.callCommands, house.audits], [[], [], []], 'nothing was done');
  t.ok(changes.length >= 12);
});

t.test('a supervisor of teams changes no agent of another team', async (t) => {
  const { house, app } = await houseOf(t, false);
  const byTeam = async (user: string, route: Pick<RouteEntry, 'method' | 'url'>) => {
    const answer = await ask(app, route, { ...page, cookie: await signedIn(house, user) });
    return [answer.statusCode, answer.json().id];
  };
  const ofAgents = app.routeTable.filter(({ method, url }) => method === 'POST' && url.startsWith('/api/v1/agents/:id/'));
  t.equal(ofAgents.length, 6);
  const urls = [...ofAgents.map(({ url }) => url), '/api/v1/calls/:id/assign', '/api/v1/calls/:id/pull'];
  for (const url of urls) {
    t.same(await byTeam('south', { method: 'POST', url }), [403, 'not-your-team'], url);
  }
  t.same([house.commands, house.callCommands], [[], []]);
  for (const url of urls) t.equal((await byTeam('supervisor', { method: 'POST', url }))[0], 200, url);
  t.same(await byTeam('south', { method: 'POST', url: '/api/v1/agents/9999/sign-out' }), [404, 'no-such-agent']);
  t.equal((await byTeam('other-agent', { method: 'POST', url: '/api/v1/agents/:id/sign-out' }))[0], 403);
});

t.test('every change that succeeds leaves a trace with the name of who asked', async (t) => {
  const { house, app } = await houseOf(t, false);
  let traced = 0;
  for (const route of app.routeTable.filter(
    ({ method, access }) => method !== 'GET' && /^(agentWrite|supervise|administer)$/.test(access),
  )) {
    for (const who of SIGNED) {
      house.audits.splice(0);
      const answer = await ask(app, route, await headersOf(house, who, 'session'));
      const what = `${route.method} ${route.url} as ${who}: ${answer.statusCode}`;
      if (answer.statusCode >= 300) {
        t.same(house.audits, [], `${what} leaves none`);
        continue;
      }
      traced += 1;
      const own = house.commands.at(-1);
      if (who === 'agent') t.match(own, { by: 'agent', agentId: '1001' }, `${what}: the command carries the name`);
      else
        t.match(
          house.audits,
          [{ by: who, role: who, via: 'session', address: '127.0.0.1', action: /^[a-z-]+(\/[a-z-]+)+$/ }],
          what,
        );
    }
  }
  t.ok(traced >= 20, `${traced} changes`);
  house.audits.splice(0);
  const live = house.flows?.list().find(({ flowId }) => flowId === 'card')?.version;
  const headers = { ...page, cookie: await signedIn(house, 'admin') };
  const publish = { text: CARD_2, basedOn: live, note: 'new words' };
  const done = await app.inject({ method: 'POST', url: '/api/v1/flows/card/versions', headers, payload: publish });
  t.equal(done.statusCode, 200, done.body);
  const back = { version: live };
  await app.inject({ method: 'POST', url: '/api/v1/flows/card/rollback', headers, payload: back });
  t.match(house.audits, [
    { by: 'admin', action: 'flows/versions', subject: 'card' },
    { by: 'admin', action: 'flows/rollback', subject: 'card' },
  ]);
});

t.test('listening is told, once for a player that asks piece by piece', async (t) => {
  const { house, app } = await houseOf(t, false);
  const headers = { ...OWN, cookie: await signedIn(house, 'supervisor') };
  for (const range of ['bytes=0-1', 'bytes=2-3', 'bytes=4-']) {
    await app.inject({ url: '/api/v1/recordings/rec-own/audio', headers: { ...headers, range } });
  }
  t.match(house.audits, [{ by: 'supervisor', action: 'recordings/audio', subject: 'rec-own' }]);
  t.equal(house.audits.length, 1);
  const bearer = { ...OWN, authorization: `Bearer ${TOKENS.admin.secret}` };
  await app.inject({ url: '/api/v1/recordings/rec-own/audio', headers: bearer });
  t.match(house.audits[1], { by: 'root', via: 'bearer' });
  await app.inject({ url: '/api/v1/recordings', headers: bearer });
  t.equal(house.audits.length, 2, 'the list is no listening');
});

t.test('the address is the one before a proxy of this machine', async (t) => {
  const house = people(aHouse({ bind: { host: '0.0.0.0', port: 0 } }));
  const app = buildApp(house);
  t.teardown(() => app.close());
  const from = async (remoteAddress: string, forwarded?: string) => {
    house.audits.splice(0);
    await app.inject({
      method: 'POST',
      url: '/api/v1/agents/1001/sign-out',
      remoteAddress,
      headers: { ...page, cookie: await signedIn(house, 'admin'), ...(forwarded ? { 'x-forwarded-for': forwarded } : {}) },
    });
    return house.audits[0]?.address;
  };
  t.equal(await from('10.1.1.1'), '10.1.1.1');
  t.equal(await from('10.1.1.1', '192.0.2.9'), '10.1.1.1', 'somebody elsewhere may claim anything');
  t.equal(await from('127.0.0.1', '198.51.100.1, 192.0.2.9'), '192.0.2.9', 'the one that the proxy saw');
  t.equal(await from('::ffff:127.0.0.1', '<script>'), '127.0.0.1');
});
