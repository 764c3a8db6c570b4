import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import { WebSocket } from 'ws';
import { buildApp } from '../../src/http/app.js';
import { LiveFeed } from '../../src/http/live-feed.js';
import { type Sight, sightOf } from '../../src/http/sight.js';
import { applyDelta, diffBoards, type LiveFrame } from '../../src/service-level/live-frames.js';
import { applyChange, changeOf } from '../../src/service-level/row-changes.js';
import type { Board } from '../../src/service-level/views.js';
import { aCaller, aHouse, anAgent, aQueue, type House, signedIn, TOKENS } from './house.js';
import { twoTeams } from './two-teams.js';

const fast = { frameEveryMs: 20, beatEveryMs: 50, pingEveryMs: 100 };

async function serve(t: { teardown(fn: () => unknown): void }, house: House) {
  const app = buildApp(house);
  t.teardown(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as { port: number };
  return { app, port, url: `ws://127.0.0.1:${port}/api/v1/live` };
}

/** A client that keeps the stream as a page does, and waits for what it is told to. */
class Watcher {
  readonly frames: LiveFrame[] = [];
  readonly socket: WebSocket;
  closed: number | null = null;
  private wake: () => void = () => {};

  constructor(url: string, headers: Record<string, string> = {}) {
    this.socket = new WebSocket(url, { headers });
    this.socket.on('message', (data) => {
      this.frames.push(JSON.parse(String(data)) as LiveFrame);
      this.wake();
    });
    this.socket.on('close', (code) => {
      this.closed = code;
      this.wake();
    });
    this.socket.on('error', () => {});
  }

  async until<T>(what: string, find: () => T | null | undefined | false): Promise<T> {
    const deadline = Date.now() + 5_000;
    for (;;) {
      const found = find();
      if (found) return found;
      if (Date.now() > deadline)
        throw new Error(`waited in vain for ${what}; frames: ${this.frames.map((frame) => `${frame.type} ${frame.n}`)}`);
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, 50).unref();
      });
    }
  }

  frame<K extends LiveFrame['type']>(type: K, after = -1): Promise<Extract<LiveFrame, { type: K }>> {
    return this.until(type, () => this.frames.slice(after + 1).find((frame) => frame.type === type)) as never;
  }
}

const anAlarm: Board['alarms'][number] = {
  alarmId: 'level-low/a/1',
  rule: 'level-low',
  queueId: null,
  metric: 'serviceLevel',
  severity: 'warning',
  value: 0.7,
  bound: 0.78,
  raisedAtMs: 1,
  clearedAtMs: null,
  acknowledgedBy: null,
  acknowledgedAtMs: null,
  note: '',
  mutedUntilMs: null,
};

t.test('the difference of two boards, applied to the first, is the second', async (t) => {
  const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 5 });
  const anyBoard = fc
    .record({
      seq: fc.nat(3),
      atMs: fc.nat(),
      queues: ids,
      agents: ids,
      n: fc.nat(2),
      state: fc.constantFrom('idle', 'talking'),
      up: fc.boolean(),
    })
    .map(
      ({ seq, atMs, queues, agents, n, state, up }): Board => ({
        seq,
        atMs,
        callsNow: n,
        alarms: up ? [] : [anAlarm],
        queues: queues.map((id) => aQueue(id, { en: id }, { offered: n }, id === 'a' ? [aCaller(1, 5)] : [])),
        agents: agents.map((id) => anAgent(id, { state: state as 'idle', ronaToday: id === 'b' ? n : 0 })),
        switches: [{ switchId: 's', up, detail: '', sinceMs: 0 }],
      }),
    );
  fc.assert(
    fc.property(anyBoard, anyBoard, (before, after) => {
      const delta = diffBoards(before, after);
      const got = delta === null ? { ...before, atMs: after.atMs } : applyDelta(before, JSON.parse(JSON.stringify(delta)));
      t.same(got, after);
    }),
    { numRuns: 300, seed: 20_261_121 },
  );
});

t.test('a line of callers that moves up costs no callers again', async (t) => {
  const line = (from: number, count: number) => Array.from({ length: count }, (_, i) => aCaller(from + i, 5));
  const board = (callers: ReturnType<typeof line>) => ({ ...aHouse().board(), queues: [aQueue('a', { en: 'a' }, {}, callers)] });
  const before = board(line(1, 50));
  const after = board([...line(2, 30), aCaller(99, 6), ...line(32, 20)]);
  const delta = diffBoards(before, after);
  t.same(delta?.queues[0]?.callers, { list: [[1, 30], aCaller(99, 6), [31, 19], aCaller(51, 5)] });
  if (delta) t.same(applyDelta(before, delta), after);
});

