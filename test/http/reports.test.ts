import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openHistory } from '../../src/adapters/history/open-history.js';
import type { Fact } from '../../src/base/facts.js';
import { DAY, HOUR, SECOND } from '../../src/base/time.js';
import { buildApp, type HttpDeps } from '../../src/http/app.js';
import { csvCell, csvLine, flat } from '../../src/http/csv.js';
import { HistoryBusy } from '../../src/ports/history.js';
import { serviceLevel } from '../../src/service-level/formulas.js';
import { recount } from '../../src/service-level/recount.js';
import { DAY_START, foldFrom, smallDay } from '../support/history-world.js';
import { aHouse, signedIn, TOKENS } from './house.js';

const day = await smallDay();
const folder = mkdtempSync(join(tmpdir(), 'reports-'));
const reader = openHistory({ kind: 'sqlite', file: join(folder, 'history.db') });
t.teardown(async () => {
  await reader.close();
  rmSync(folder, { recursive: true });
});

/** After the simulated calls: one with a hostile name of a tier and a number that is kept whole; surveys. */
const at = { atMs: day.endMs + HOUR };
const more = [
  { kind: 'callArrived', callId: 'evil', switchId: 's', legId: 'l', ani: '13800000001', dnis: '=1+1', flowId: null, ...at },
  { kind: 'callerIdentified', callId: 'evil', customerId: '@SUM(A1)', tier: '=cmd|"/c calc"!A1', by: 'ani', ...at },
  {
    kind: 'surveyAnswered',
    callId: 'evil',
    flowId: 'f',
    node: 'n',
    agentId: '1001',
    queueId: 'general',
    score: 5,
    scale: 5,
    ...at,
  },
  {
    kind: 'surveyAnswered',
    callId: 'evil',
    flowId: 'f',
    node: 'n',
    agentId: '1001',
    queueId: 'general',
    score: 2,
    scale: 5,
    ...at,
  },
  {
    kind: 'surveyAnswered',
    callId: 'evil',
    flowId: 'f',
    node: 'n',
    agentId: '1001',
    queueId: 'general',
    score: null,
    scale: 5,
    ...at,
  },
  { kind: 'callEnded', callId: 'evil', outcome: 'contained', durationMs: 5_000, endedBy: 'caller', ...at },
  {
    ...{ kind: 'audited', by: 'sue', role: 'supervisor', via: 'session', action: 'agents/force-status', subject: '9', ...at },
    ...{ detail: { note: 'x', role: 'forged' }, address: '10.0.0.7' },
  },
  { kind: 'switchDown', switchId: 'pbx-1', detail: 'gone', ...at },
  { kind: 'switchUp', switchId: 'pbx-1', detail: 'back', ...at },
  { kind: 'agentStatusChanged', agentId: '9', status: 'notReady', reason: 'meal', by: 'sue', ...at },
].map((fact, index) => ({ ...fact, seq: day.facts.length + index + 1 })) as unknown as Fact[];
const fold = foldFrom(day.queues, await reader.begin(), true);
for (let index = 0; index < day.facts.length; index += 1_000) {
  const batch = fold.take(day.facts.slice(index, index + 1_000));
  if (batch) await reader.write(batch);
}
const last = fold.take(more);
if (last) await reader.write(last);

const NOW = DAY_START + 5 * HOUR;
const history: HttpDeps['history'] = {
  reader,
  queues: day.queues.map(({ id, title, target }) => ({ queueId: id, title, target })),
  agents: [],
};
const house = (change: Partial<HttpDeps> = {}) => aHouse({ history, nowMs: () => NOW, ...change });
const app = buildApp(house());
await app.ready();
t.teardown(() => app.close());
const get = async (path: string, headers: Record<string, string> = {}) => app.inject({ url: `/api/v1/${path}`, headers });
type Row = Readonly<Record<string, unknown>> & { readonly counts: Readonly<Record<string, number>> };
const rowsOf = async (path: string): Promise<Row[]> => {
  const answer = await get(path);
  if (answer.statusCode !== 200) throw new Error(answer.body);
  return answer.json().rows as Row[];
};
const TODAY = 'from=2026-11-21&to=2026-11-22';

