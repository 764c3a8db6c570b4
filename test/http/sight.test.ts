import type { FastifyInstance } from 'fastify';
import t from 'tap';
import { buildApp } from '../../src/http/app.js';
import { sightOf } from '../../src/http/sight.js';
import { signedIn } from './house.js';
import { twoTeams, twoTeamsBoard } from './two-teams.js';

/** What each one who may read is told, over every route that there is. */

const WHO = ['one', 'north', 'south', 'whole', 'wall'] as const;
type Who = (typeof WHO)[number];

/** A word that an answer may hold, and who besides those who see the whole is told it somewhere. */
const WORDS: Readonly<Record<string, readonly Who[]>> = {
  'Agent 1001': ['one', 'north'],
  'Agent 1002': ['north'],
  'Agent 2001': ['south'],
  // Among the candidates of a choice for a call of their own supervisors see whoever was weighed; an agent does not.
  '"1002"': ['north', 'south'],
  'agent:1002': ['north'],
  'agent:2001': ['south'],
  'team:north': ['north'],
  'team:south': ['south'],
  'tier:vip': ['one', 'north', 'south'],
  'tea-1002': ['north'],
  'tea-2001': ['south'],
  'General-title': ['one', 'north', 'south'],
  'Cards-title': ['north', 'south'],
  'cards-alarm': ['north', 'south'],
  'call-own': ['one', 'north'],
  'call-mate': ['north'],
  'call-south': ['south'],
  'call-cards': ['south'],
  'call-line': ['north', 'south'],
  'call-rings': ['north', 'south'],
  'call-menu': ['north', 'south'],
  'rec-own': ['one', 'north'],
  'rec-mate': ['north'],
  'rec-south': ['south'],
  'cb-cards': ['south'],
  'cb-general': ['north', 'south'],
  'gone-cards': ['south'],
  'gone-general': ['north', 'south'],
  13800001234: ['north', 'south', 'whole'],
};
const mayBeTold = (who: Who, word: string): boolean =>
  WORDS[word]?.includes(who) === true || (who === 'wall' && word !== '13800001234') || who === 'whole';

/** Everything that the addresses of a kind may name. */
const IDS: readonly [RegExp, readonly string[]][] = [
  [/^\/api\/v1\/agents\/:id/, ['1001', '1002', '2001']],
  [/^\/api\/v1\/queues\/:id/, ['general', 'cards']],
  [/^\/api\/v1\/(history\/)?calls\/:id/, ['own', 'mate', 'south', 'cards', 'line', 'rings', 'menu'].map((id) => `call-${id}`)],
  [/^\/api\/v1\/recordings\/:id/, ['rec-own', 'rec-mate', 'rec-south']],
  [/^\/api\/v1\/callbacks\/:id/, ['cb-cards', 'cb-general']],
];
const addressesOf = (url: string): string[] => {
  const ids = IDS.find(([pattern]) => pattern.test(url))?.[1] ?? [];
  const query = url === '/api/v1/replay' ? '?from=1000&to=2000' : url === '/api/v1/staffing' ? '?queue=cards' : '';
  return url.includes(':id') ? ids.map((id) => url.replace(':id', id)) : [`${url}${query}`];
};

const page = { host: 'localhost:80', origin: 'http://localhost:80', 'x-hotline-page': '1' };

async function stage(t: { teardown(fn: () => unknown): void }) {
  const house = twoTeams();
  const app = buildApp(house);
  t.teardown(() => app.close());
  await app.ready();
  const cookies = Object.fromEntries(
    await Promise.all(WHO.map(async (who): Promise<[Who, string]> => [who, await signedIn(house, who)])),
  ) as Record<Who, string>;
  return { house, app, cookies };
}
const ask = (app: FastifyInstance, method: 'GET' | 'POST', url: string, cookie: string, payload: object = {}) =>
  app.inject({ method, url, headers: { ...page, cookie }, ...(method === 'POST' ? { payload } : {}) });

t.test('over all routes, nobody is told of others, and everybody of the own', async (t) => {
  const { app, cookies } = await stage(t);
  const urls = app.routeTable.filter(({ method, url }) => method === 'GET' && /^\/(api|metrics)/.test(url)).map(({ url }) => url);
  t.ok(urls.length >= 35, `${urls.length} routes`);
  for (const who of WHO) {
    const told = new Set<string>();
    let answers = 0;
    for (const url of urls.flatMap(addressesOf)) {
      const { statusCode, body } = await ask(app, 'GET', url, cookies[who]);
      // A refusal repeats what was asked for.
      if (statusCode >= 300) {
        if (statusCode >= 500) t.fail(`${url}: ${body}`);
        continue;
      }
      answers += 1;
      for (const word of Object.keys(WORDS)) {
        if (!body.includes(word)) continue;
        told.add(word);
        if (!mayBeTold(who, word)) t.fail(`${url} tells ${who} of ${word}`);
      }
    }
    t.same(
      Object.keys(WORDS).filter((word) => mayBeTold(who, word) && !told.has(word)),
      [],
      `${who} is told all that is theirs in ${answers} answers`,
    );
  }
});