t.test('any value of a row can become any other', async (t) => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, 0, 1, 'x', true),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'list'), tie('any'), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).any;
  fc.assert(
    fc.property(value, value, (before, after) => {
      const change = changeOf(before, after);
      const told = change === undefined ? undefined : JSON.parse(JSON.stringify(change));
      t.strictSame(told === undefined ? before : applyChange(before, told), after);
    }),
    { numRuns: 2_000, seed: 20_261_122 },
  );
});

t.test('snapshot, numbered deltas with changed rows only, beats', async (t) => {
  const house = aHouse({ live: fast });
  const { url } = await serve(t, house);
  const watcher = new Watcher(url);
  const first = await watcher.frame('snapshot');
  t.same(watcher.frames[0]?.type, 'snapshot', 'it comes first');
  t.same(first.board, house.board());
  t.same([first.seq, first.atMs, first.version], [2, 10_000, '0.0.0-test']);
  house.show({ agents: [anAgent('1001', { state: 'talking' }), anAgent('1002')] });
  const delta = await watcher.frame('delta');
  t.equal(delta.n, first.n + 1);
  t.equal(delta.seq, 3);
  t.same(
    delta.agents.map((agent) => agent.agentId),
    ['1001'],
  );
  t.same(delta.agents, [{ agentId: '1001', state: 'talking' }], 'of a row that is known only what has changed');
  t.same([delta.queues, 'switches' in delta, 'queueIds' in delta], [[], false, false]);
  t.same(applyDelta(first.board, delta), house.board());
  const beat = await watcher.frame('beat', watcher.frames.indexOf(delta));
  t.same([beat.n, beat.seq], [delta.n, 3]);

  for (let i = 0; i < 200; i++) house.show({ callsNow: i });
  const last = await watcher.until('the last of many changes', () =>
    watcher.frames.find((frame) => frame.type === 'delta' && frame.callsNow === 199),
  );
  const many = watcher.frames.filter((frame) => frame.type === 'delta').length;
  t.ok(many <= 4, `200 changes made ${many - 1} deltas`);
  t.equal(last.seq, 203);
  const late = new Watcher(url);
  const joined = await late.frame('snapshot');
  t.same([joined.n, joined.board.callsNow], [last.n, 199], 'who joins gets the number of the last frame');
  watcher.socket.close();
  late.socket.close();
});

t.test('at most four frames a second by default', async (t) => {
  const house = aHouse();
  const { url } = await serve(t, house);
  const watcher = new Watcher(url);
  await watcher.frame('snapshot');
  const began = Date.now();
  const at: number[] = [];
  watcher.socket.on('message', (data) => {
    if ((JSON.parse(String(data)) as LiveFrame).type === 'delta') at.push(Date.now());
  });
  const changes = setInterval(() => house.show({ callsNow: Date.now() }), 10);
  t.teardown(() => clearInterval(changes));
  await watcher.until('four deltas', () => at.length >= 4);
  clearInterval(changes);
  t.ok(Date.now() - began >= 700, `four deltas took ${Date.now() - began} ms`);
  watcher.socket.close();
});

t.test('a gap is answered with a snapshot; nonsense and floods are cut', async (t) => {
  const house = aHouse({ live: { ...fast, messagesPerMinute: 5 } });
  const { url } = await serve(t, house);
  const watcher = new Watcher(url);
  await watcher.frame('snapshot');
  house.show({ callsNow: 7 });
  const delta = await watcher.frame('delta');
  watcher.socket.send('{"type":"resync"}');
  const again = await watcher.frame('snapshot', watcher.frames.indexOf(delta));
  t.same([again.n, again.board.callsNow], [delta.n, 7]);
  house.show({ callsNow: 8 });
  const next = await watcher.frame('delta', watcher.frames.indexOf(again));
  t.equal(next.n, again.n + 1, 'and the stream goes on from there');
  for (let i = 0; i < 6; i++) watcher.socket.send('{"type":"resync"}');
  await watcher.until('the cut of a flood', () => watcher.closed === 1008);
  for (const bad of ['{"type":"delta"}', 'null', '[', '']) {
    const other = new Watcher(url);
    await other.frame('snapshot');
    other.socket.send(bad);
    await other.until(`the cut of ${bad}`, () => other.closed === 1008);
  }
  const long = new Watcher(url);
  await long.frame('snapshot');
  long.socket.send('x'.repeat(2_000));
  await long.until('the cut of a long message', () => long.closed === 1009);
  t.pass('each was cut');
});