t.test('queues: each figure is as recounted from the facts, by its formula, with its parts', async (t) => {
  const rows = await rowsOf(`reports/queues?${TODAY}`);
  t.equal(rows.length, day.queues.length);
  for (const queue of day.queues) {
    const row = rows.find(({ queueId }) => queueId === queue.id);
    const counted = recount(day.facts, queue, DAY_START, DAY_START + DAY, NOW);
    t.same(row?.counts, counted);
    t.match(row?.serviceLevel, {
      ...serviceLevel(queue.target.formula, counted),
      formula: queue.target.formula,
      text: 'A_T / (O - S)',
    });
    t.match(row?.abandonRate, { formula: 'abandoned / offered', numerator: counted.abandoned, denominator: counted.offered });
    t.equal(row?.asaMs, Math.round(counted.sumWaitAnsweredMs / counted.answered));
  }
  t.same((await get('reports/queues')).json().rows, rows, 'today unless told');
  const moments = `from=${encodeURIComponent('2026-11-21T00:00:00+08:00')}&to=${DAY_START + DAY}`;
  t.same(await rowsOf(`reports/queues?${moments}`), rows, 'moments and milliseconds too');
  const [vip] = await rowsOf(`reports/queues?${TODAY}&queue=general&lane=vip`);
  const [ordinary] = await rowsOf(`reports/queues?${TODAY}&queue=general&lane=ordinary`);
  const offered = (row: Row | undefined): number => row?.counts.offered ?? Number.NaN;
  t.ok(offered(vip) > 20 && offered(vip) < offered(ordinary), 'the VIP lane alone');
  t.equal(offered(vip) + offered(ordinary), offered(rows.find(({ queueId }) => queueId === 'general')));
});

t.test('intervals of any length add up to the same day', async (t) => {
  const [whole] = await rowsOf(`reports/queues?${TODAY}&queue=general`);
  for (const by of ['1m', '15m', '30m', '60m', 'day']) {
    const rows = await rowsOf(`reports/intervals?${TODAY}&queue=general&by=${by}`);
    const sum = (name: string) => rows.reduce((total, row) => total + (row.counts[name] ?? 0), 0);
    for (const name of ['offered', 'answered', 'answeredInTime', 'abandoned', 'sumTalkMs', 'sumWrapUpMs']) {
      t.equal(sum(name), whole?.counts[name], `${by} ${name}`);
    }
    t.equal(new Set(rows.map(({ startMs }) => startMs)).size, rows.length, 'one row per interval');
  }
  const halves = await rowsOf(`reports/intervals?${TODAY}&queue=general&by=30m`);
  t.ok(halves.every(({ startMs }) => ((startMs as number) - DAY_START) % (HOUR / 2) === 0));
});

t.test('agents, reasons, outcomes, repeat callers, survey', async (t) => {
  const agents = await rowsOf(`reports/agents?${TODAY}`);
  const answered = agents.reduce((sum, row) => sum + (row.answered as number), 0);
  t.equal(answered, day.facts.filter(({ kind }) => kind === 'callAnswered').length);
  for (const row of agents.filter(({ agentId }) => agentId !== '9')) {
    t.equal(row.signedInMs, NOW - DAY_START, `${row.agentId} was signed in all the time, up to now`);
  }
  const byDay = await rowsOf(`reports/agents?${TODAY}&by=day`);
  t.same(
    byDay.map(({ startMs: _, ...row }) => row),
    agents.map(({ startMs: _, ...row }) => row),
  );
  const reasons = await rowsOf(`reports/reasons?${TODAY}`);
  t.ok(reasons.some(({ reason, times, lengthMs }) => reason === 'rona' && (times as number) > 0 && (lengthMs as number) > 0));
  const outcomes = await rowsOf(`reports/outcomes?${TODAY}`);
  const calls = outcomes.reduce((sum, row) => sum + (row.calls as number), 0);
  t.equal(calls, day.facts.filter(({ kind }) => kind === 'callEnded').length + 1);
  const repeat = await rowsOf(`reports/repeat-callers?${TODAY}`);
  t.match(repeat[0]?.within1Day, { formula: /within 1 day/ });
  const [survey] = await rowsOf(`reports/survey?${TODAY}`);
  t.match(survey, { asked: 3, answered: 2, meanScore: 3.5, satisfied: { numerator: 1, denominator: 2 }, scores: { 2: 1, 5: 1 } });
});

