import type { FastifyInstance } from 'fastify';
import t from 'tap';
import { WebSocket } from 'ws';
import { buildApp, type HttpDeps } from '../../src/http/app.js';
import type { User } from '../../src/main/config/users.js';
import { FailedSignIns, type FailedTries } from '../../src/main/failed-sign-ins.js';
import { hashPassword } from '../../src/main/passwords.js';
import { aHouse, type House, signedIn, TOKENS } from './house.js';

/** Signing in and out, with a store of sessions in memory and a clock of the test. */

const PASSWORD = 'correct horse 9';
const hashed = await hashPassword(PASSWORD);
const HOUR = 3_600_000;

const LI: User = { id: 'li.na', name: '李娜', role: 'supervisor', teams: ['north'], agentId: null, password: hashed };
const ROOT: User = { id: 'root.user', name: 'Root', role: 'admin', teams: null, agentId: null, password: hashed };

interface Stage {
  readonly house: House;
  readonly app: FastifyInstance;
  readonly clock: { nowMs: number };
}

async function stage(t: { teardown(fn: () => unknown): void }, more: Partial<HttpDeps> = {}): Promise<Stage> {
  const clock = { nowMs: Date.now() };
  const house = aHouse({ bind: { host: '0.0.0.0', port: 0 }, nowMs: () => clock.nowMs, ...more });
  house.users.set(LI.id, LI);
  house.users.set(ROOT.id, ROOT);
  const app = buildApp(house);
  t.teardown(() => app.close());
  await app.ready();
  return { house, app, clock };
}

const page = { host: 'localhost:80', origin: 'http://localhost:80', 'x-hotline-page': '1' };
const signIn = (app: FastifyInstance, payload: object, headers: object = {}, remoteAddress = '10.0.0.1') =>
  app.inject({ method: 'POST', url: '/api/v1/session', payload, headers: { ...page, ...headers }, remoteAddress });
const cookieOf = (answer: { headers: Record<string, unknown> }): string =>
  String(answer.headers['set-cookie']).split(';')[0] ?? '';
const session = (app: FastifyInstance, cookie: string) => app.inject({ url: '/api/v1/session', headers: { ...page, cookie } });
const board = async (app: FastifyInstance, cookie: string) =>
  (await app.inject({ url: '/api/v1/board', headers: { ...page, cookie } })).statusCode;

