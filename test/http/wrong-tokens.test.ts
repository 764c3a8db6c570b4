import t from 'tap';
import { buildApp } from '../../src/http/app.js';
import type { AuditEntry, TokenTryLimits } from '../../src/http/deps.js';
import type { ApiError } from '../../src/http/errors.js';
import { WrongTokens } from '../../src/http/wrong-tokens.js';
import { aHouse, TOKENS } from './house.js';

/** Guessing tokens: slowed down by address and in all, told, and nobody's right token is kept out. */

const MINUTE = 60_000;
// What is held lets the process end.
const alive = setInterval(() => {}, MINUTE);
t.teardown(() => clearInterval(alive));

function desk(limits: Partial<TokenTryLimits> = {}) {
  const clock = { nowMs: 1_000_000 };
  const told: AuditEntry[] = [];
  const tell = async (entry: AuditEntry) => void told.push(entry);
  const tokens = new WrongTokens(() => clock.nowMs, tell, { heldMs: 1, ...limits });
  /** `in`, `nobody`, or the seconds to wait. */
  const guess = (address: string, right: keyof typeof TOKENS | null = null) =>
    tokens.judge(right === null ? null : TOKENS[right], address).then(
      (found) => (found === null ? 'nobody' : 'in'),
      (error: ApiError) => error.retryAfterS,
    );
  return { clock, told, tokens, guess };
}

t.test('the first ones at once, then held and longer and longer, by address', async (t) => {
  const { clock, guess } = desk({ free: 3 });
  const many = async (times: number, address: string) => {
    const said: unknown[] = [];
    for (let i = 0; i < times; i++) said.push(await guess(address));
    return said;
  };
  t.same(await many(12, '10.0.0.1'), ['nobody', 'nobody', 'nobody', 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  t.equal(await guess('10.0.0.2'), 'nobody', 'another address');
  t.equal(await guess('10.0.0.1', 'viewer'), 'in', 'a right token of the same address');
  clock.nowMs += 15 * MINUTE;
  t.equal(await guess('10.0.0.1'), 'nobody', 'forgotten');
  t.same(await many(3, '2001:db8:1:2::1'), ['nobody', 'nobody', 'nobody']);
  t.same(await many(2, '2001:db8:1:2:aaaa::9'), [1, 2], 'a network of IPv6 is one');
  t.equal(await guess('2001:db8:1:3::1'), 'nobody');
});

t.test('a crowd is refused unheard; who was right before is let in, and elsewhere everybody', async (t) => {
  const { guess } = desk({ free: 0, heldOfOne: 3, heldMs: 60_000 });
  t.equal(await guess('10.0.0.1', 'viewer'), 'in');
  for (let i = 0; i < 3; i++) void guess('10.0.0.1');
  t.equal(await guess('10.0.0.1'), 1, 'the fourth is not held');
  t.equal(await guess('10.0.0.1', 'admin'), 1, 'nor told whether it is right');
  t.equal(await guess('10.0.0.1', 'viewer'), 'in');
  t.equal(await guess('10.0.0.2', 'admin'), 'in');
  t.equal(await guess('10.0.0.1', 'admin'), 'in', 'known from elsewhere now');
});

t.test('many addresses at once are slowed down too, and keep out no right token of a quiet one', async (t) => {
  const { guess, clock } = desk({ freePerMinute: 50, heldInAll: 10, heldMs: 60_000 });
  for (let i = 0; i < 50; i++) t.equal(await guess(`10.1.0.${i}`), 'nobody');
  for (let i = 0; i < 10; i++) void guess(`10.1.1.${i}`);
  t.equal(await guess('10.1.1.0'), 1);
  t.equal(await guess('10.1.1.0', 'admin'), 1);
  t.equal(await guess('10.1.2.1', 'admin'), 'in');
  clock.nowMs += MINUTE;
  t.equal(await guess('10.1.3.1'), 'nobody', 'a new minute');
});

t.test('told once a minute with how many, and never with what was tried', async (t) => {
  const { guess, clock, told } = desk({ free: 5, heldMs: 0 });
  for (let i = 0; i < 5; i++) await guess('10.0.0.1');
  t.same(told, [], 'a slip of the pen is nobody’s business');
  await Promise.all(Array.from({ length: 15 }, () => guess('10.0.0.1')));
  t.match(told, [{ by: 'unknown', role: 'none', action: 'session/token-refused', address: '10.0.0.1', detail: { times: 6 } }]);
  t.equal(told.length, 1);
  clock.nowMs += MINUTE;
  await guess('10.0.0.1');
  t.match(told[1], { detail: { times: 15 } }, 'and none is lost');
  clock.nowMs += MINUTE;
  for (let i = 0; i < 100; i++) for (let n = 0; n < 6; n++) await guess(`10.2.0.${i}`);
  t.equal(told.length, 22, 'of twenty addresses a minute');
});

t.test('over the API', async (t) => {
  const house = aHouse({ bind: { host: '0.0.0.0', port: 0 }, tokenTries: { free: 4, heldMs: 1 } });
  const app = buildApp(house);
  t.teardown(() => app.close());
  const ask = (url: string, secret: string, remoteAddress = '10.0.0.1') =>
    app.inject({ url, remoteAddress, headers: { host: 'localhost', authorization: `Bearer ${secret}` } });
  for (let i = 0; i < 4; i++) t.equal((await ask('/api/v1/board', `wrong-secret-0123456789-${i}`)).statusCode, 401);
  const refused = await ask('/api/v1/board', 'wrong-secret-0123456789');
  t.equal(refused.statusCode, 429);
  t.match(refused.json(), { id: 'too-many-tries' });
  t.equal(refused.headers['retry-after'], '1');
  t.equal((await ask('/api/v1/session', 'wrong-secret-0123456789')).statusCode, 429, 'who asks who one is guesses too');
  t.equal((await ask('/healthz', 'wrong-secret-0123456789')).statusCode, 200, 'whether we are alive is told to anybody');
  t.notMatch((await ask('/readyz', TOKENS.admin.secret)).body, /secret place/, 'without saying whether a token is right');
  t.equal((await ask('/api/v1/board', TOKENS.viewer.secret)).statusCode, 200, 'a right one is let in');
  t.equal((await ask('/api/v1/board', 'wrong-secret-0123456789', '10.0.0.2')).statusCode, 401);
  const wall = (token: string, remoteAddress: string) =>
    app.inject({ method: 'POST', url: '/api/v1/session', remoteAddress, headers: { host: 'localhost' }, payload: { token } });
  t.equal((await wall('wrong-secret-0123456789', '10.0.0.1')).statusCode, 429);
  t.equal((await wall(TOKENS.viewer.secret, '10.0.0.1')).statusCode, 200, 'a wall that signs in beside a guesser');
  t.match(house.audits[0], { action: 'session/token-refused', address: '10.0.0.1', detail: { times: 5 } });
  t.notMatch(JSON.stringify(house.audits), /wrong-secret/);
});