t.test('calls of the past, page by page, and one of them whole', async (t) => {
  const first = (await get(`history/calls?${TODAY}&limit=50`)).json();
  t.equal(first.calls.length, 50);
  t.equal(first.calls[0].callId, 'evil', 'newest first');
  const second = (await get(`history/calls?${TODAY}&limit=50&cursor=${first.next}`)).json();
  t.ok(second.calls[0].arrivedMs <= first.calls[49].arrivedMs && second.calls[0].callId !== first.calls[49].callId);
  t.equal((await get(`history/calls?${TODAY}&limit=1000`)).json().next, null);
  t.same(
    (await get(`history/calls?${TODAY}&ani=0001&outcome=contained`)).json().calls.map((call: { callId: string }) => call.callId),
    ['evil'],
  );
  const id = second.calls[0].callId;
  const whole = (await get(`history/calls/${id}`)).json();
  t.match(whole, { call: { callId: id }, stays: [{ callId: id }], legs: [{ kind: 'caller' }], facts: [] });
  t.notOk('callerKey' in whole.call, 'the hash of the number stays inside');
  t.match((await get('history/calls/none')).json(), { id: 'no-such-call' });
});

t.test('whole numbers, where they are kept, are for supervisors; the audit is for admin', async (t) => {
  const beyond = buildApp(house({ bind: { host: '0.0.0.0', port: 0 } }));
  await beyond.ready();
  const as = (who: keyof typeof TOKENS, path: string) =>
    beyond.inject({ url: `/api/v1/${path}`, headers: { authorization: `Bearer ${TOKENS[who].secret}`, host: 'localhost' } });
  t.equal((await as('viewer', 'history/calls/evil')).json().call.ani, '***0001');
  t.equal((await as('supervisor', 'history/calls/evil')).json().call.ani, '13800000001');
  t.notMatch((await as('viewer', `history/calls?${TODAY}&format=csv`)).body, /13800000001/);
  for (const who of ['viewer', 'agent', 'supervisor'] as const) {
    t.equal((await as(who, `audit?${TODAY}`)).statusCode, 403, who);
  }
  const { changes } = (await as('admin', `audit?${TODAY}`)).json();
  t.match(changes[0], { kind: 'agentStatusChanged', by: 'sue', subject: '9', detail: { reason: 'meal' } });
  const found = async (query: string) => (await as('admin', `audit?${TODAY}&${query}`)).json().changes?.length;
  t.equal(await found('by=sue&action=agentStatusChanged'), 1);
  t.match(changes[1], {
    ...{ kind: 'agents/force-status', by: 'sue', subject: '9' },
    detail: { note: 'x', role: 'supervisor', via: 'session', address: '10.0.0.7' },
  });
  t.equal(await found('by=sue&action=agents'), 1, 'all of one part');
  t.equal(await found('by=sue'), 2);
  t.equal(await found('by=nobody'), 0);
  t.equal(await found('action=agent'), 0, 'not the beginning of a word');
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: { changes: { atMs: number; kind: string }[]; next: string | null } = (
      await as('admin', `audit?${TODAY}&limit=1${cursor && `&cursor=${cursor}`}`)
    ).json();
    ids.push(...page.changes.map(({ kind }) => kind));
    cursor = page.next;
  }
  t.same(
    ids,
    changes.map(({ kind }: { kind: string }) => kind),
    'page by page, also of one moment',
  );
  const file = (await as('admin', `audit?${TODAY}&format=csv&by=sue`)).body.trim().split('\r\n');
  t.equal(file[0], 'at,by,kind,subject,address,role,via,detail,atMs');
  t.match(
    file[2],
    /^2026-11-21 \d\d:\d\d:\d\d,sue,agents\/force-status,9,10\.0\.0\.7,supervisor,session,"\{""note"":""x""\}",\d+$/,
  );
  t.equal(file.length, 3);
  for (const bad of ['cursor=1', 'by=a%20b', 'action=%25', 'limit=0', 'by=1&by=2', 'who=x']) {
    t.equal((await as('admin', `audit?${TODAY}&${bad}`)).statusCode, 400, bad);
  }
  t.equal((await beyond.inject({ url: `/api/v1/reports/queues?${TODAY}`, headers: { host: 'localhost' } })).statusCode, 401);
  await beyond.close();
});