t.test('a person signs in, is who they are, changes what they may, and signs out', async (t) => {
  const { house, app } = await stage(t);
  t.match((await session(app, '')).json(), { mayRead: false, name: null, role: null, hasUsers: true });
  const answer = await signIn(app, { user: ' Li.Na ', password: PASSWORD });
  t.match(answer.json(), { mayRead: true, name: 'li.na', title: '李娜', role: 'supervisor', teams: ['north'], via: 'session' });
  const set = String(answer.headers['set-cookie']);
  t.match(set, /^hotline_session=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  const secret = cookieOf(answer).split('=')[1] ?? '';
  t.notMatch(JSON.stringify([...house.sessions.sessions]), secret, 'the store does not know the secret');
  t.notMatch(JSON.stringify([...house.sessions.sessions]), /argon2|horse/);
  const cookie = cookieOf(answer);
  t.equal(await board(app, cookie), 200);
  const change = await app.inject({ method: 'POST', url: '/api/v1/agents/1001/sign-out', headers: { ...page, cookie } });
  t.equal(change.statusCode, 200);
  t.match(house.commands, [{ kind: 'signOut', by: 'li.na' }]);
  const out = await app.inject({ method: 'DELETE', url: '/api/v1/session', headers: { ...page, cookie } });
  t.equal(out.statusCode, 204);
  t.match(String(out.headers['set-cookie']), /^hotline_session=; .*Max-Age=0/);
  t.equal(await board(app, cookie), 401, 'the old cookie is good for nothing');
  t.match(house.audits, [
    { by: 'li.na', action: 'session/sign-in', address: '10.0.0.1', via: 'session' },
    { by: 'li.na', action: 'agents/sign-out', subject: '1001' },
    { by: 'li.na', action: 'session/sign-out' },
  ]);
  t.match(
    String((await signIn(app, { user: 'li.na', password: PASSWORD }, { origin: 'https://localhost:80' })).headers['set-cookie']),
    /; Secure$/,
  );
});

t.test('a wall signs in by its token, for reading, for thirty days', async (t) => {
  const { house, app, clock } = await stage(t);
  const answer = await signIn(app, { token: TOKENS.viewer.secret });
  t.match(answer.json(), { name: 'wall', role: 'viewer', via: 'session' });
  t.match(String(answer.headers['set-cookie']), /Max-Age=2592000;/);
  const cookie = cookieOf(answer);
  t.notMatch(cookie, TOKENS.viewer.secret, 'the cookie is not the token');
  clock.nowMs += 29 * 24 * HOUR;
  t.equal(await board(app, cookie), 200);
  const write = await app.inject({ method: 'POST', url: '/api/v1/agents/1001/sign-out', headers: { ...page, cookie } });
  t.equal(write.statusCode, 403);
  t.match(
    String((await signIn(app, { token: TOKENS.admin.secret })).headers['set-cookie']),
    /Max-Age=43200;/,
    'others as people',
  );
  clock.nowMs += 2 * 24 * HOUR;
  t.equal(await board(app, cookie), 401);
  const again = cookieOf(await signIn(app, { token: TOKENS.viewer.secret }));
  house.tokenList.splice(0);
  t.equal(await board(app, again), 401, 'a token that was taken away takes its sessions along');
});

t.test('what is wrong is told in one way', async (t) => {
  const { house, app } = await stage(t);
  const tries = [
    { user: 'li.na', password: 'wrong horse 9' },
    { user: 'nobody', password: PASSWORD },
    { user: '__proto__', password: PASSWORD },
    { user: 'a b;--', password: PASSWORD },
    { user: 'li.na', password: 'x'.repeat(1_000) },
    { token: 'no-such-token-0123' },
  ];
  const answers = await Promise.all(tries.map((each, i) => signIn(app, each, {}, `10.0.1.${i}`)));
  for (const [i, answer] of answers.entries()) {
    t.match([answer.statusCode, answer.json()], [401, { id: 'wrong-sign-in' }], JSON.stringify(tries[i]));
    t.equal(answer.body, answers[0]?.body);
    t.equal(answer.headers['set-cookie'], undefined);
  }
  for (const bad of [
    {},
    { user: 'x' },
    { token: 'a', user: 'b' },
    { user: 1, password: 'x' },
    { user: 'x', password: 'y', token: 'z' },
  ]) {
    t.equal((await signIn(app, bad)).statusCode, 400, JSON.stringify(bad));
  }
  t.equal((await signIn(app, { user: 'li.na', password: PASSWORD }, { origin: 'https://evil.example' })).statusCode, 403);
  t.ok(house.audits.length >= 6);
  for (const { action, subject, by } of house.audits) {
    t.equal(action, 'session/sign-in-failed');
    t.ok(subject === null || subject === 'li.na', 'a name that does not exist may be a password in the wrong field');
    t.ok(by === 'unknown' || by === 'li.na');
  }
});

t.test('guessing is slowed down, by name and by address, and many guesses at once are counted one by one', async (t) => {
  const { app, clock } = await stage(t);
  const guess = (user: string, address: string) => signIn(app, { user, password: 'wrong horse 9' }, {}, address);
  const codes = (await Promise.all(Array.from({ length: 9 }, (_, i) => guess('li.na', `10.0.2.${i}`)))).map(
    (each) => each.statusCode,
  );
  t.same(codes.sort(), [401, 401, 401, 401, 401, 429, 429, 429, 429]);
  const held = await signIn(app, { user: 'li.na', password: PASSWORD }, {}, '10.0.2.99');
  t.equal(held.statusCode, 429, 'the right password too');
  t.match(held.json(), { id: 'too-many-tries' });
  t.match(held.headers['retry-after'], /^[1-9]\d*$/);
  t.equal((await signIn(app, { user: 'root.user', password: PASSWORD }, {}, '10.0.2.99')).statusCode, 200, 'others are let in');
  clock.nowMs += 1_000;
  t.equal((await signIn(app, { user: 'li.na', password: PASSWORD })).statusCode, 200, 'after the pause');
  t.equal((await guess('li.na', '10.0.2.1')).statusCode, 401, 'a good one forgets the bad ones');

  for (let i = 0; i < 20; i++) t.equal((await guess(`somebody${i}`, '10.0.3.1')).statusCode, 401);
  t.equal((await guess('somebody-else', '10.0.3.1')).statusCode, 429);
  t.equal((await signIn(app, { token: 'no-such-token-0123' }, {}, '10.0.3.1')).statusCode, 429, 'tokens are guessed too');
  t.equal((await guess('somebody-else', '10.0.3.2')).statusCode, 401, 'another address');
});

t.test('failures that come in thousands are a few lines of the audit', (t) => {
  const told: FailedTries[] = [];
  const failed = new FailedSignIns((each) => told.push(each), 3_600_000);
  t.teardown(() => failed.close());
  for (let i = 0; i < 1_000; i++) failed.add({ user: 'li.na', address: '10.0.0.1', why: 'wrong' });
  for (let i = 0; i < 1_000; i++) failed.add({ user: null, address: `10.1.${i >> 8}.${i & 255}`, why: 'wrong' });
  t.equal(told.length, 20);
  failed.flush();
  t.equal(told.length, 22);
  t.equal(
    told.reduce((sum, { times }) => sum + times, 0),
    2_000,
    'and none is lost',
  );
  t.end();
});

t.test('sessions end by age and by rest', async (t) => {
  const { app, clock } = await stage(t);
  const busy = cookieOf(await signIn(app, { user: 'li.na', password: PASSWORD }));
  const idle = cookieOf(await signIn(app, { user: 'li.na', password: PASSWORD }));
  for (let hour = 1; hour < 12; hour++) {
    clock.nowMs += HOUR;
    t.equal(await board(app, busy), 200, `in use for ${hour} h`);
    if (hour === 9) t.equal(await board(app, idle), 401, 'not seen for 8 h');
  }
  clock.nowMs += HOUR;
  t.equal(await board(app, busy), 401, 'after 12 h, however busy');
});

t.test('a new password, role, team or no account at all ends the sessions', async (t) => {
  const { house, app, clock } = await stage(t);
  const changes: [string, User | null][] = [
    ['password', { ...LI, password: hashed.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) }],
    ['role', { ...LI, role: 'viewer', teams: null }],
    ['teams', { ...LI, teams: ['south'] }],
    ['removed', null],
  ];
  for (const [what, change] of changes) {
    house.users.set(LI.id, LI);
    const cookie = await signedIn(house, LI.id);
    t.equal(await board(app, cookie), 200);
    if (change) house.users.set(LI.id, change);
    else house.users.delete(LI.id);
    t.equal(await board(app, cookie), 401, what);
    clock.nowMs += 10;
  }
  house.users.set(LI.id, LI);
  const cookie = await signedIn(house, LI.id);
  house.users.set(LI.id, { ...LI, name: '李娜娜' });
  t.match((await session(app, cookie)).json(), { title: '李娜娜' }, 'another spelling does not');
});