t.test('what is not seen is not there, for reading and for changing', async (t) => {
  const { house, app, cookies } = await stage(t);
  const status = async (who: Who, url: string) => (await ask(app, 'GET', url, cookies[who])).statusCode;
  t.equal(await status('north', '/api/v1/agents/2001'), 404);
  t.equal(await status('one', '/api/v1/queues/cards'), 404);
  t.equal(await status('one', '/api/v1/queues/cards/details'), 404);
  t.equal(await status('one', '/api/v1/queues/cards/stays'), 404);
  t.equal(await status('one', '/api/v1/staffing?queue=cards'), 404);
  t.equal(await status('north', '/api/v1/history/calls/call-south'), 404);
  t.equal(await status('north', '/api/v1/recordings/rec-south/audio'), 404);
  for (const part of ['explanation', 'facts']) t.equal(await status('north', `/api/v1/calls/call-south/${part}`), 404, part);
  t.equal(await status('one', '/api/v1/calls/call-own/explanation'), 403, 'it names others');
  t.equal(await status('one', '/metrics'), 403);

  const move = (who: Who, id: string) => ask(app, 'POST', `/api/v1/calls/${id}/reprioritise`, cookies[who], { priority: 5 });
  t.equal((await move('north', 'call-cards')).statusCode, 404);
  t.equal((await ask(app, 'POST', '/api/v1/callbacks/cb-cards/cancel', cookies.north)).statusCode, 404);
  t.same([house.callCommands, house.opened, house.audits], [[], [], []], 'nothing was done');
  t.equal((await move('south', 'call-cards')).statusCode, 200);
  t.equal((await ask(app, 'POST', '/api/v1/callbacks/cb-cards/cancel', cookies.south)).statusCode, 200);
});

t.test('the calls of a figure are as many as it says: those of others are counted', async (t) => {
  const { app, cookies } = await stage(t);
  const stays = async (who: Who, figure: string) =>
    (await ask(app, 'GET', `/api/v1/queues/general/stays?figure=${figure}`, cookies[who])).json();
  const { found, hidden, stays: shown } = await stays('north', 'answered');
  t.same([found, hidden, shown.length], [4, 2, 2]);
  const whole = await stays('wall', 'answered');
  t.same([whole.found, whole.hidden, whole.stays.length], [4, 0, 4]);
});

t.test('pages of the history go on behind the calls of others', async (t) => {
  const { app, cookies } = await stage(t);
  const paged = async (who: Who, limit: number) => {
    const ids: string[] = [];
    let pages = 0;
    for (let next: string | null = ''; next !== null; pages++) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`;
      const answer: { calls: { callId: string }[]; next: string | null } = (
        await ask(app, 'GET', `/api/v1/history/calls?limit=${limit}${cursor}`, cookies[who])
      ).json();
      ids.push(...answer.calls.map(({ callId }) => callId));
      next = answer.next;
    }
    return { ids, pages };
  };
  const north = ['call-own', 'call-mate', 'call-line', 'call-menu'];
  t.same((await paged('north', 2)).ids, north);
  t.same((await paged('north', 1)).ids, north);
  t.same((await paged('north', 100)).ids, north);
  t.same((await paged('one', 1)).ids, ['call-own']);
  t.same((await paged('wall', 3)).ids.length, 7);
  const csv = (await ask(app, 'GET', '/api/v1/history/calls?format=csv', cookies.one)).body;
  t.equal(csv.trim().split('\r\n').length, 2, 'and so does the file');
});

t.test('the cut by itself: equal for equal rights, and rows keep their identity', async (t) => {
  const { house } = await stage(t);
  const { roster } = house;
  const who = (role: string, teams: string[] | null, agentId: string | null = null) =>
    ({ name: 'x', title: '', role, teams, agentId, via: 'session', session: null }) as never;
  const board = twoTeamsBoard();
  const whole = sightOf(who('viewer', null), roster);
  t.equal(whole.board(board), board);
  const north = sightOf(who('supervisor', ['north', 'desk']), roster);
  t.equal(north.key, sightOf(who('supervisor', ['desk', 'north']), roster).key);
  t.equal(north.board(board).queues[0], board.queues[0]);
  t.equal(north.board(board).queues[1], sightOf(who('agent', null, '2001'), roster).board(board).queues[1], 'one row for both');
  t.equal(north.board(board).queues[1]?.waiting, 1, 'how many wait is a figure');
  for (const nobody of [null, who('agent', null, null)]) {
    const { queues, agents, alarms } = sightOf(nobody, roster).board(board);
    t.same([queues, agents, alarms], [[], [], []]);
  }
  const stranger = sightOf(who('agent', null, '9999'), roster).board(board);
  t.same([stranger.queues, stranger.agents], [[], []], 'an agent that is in no roster');
  t.same(sightOf(who('supervisor', []), roster).board(board).agents, [], 'a supervisor of no team');
});