t.test('a page that does not read is left out, then gets a snapshot', async (t) => {
  const wide = Array.from({ length: 400 }, (_, i) => anAgent(`${2000 + i}`));
  const house = aHouse({ live: { ...fast, slowBytes: 100_000, pingEveryMs: 60_000 } });
  const { url } = await serve(t, house);
  const watcher = new Watcher(url);
  await watcher.frame('snapshot');
  const under = (watcher.socket as unknown as { _socket: Socket })._socket;
  under.pause();
  const beside = new Watcher(url);
  await beside.frame('snapshot');
  // Far more than the buffers of a socket hold.
  for (let i = 0; i < 60; i++) {
    house.show({ agents: wide.map((agent) => ({ ...agent, name: `${i}`.padEnd(500, 'x'), ronaToday: i })) });
    await beside.until(`change ${i} at the other page`, () =>
      beside.frames.some((frame) => frame.type === 'delta' && frame.agents[0]?.ronaToday === i),
    );
  }
  const before = watcher.frames.length;
  under.resume();
  const fresh = await watcher.until('a fresh snapshot', () =>
    watcher.frames.slice(before).find((frame) => frame.type === 'snapshot' && frame.board.agents[0]?.ronaToday === 59),
  );
  const got = watcher.frames.filter((frame) => frame.type === 'delta').length;
  t.ok(got < 59, `${got} of 60 deltas reached it`);
  house.show({ callsNow: 99 });
  const next = await watcher.until('the stream going on', () =>
    watcher.frames.find((frame) => frame.type === 'delta' && frame.callsNow === 99),
  );
  t.equal(next.n, fresh.n + 1);
  watcher.socket.close();
  beside.socket.close();
});

t.test('who may look, and for how long', async (t) => {
  const far = aHouse({ bind: { host: '0.0.0.0', port: 0 }, live: { ...fast, clients: 1 } });
  const { url, port } = await serve(t, far);
  const refused = (headers: Record<string, string>) =>
    new Promise<number>((resolve) => {
      const socket = new WebSocket(url, { headers });
      socket.on('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0);
        response.destroy();
      });
      socket.on('open', () => {
        resolve(101);
        socket.terminate();
      });
      socket.on('error', () => {});
    });
  t.equal(await refused({}), 401);
  t.equal(await refused({ authorization: 'Bearer nonsense-nonsense-nonsense' }), 401);
  const bearer = { authorization: `Bearer ${TOKENS.viewer.secret}` };
  t.equal(await refused({ ...bearer, origin: 'https://evil.example' }), 403);
  t.equal(await refused({ ...bearer, host: 'evil.example' }), 421);
  const watcher = new Watcher(url, { ...bearer, origin: `http://127.0.0.1:${port}` });
  await watcher.frame('snapshot');
  const second = new Watcher(url, bearer);
  await second.until('the refusal of one too many', () => second.closed === 4429);
  far.tokenList.splice(0);
  await watcher.until('the end of a feed whose token was taken away', () => watcher.closed === 4401);
  t.pass('and ended with its token');
});