t.test('agents see their own figures, supervisors of teams those of their teams, others all', async (t) => {
  const known = (await app.inject(`/api/v1/reports/agents?${TODAY}`)).json().rows as { agentId: string }[];
  const all = [...new Set(known.map(({ agentId }) => agentId))].sort();
  const agents = all.map((agentId, index) => ({ agentId, name: agentId, team: index % 2 === 0 ? 'north' : 'south' }));
  const desk = house({ bind: { host: '0.0.0.0', port: 0 } });
  if (!desk.history) throw new Error('this house has a history');
  const shown = buildApp({ ...desk, history: { ...desk.history, agents } });
  await shown.ready();
  const password = '$argon2id$';
  desk.users.set('nora', { id: 'nora', name: 'Nora', role: 'supervisor', teams: ['north'], agentId: null, password });
  const own = { name: 'nora-token', role: 'agent', agentId: all[1] as never, secret: 'own-agent-secret-0123456789' } as const;
  desk.tokenList.push(own);
  const seen = async (path: string, headers: object): Promise<string[]> => {
    const { rows } = (await shown.inject({ url: `/api/v1/${path}`, headers: { host: 'localhost', ...headers } })).json();
    return [...new Set<string>(rows.map((row: { agentId: string }) => row.agentId))].sort();
  };
  const path = `reports/agents?${TODAY}`;
  const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
  const everybody = await seen(path, bearer(TOKENS.viewer.secret));
  t.ok(everybody.length >= 2);
  t.same(await seen(path, bearer(TOKENS.supervisor.secret)), everybody);
  t.same(await seen(path, bearer(own.secret)), [all[1]]);
  t.notOk(
    (await seen(`reports/survey?${TODAY}`, bearer(own.secret))).some((each) => each !== all[1]),
    'no survey of another agent',
  );
  const csv = await shown.inject({ url: `/api/v1/${path}&format=csv`, headers: { host: 'localhost', ...bearer(own.secret) } });
  t.equal(csv.body.trimEnd().split('\r\n').length, 2, 'in the file too');
  const north = agents.filter(({ team }) => team === 'north').map(({ agentId }) => agentId);
  const session = await signedIn(desk, 'nora');
  t.same(
    await seen(path, { cookie: session }),
    everybody.filter((each) => north.includes(each)),
  );
  await shown.close();
});

t.test('csv by RFC 4180, with and without the mark for Excel, and no formula of a stranger', async (t) => {
  const answer = await get(`reports/intervals?${TODAY}&queue=general&by=60m&format=csv&bom=1`);
  t.match(answer.headers['content-type'], 'text/csv; charset=utf-8');
  t.match(answer.headers['content-disposition'], 'attachment; filename="intervals.csv"');
  t.ok(answer.body.startsWith('\ufeffstart,queueId,startMs,counts.offered,'), answer.body.slice(0, 80));
  const lines = answer.body.trimEnd().split('\r\n');
  t.equal(lines.length, 3);
  t.ok(lines[1]?.startsWith('2026-11-21 00:00:00,general,'), "on the site's clock");
  const calls = await get(`history/calls?${TODAY}&format=csv`);
  t.equal(calls.body.trimEnd().split('\r\n').length, 2 + day.facts.filter(({ kind }) => kind === 'callArrived').length);
  t.ok(calls.body.startsWith('arrived,callId,'), 'no mark unless asked for');
  t.match(calls.body, `,'=1+1,`);
  t.match(calls.body, `,"'=cmd|""/c calc""!A1",'@SUM(A1),`);
  t.same(['=1', '+1', '-1', '-1a', '@x', '\tx', 'a"b', 'a,b', 'a\nb', null, 1.5, [1]].map(csvCell), [
    ...["'=1", "'+1", '-1', "'-1a", "'@x", "'\tx", '"a""b"', '"a,b"', '"a\nb"', '', '1.5', '[1]'],
  ]);
  t.equal(csvLine(['a', null]), 'a,\r\n');
  t.same(flat({ a: { b: 1, c: { d: [2] } }, e: null }), { 'a.b': 1, 'a.c.d': [2], e: null });
});

