import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createWebServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { HttpLookUps } from '../../src/adapters/look-ups/http-look-ups.js';
import { reachEndpoint } from '../../src/adapters/look-ups/reach.js';
import { bankAnswer, startDemoBank } from '../../src/cli/stack/demo-bank.js';
import { freePorts } from '../../src/cli/stack/ports.js';

const NOW = new Date('2026-11-22T12:00:00Z');
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

t.test('the bank of the demonstration knows cards with a right check digit, and cases', (t) => {
  t.match(bankAnswer({ card: '4111111111111111', password: '123456' }, NOW), {
    result: 'ok',
    due: 1280.5,
    minimum: 128.05,
    payBy: '2026-12-05',
  });
  t.match(bankAnswer({ card: '4012888888881881' }, NOW), { due: 0, minimum: 0 });
  t.match(bankAnswer({ card: '4111111111111111' }, new Date('2026-12-31T12:00:00Z')), { payBy: '2027-01-05' });
  t.equal(bankAnswer({ card: '4111111111111112' }, NOW), null);
  t.match(bankAnswer({ case: '20261103' }, NOW), { status: 'closed', days: 3 });
  t.same(bankAnswer({ card: '4111111111111111', password: '000000' }, NOW), { result: 'notVerified' });
  t.same(bankAnswer({ case: '00000000' }, NOW), { status: 'unknown' });
  t.same(bankAnswer({ transportCard: '1234560188' }, NOW), { balance: 18.8 });
  t.equal(bankAnswer({ transportCard: '0000000000' }, NOW), null);
  t.equal(bankAnswer({ transportCard: '12345' }, NOW), null);
  t.equal(bankAnswer({ case: 'x' }, NOW), null);
  t.equal(bankAnswer({}, NOW), null);
  t.end();
});

t.test('it answers look-ups, takes messages, and says which port it could not have', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hotline-bank-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.teardown(() => taken.close());
  const port = await freePorts(1);
  const [ask, tell] = [`http://127.0.0.1:${port}/core-banking`, `http://127.0.0.1:${port}/messages`];
  const elsewhere = `http://127.0.0.1:${(taken.address() as AddressInfo).port}/x`;
  const messages = join(folder, 'messages.log');
  const bank = await startDemoBank(
    [
      { kind: 'lookup', url: ask },
      { kind: 'message', url: tell },
      { kind: 'lookup', url: elsewhere },
    ],
    messages,
  );
  t.teardown(() => bank.stop());
  t.same(bank.missing, [elsewhere]);

  const endpoint = {
    url: ask,
    network: 'loopback',
    method: 'POST',
    timeoutMs: 2_000,
    maxBytes: 65_536,
    headers: {},
    atOnce: 5,
  } as const;
  const lookUps = new HttpLookUps({ endpoints: { bank: { ...endpoint, authorization: () => null } }, log: SILENT });
  t.teardown(() => lookUps.close());
  const asked = (card: string) => lookUps.ask({ endpoint: 'bank', send: { card }, timeoutMs: 2_000, hasSecrets: true });
  t.match(await asked('4111111111111111'), { ok: true, answer: { due: 1280.5 } });
  t.match(await asked('4111111111111112'), { ok: false, fault: 'status', detail: '404' });

  const posted = await fetch(tell, { method: 'POST', body: JSON.stringify({ messageId: 'c-1-m1', text: 'hello' }) });
  t.equal(posted.status, 200);
  t.same(JSON.parse(await readFile(messages, 'utf8')), { messageId: 'c-1-m1', text: 'hello' });
  for (const [body, path] of [
    ['{', tell],
    ['[]', tell],
    ['{}', `${tell}/../x`],
  ] as const) {
    t.equal((await fetch(path, { method: 'POST', body })).status, 404, body);
  }
  t.equal((await fetch(ask)).status, 404);
});

t.test('whether an endpoint can be reached, without a word to it', async (t) => {
  let words = 0;
  const server = createWebServer(() => words++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const reach = (url: string, network: 'public' | 'private' | 'loopback', addresses?: readonly string[]) =>
    reachEndpoint({ url, network }, 500, addresses && (async () => addresses));
  t.equal(await reach(`http://127.0.0.1:${port}/`, 'loopback'), null);
  t.equal(await reach(`http://127.0.0.1:${port}/`, 'public'), 'forbidden');
  t.equal(await reach(`http://bank.test:${port}/`, 'loopback', ['127.0.0.1']), null);
  t.equal(await reach(`http://bank.test:${port}/`, 'private', ['127.0.0.1']), 'forbidden');
  t.equal(await reach('http://bank.test/', 'public', []), 'ENOTFOUND');
  t.equal(await reach('http://127.0.0.1:1/', 'loopback'), 'ECONNREFUSED');
  t.ok(await reach(`https://127.0.0.1:${port}/`, 'loopback'), 'no TLS there');
  t.equal(
    await reachEndpoint({ url: 'http://bank.test/', network: 'public' }, 50, () => new Promise(() => {})),
    'timeout',
    'a name server that hangs',
  );
  t.equal(words, 0);
});