t.test('each is told what is theirs to see, from the first frame on', async (t) => {
  const house = twoTeams({ live: fast });
  const { url } = await serve(t, house);
  const SEES: Record<string, { agents: string[]; queues: string[]; lines: string[]; unheard: RegExp }> = {
    north: { agents: ['1001', '1002'], queues: ['general', 'cards'], lines: ['call-line'], unheard: /2001|call-cards|south/ },
    south: { agents: ['2001'], queues: ['general', 'cards'], lines: ['call-line', 'call-cards'], unheard: /Agent 100|north/ },
    one: { agents: ['1001'], queues: ['general'], lines: [], unheard: /1002|2001|cards|call-line|south/ },
    wall: { agents: ['1001', '1002', '2001'], queues: ['general', 'cards'], lines: ['call-line', 'call-cards'], unheard: /^$/ },
  };
  const watchers = new Map<string, Watcher>();
  for (const who of Object.keys(SEES)) watchers.set(who, new Watcher(url, { cookie: await signedIn(house, who) }));
  const boards = new Map<string, Board>();
  for (const [who, watcher] of watchers) boards.set(who, (await watcher.frame('snapshot')).board);
  const changes: Partial<Board>[] = [
    { agents: [anAgent('1001'), anAgent('1002'), anAgent('2001', { team: 'south', state: 'talking' })] },
    { queues: house.board().queues.map((row) => ({ ...row, callers: row.callers.map((one) => ({ ...one, priority: 50 })) })) },
    { agents: [anAgent('1001', { state: 'wrapUp' }), anAgent('1002', { status: 'notReady' })] },
    { agents: [anAgent('2001', { team: 'south' }), anAgent('1002'), anAgent('1001')], alarms: [] },
  ];
  for (const change of changes) {
    house.show(change);
    for (const [who, watcher] of watchers) {
      const is = (frame: LiveFrame) => frame.type === 'delta' && frame.seq === house.board().seq;
      const frame = await watcher.until(`${who} at ${house.board().seq}`, () => watcher.frames.find(is));
      if (frame.type === 'delta') boards.set(who, applyDelta(boards.get(who) as Board, frame));
    }
  }
  for (const [who, watcher] of watchers) {
    const board = boards.get(who) as Board;
    const { agents, queues, lines, unheard } = SEES[who] as (typeof SEES)[string];
    t.same(board.agents.map(({ agentId }) => agentId as string).sort(), agents, `${who}: agents`);
    t.same(
      board.queues.map(({ queueId }) => queueId),
      queues,
    );
    t.same(
      board.queues.flatMap((row) => row.callers.map(({ callId }) => callId)),
      lines,
    );
    const whole = house.board().queues.filter(({ queueId }) => queues.includes(queueId));
    t.same(
      board.queues.map((row) => ({ ...row, callers: [] })),
      whole.map((row) => ({ ...row, callers: [] })),
      `${who}: figures are those of the house`,
    );
    t.notMatch(JSON.stringify(watcher.frames), unheard, `${who} was told of nobody else in any frame`);
    watcher.socket.close();
  }
});

t.test('many pages, few cuts: each is made once', async (t) => {
  const house = twoTeams();
  const cuts = { whole: 0, north: 0 };
  const counting = (key: keyof typeof cuts): Sight => {
    const sight = sightOf(null, []);
    return { ...sight, key, board: (board) => ({ ...board, agents: board.agents.slice(0, ++cuts[key] && 1) }) };
  };
  const feed = new LiveFeed(house, { frameEveryMs: 60_000, beatEveryMs: 3_600_000 });
  const told: Buffer[][] = [];
  let hasChanged = () => {};
  const changed = new Promise<void>((resolve, reject) => {
    // The feed's own timers let the process end.
    const patience = setTimeout(() => reject(new Error('waited in vain for the change')), 5_000);
    hasChanged = () => {
      clearTimeout(patience);
      resolve();
    };
  });
  for (let i = 0; i < 200; i++) {
    const own: Buffer[] = [];
    told.push(own);
    const socket = Object.assign(new EventEmitter(), {
      bufferedAmount: 0,
      send: (frame: Buffer) => {
        own.push(frame);
        if (i === 199 && own.length === 2) hasChanged();
      },
    });
    Object.assign(socket, { close: () => socket.emit('close'), terminate: () => {} });
    feed.join(socket as unknown as WebSocket, counting(i % 2 === 0 ? 'whole' : 'north'), () => true);
  }
  t.same(cuts, { whole: 1, north: 1 }, 'two hundred pages');
  house.show({ callsNow: 99 });
  await changed;
  t.same(cuts, { whole: 2, north: 2 }, 'and at a change again');
  for (const at of [0, 1]) {
    t.equal(told[0]?.[at], told[198]?.[at], 'one text for all who see the same');
    t.not(told[0]?.[at], told[1]?.[at]);
  }
  t.equal(feed.size, 200);
  await feed.close();
  t.equal(feed.size, 0);
});

t.test('a dead connection is cut, a closing app says goodbye', async (t) => {
  const house = aHouse({ live: { ...fast, clients: 2 } });
  const { app, port, url } = await serve(t, house);
  const deaf = connect(port, '127.0.0.1');
  let closed = false;
  deaf.on('close', () => {
    closed = true;
  });
  deaf.on('data', () => {});
  deaf.write(
    `GET /api/v1/live HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const watcher = new Watcher(url);
  await watcher.frame('snapshot');
  await watcher.until('the cut of a page that answers no ping', () => closed);
  t.equal(watcher.closed, null, 'the one that answers stays');
  const began = Date.now();
  await app.close();
  await watcher.until('the goodbye', () => watcher.closed === 1001);
  t.ok(Date.now() - began < 1_000);
  t.equal(house.listeners.size, 0, 'nothing of ours stays with the board');
});