t.test('what cannot be asked is refused with a reason', async (t) => {
  for (const [path, id] of [
    ['reports/queues?from=yesterday', 'bad-request'],
    ['reports/queues?from=2026-02-30', 'bad-request'],
    ['reports/queues?from=2026-11-22&to=2026-11-21', 'bad-request'],
    ['reports/queues?from=1&to=99999999999999', 'range-too-long'],
    ["reports/queues?queue=x'%20OR%201", 'bad-request'],
    ['reports/queues?agent=1001', 'bad-request'],
    ['reports/queues?from=2026-11-21&from=2026-11-22', 'bad-request'],
    ['reports/intervals?by=17m', 'bad-request'],
    [`reports/intervals?from=${DAY_START + 5 * SECOND}&to=${DAY_START + DAY}`, 'bad-request'],
    [`reports/intervals?from=${DAY_START + HOUR}&by=day`, ''],
    ['reports/intervals?from=2020-01-01&to=2026-11-21&by=1m', 'range-too-long'],
    [`reports/agents?from=${DAY_START + 60_000}`, 'bad-request'],
    ['reports/agents?by=15m', 'bad-request'],
    ['history/calls?limit=100000', 'bad-request'],
    ['history/calls?cursor=x', 'bad-request'],
    ['history/calls?ani=12', 'bad-request'],
  ]) {
    const answer = await get(path as string);
    t.equal(answer.statusCode, id === '' ? 200 : 400, `${path}: ${answer.body.slice(0, 120)}`);
    if (id !== '') t.equal(answer.json().id, id, `${path}`);
  }
});

t.test('a history that is away is told as that, and as nothing else', async (t) => {
  const faults: string[] = [];
  const gone = openHistory({ kind: 'postgres', url: 'postgres://hotline:secret-word@127.0.0.1:1/none' });
  const reading = { ...(history as NonNullable<typeof history>), reader: gone };
  const away = buildApp(house({ history: reading, onFault: (_error, route) => void faults.push(route) }));
  await away.ready();
  for (const path of ['reports/queues', 'history/calls', 'history/calls?format=csv', 'history/calls/evil']) {
    const answer = await away.inject(`/api/v1/${path}`);
    t.match([answer.statusCode, answer.json().id], [503, 'unavailable-history'], path);
    t.notMatch(answer.body, /secret-word|127\.0\.0\.1/);
  }
  t.equal(faults.length, 4, 'and logged');
  await Promise.all([away.close(), gone.close()]);
});

t.test('too many reports at once are refused as that, and a range of odd minutes is the sum of its parts', async (t) => {
  const faults: string[] = [];
  const full = {
    stand: () => reader.stand(),
    asking: () => full,
    repeatSums: () => Promise.reject(new HistoryBusy()),
  } as unknown as typeof reader;
  const reading = { ...(history as NonNullable<typeof history>), reader: full };
  const busy = buildApp(house({ history: reading, onFault: (_error, route) => void faults.push(route) }));
  await busy.ready();
  const answer = await busy.inject('/api/v1/reports/repeat-callers');
  t.match([answer.statusCode, answer.json().id], [503, 'busy-history']);
  t.same(faults, [], 'no fault of ours');
  await busy.close();
  const odd = `from=${DAY_START + 7 * 60_000}&to=${DAY_START + HOUR + 52 * 60_000}`;
  for (const row of await rowsOf(`reports/queues?${odd}`)) {
    const queue = day.queues.find(({ id }) => id === row.queueId);
    if (!queue) throw new Error('a queue of nobody');
    const counted = recount(day.facts, queue, DAY_START + 7 * 60_000, DAY_START + HOUR + 52 * 60_000, NOW);
    t.same(row.counts, counted, `${queue.id}`);
    const parts = await rowsOf(`reports/intervals?${odd}&queue=${queue.id}&by=60m`);
    t.equal(parts.length, 2);
    t.equal(
      parts.reduce((sum, { counts }) => sum + (counts.offered ?? 0), 0),
      counted.offered,
    );
    t.ok(
      parts.every(({ waits }) => (waits as { p50Ms: number | null }).p50Ms !== null),
      'percentiles of cut intervals too',
    );
  }
});