t.test('who is signed in: listed, ended one by one and everywhere', async (t) => {
  const { house, app } = await stage(t);
  const here = await signedIn(house, LI.id);
  const there = await signedIn(house, LI.id);
  const root = await signedIn(house, ROOT.id);
  const list = async (cookie: string, all = '') =>
    (await app.inject({ url: `/api/v1/sessions${all}`, headers: { ...page, cookie } })).json();
  const own = (await list(here)).sessions as { sessionId: string; isThis: boolean; name: string }[];
  t.equal(own.length, 2);
  t.equal(own.filter(({ isThis }) => isThis).length, 1);
  t.match(await list(here, '?all=1'), { id: 'forbidden' });
  t.equal((await list(root, '?all=1')).sessions.length, 3);
  const end = async (cookie: string, id: string) =>
    (await app.inject({ method: 'DELETE', url: `/api/v1/sessions/${id}`, headers: { ...page, cookie } })).statusCode;
  const ofRoot = (await list(root)).sessions[0].sessionId;
  t.equal(await end(here, ofRoot), 404, 'not one’s own');
  const other = own.find(({ isThis }) => !isThis)?.sessionId ?? '';
  t.equal(
    (await app.inject({ method: 'DELETE', url: `/api/v1/sessions/${other}`, headers: { cookie: here } })).statusCode,
    403,
    'CSRF',
  );
  t.equal(await end(here, other), 204);
  t.same([await board(app, there), await board(app, here)], [401, 200]);
  const third = await signedIn(house, LI.id);
  t.equal(await end(root, own.find(({ isThis }) => isThis)?.sessionId ?? ''), 204, 'an admin ends anybody’s');
  t.equal(await board(app, here), 401);
  t.match(house.audits.at(-1), { by: 'root.user', action: 'session/end', subject: 'li.na' });
  const fourth = await signedIn(house, LI.id);
  await app.inject({ method: 'DELETE', url: '/api/v1/session?all=1', headers: { ...page, cookie: third } });
  t.same([await board(app, third), await board(app, fourth), await board(app, root)], [401, 401, 200]);
});