t.test('every answer is as described, for OpenAPI', async (t) => {
  const described = app.swagger() as unknown as {
    paths: Record<string, { get?: { responses: Record<string, { content?: Record<string, { schema: object }> }> } }>;
  };
  const Ajv = (await import('ajv')).default as unknown as new (
    o: object,
  ) => { validate(s: object, d: unknown): boolean; errors: unknown };
  const ajv = new Ajv({ strict: false });
  const paths = Object.keys(described.paths).filter((path) => /\/(reports|history)\//.test(path));
  t.equal(paths.length, 11);
  for (const path of paths) {
    const schema = described.paths[path]?.get?.responses['200']?.content?.['application/json']?.schema as object;
    const answer = await app.inject(path.replace('{id}', 'evil'));
    t.ok(ajv.validate(schema, answer.json()), `${path}: ${JSON.stringify(ajv.errors)}`);
  }
});

t.test('dispositions: while nobody files calls, every answered call stands under none, and the row says so', async (t) => {
  const rows = await rowsOf(`reports/dispositions?${TODAY}`);
  const answered = new Map<unknown, Set<unknown>>();
  for (const fact of day.facts) {
    if (fact.kind === 'callAnswered') answered.set(fact.queueId, (answered.get(fact.queueId) ?? new Set()).add(fact.callId));
  }
  t.ok(rows.length > 0);
  for (const { queueId, disposition, title, calls, share } of rows) {
    t.equal(disposition, null);
    t.same(title, { zh: '无处理结果', en: 'no disposition' });
    t.equal(calls, answered.get(queueId)?.size);
    t.match(share, { numerator: calls, denominator: calls, share: 1 });
  }
  t.same(
    (await rowsOf(`reports/dispositions?${TODAY}&queue=cards`)).map(({ queueId }) => queueId),
    ['cards'],
  );
});

t.test(
  'calls as CSV: a file that is cut says so in its last line, with the cursor of the rest; a whole one does not',
  async (t) => {
    const calls = day.facts.filter(({ kind }) => kind === 'callArrived').length + 1;
    const file = async (csvCalls: number, more = ''): Promise<string[]> => {
      const small = buildApp(house({ history: { ...history, csvCalls } as NonNullable<typeof history> }));
      const { body } = await small.inject(`/api/v1/history/calls?${TODAY}&format=csv${more}`);
      await small.close();
      return body.trimEnd().split('\r\n');
    };
    const cut = await file(30);
    t.equal(cut.length, 1 + 30 + 1);
    const [, cursor = ''] =
      /^"?cut after 30 calls, the rest with cursor=(\d+\.[A-Za-z0-9._-]+) \/ 已截断/.exec(cut.at(-1) as string) ?? [];
    t.ok(cursor, `${cut.at(-1)}`);
    t.equal((cut.at(-1) as string).replace(/^"[^"]*"/, '').split(',').length >= 30, true, 'as many cells as every line');
    const rest = await file(calls, `&cursor=${cursor}`);
    const whole = await file(calls);
    t.equal(whole.length, 1 + calls, 'as many calls as fit are no cut');
    t.same([...cut.slice(0, -1), ...rest.slice(1)], whole, 'what was cut off comes with the cursor');
  },
);

t.test('alarms of the past: newest first, within the range', async (t) => {
  const { alarms } = (await get(`history/alarms?${TODAY}`)).json();
  t.match(alarms, [
    { kind: 'switchUp', subject: 'pbx-1', detail: { detail: 'back' } },
    { kind: 'switchDown', subject: 'pbx-1', detail: { detail: 'gone' } },
  ]);
  t.equal(alarms.length, 2);
  t.equal((await get(`history/alarms?${TODAY}&limit=1`)).json().alarms.length, 1);
  t.same((await get('history/alarms?from=2026-11-20&to=2026-11-21')).json().alarms, []);
  t.equal((await get('history/alarms?queue=general')).statusCode, 400);
});