t.test('signing in anew leaves no session behind, and nobody has more than twenty', async (t) => {
  const { house, app } = await stage(t);
  const first = cookieOf(await signIn(app, { user: 'li.na', password: PASSWORD }));
  const second = await signIn(app, { user: 'root.user', password: PASSWORD }, { cookie: first });
  t.not(cookieOf(second), first, 'another secret');
  t.equal(await board(app, first), 401);
  for (let i = 0; i < 25; i++) await signedIn(house, LI.id);
  t.equal([...house.sessions.sessions.values()].filter(({ name }) => name === 'li.na').length, 20);
});

t.test('with the store away sessions live on for a minute, and nobody is let in anew', async (t) => {
  const { house, app, clock } = await stage(t);
  const cookie = await signedIn(house, LI.id);
  t.equal(await board(app, cookie), 200);
  const { asked } = house.sessions;
  for (let i = 0; i < 50; i++) await board(app, cookie);
  t.equal(house.sessions.asked, asked, 'not asked for each page');
  house.sessions.isAway = true;
  t.match((await signIn(app, { user: 'li.na', password: PASSWORD })).json(), { id: 'unavailable-sign-in' });
  t.equal((await signIn(app, { user: 'li.na', password: 'wrong' })).statusCode, 503, 'and nothing is told of the password');
  clock.nowMs += 55_000;
  t.equal(await board(app, cookie), 200);
  clock.nowMs += 10_000;
  t.equal(await board(app, cookie), 503);
  t.equal((await session(app, cookie)).statusCode, 503, 'the page waits and does not ask for a password');
  const out = await app.inject({ method: 'DELETE', url: '/api/v1/session', headers: { ...page, cookie } });
  t.match(String(out.headers['set-cookie']), /Max-Age=0/);
  const bearer = { host: 'localhost', authorization: `Bearer ${TOKENS.viewer.secret}` };
  t.equal((await app.inject({ url: '/api/v1/board', headers: bearer })).statusCode, 200, 'tokens need no store');
  house.sessions.isAway = false;
  clock.nowMs += 2_000;
  t.equal(await board(app, cookie), 200, 'back');
});

t.test('feeds end when the session, the role or the token does', async (t) => {
  const { house, app } = await stage(t, { live: { beatEveryMs: 50 }, nowMs: () => Date.now() });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as { port: number };
  const closing = (headers: Record<string, string>) =>
    new Promise<{ opened: Promise<void>; closed: Promise<{ code: number; atMs: number }> }>((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/live`, { headers });
      t.teardown(() => socket.terminate());
      const opened = new Promise<void>((open) => socket.once('message', () => open()));
      const closed = new Promise<{ code: number; atMs: number }>((end) =>
        socket.once('close', (code) => end({ code, atMs: Date.now() })),
      );
      socket.on('error', () => {});
      resolve({ opened, closed });
    });
  const revoked = await signedIn(house, LI.id);
  const demoted = await signedIn(house, ROOT.id);
  const others = ['password', 'removed', 'out', 'moved'] as const;
  for (const id of others) house.users.set(id, { ...LI, id });
  const cookies = Object.fromEntries(await Promise.all(others.map(async (id) => [id, await signedIn(house, id)])));
  const feeds = [
    ...(await Promise.all(others.map((id) => closing({ cookie: cookies[id] })))),
    await closing({ cookie: revoked }),
    await closing({ cookie: demoted }),
    await closing({ authorization: `Bearer ${TOKENS.viewer.secret}` }),
  ];
  await Promise.all(feeds.map(({ opened }) => opened));
  const atMs = Date.now();
  // On another node: this one hears of it from the store alone.
  for (const { id, name } of house.sessions.sessions.values()) if (name === LI.id) house.sessions.sessions.delete(id);
  house.users.set(ROOT.id, { ...ROOT, role: 'viewer' });
  house.users.set('password', { ...LI, id: 'password', password: hashed.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) });
  house.users.set('moved', { ...LI, id: 'moved', teams: ['south'] });
  house.users.delete('removed');
  await app.inject({ method: 'DELETE', url: '/api/v1/session', headers: { ...page, cookie: cookies.out } });
  house.tokenList.splice(0);
  for (const { closed } of feeds) {
    const end = await closed;
    t.equal(end.code, 4401);
    t.ok(end.atMs - atMs < 5_000, `after ${end.atMs - atMs} ms`);
  }
});
