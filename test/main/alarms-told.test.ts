import { createHmac } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { BullJobs } from '../../src/adapters/jobs/bull-jobs.js';
import { asId, type QueueId } from '../../src/base/ids.js';
import { amount, wordsOf } from '../../src/main/alarms/alarm-words.js';
import { OutgoingAlarms, openMail } from '../../src/main/alarms/outgoing-alarms.js';
import type { MailSettings } from '../../src/main/config/mail.js';
import { OutgoingMessages } from '../../src/main/messages.js';
import type { AlarmJob } from '../../src/ports/jobs.js';
import { LINE_LONG } from '../support/alarm-world.js';
import { MailServer } from '../support/mail-server.js';
import { startTestStack, type TestStack } from '../support/stack.js';

/** Alarms on their way out: through real jobs, to a webhook and to a mail server. */

const KEY = 'a-key-for-alarms';
const RAISED_MS = Date.UTC(2026, 10, 22, 3, 5, 9);
const SITE = {
  name: '银行卡服务热线',
  timeZone: 'Asia/Shanghai',
  rules: [{ ...LINE_LONG, rule: 'level-low', title: { zh: '服务水平偏低', en: 'Service level is low' } }],
  queueTitles: new Map([['general', { zh: '综合服务', en: 'General service' }]]),
};

let stack: TestStack;
let keyFile = '';
let passwordFile = '';
t.before(async () => {
  stack = await startTestStack(t, { redis: true });
  mkdirSync(stack.folder, { recursive: true });
  [keyFile, passwordFile] = [join(stack.folder, 'alarm-key'), join(stack.folder, 'mail-password')];
  writeFileSync(keyFile, `${KEY}\n`);
  writeFileSync(passwordFile, 'a-good-password\n');
});

const job = (change: Partial<AlarmJob> = {}, alarm: Partial<AlarmJob['alarm']> = {}): AlarmJob => ({
  kind: 'tellAlarm',
  event: 'raised',
  via: 'webhook',
  to: 'ops-desk',
  value: 0.7234,
  alarm: {
    alarmId: `level-low/general/${RAISED_MS}`,
    ...{ rule: 'level-low', queueId: asId<QueueId>('general'), metric: 'serviceLevel15m', severity: 'warning' as const },
    ...{ value: 0.7234, bound: 0.78, raisedAtMs: RAISED_MS, clearedAtMs: null },
    ...{ acknowledgedBy: null, acknowledgedAtMs: null, note: '', mutedUntilMs: null },
    ...alarm,
  },
  ...change,
});
const mailed = (change: Partial<AlarmJob> = {}, alarm: Partial<AlarmJob['alarm']> = {}) =>
  job({ via: 'mail', to: 'ops', ...change }, alarm);

let houses = 0;

/** Jobs, a webhook and a mail server, wired as the house does it. */
async function house(t: Test, change: Partial<MailSettings> = {}) {
  const hooks: { headers: IncomingHttpHeaders; body: string }[] = [];
  const statuses: number[] = [];
  const gateway = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      hooks.push({ headers: request.headers, body });
      response.writeHead(statuses.shift() ?? 204).end();
    });
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/alarms`;
  const endpoint = { kind: 'message', url, network: 'loopback', timeoutMs: 2_000, headers: {}, secretFile: null } as const;
  const messages = new OutgoingMessages({ 'ops-desk': { ...endpoint, signFile: keyFile, attempts: 3 } });
  const post = new MailServer();
  await post.open();
  const muted = new Set<string>();
  const lines: object[] = [];
  const write = (fields: object, sentence: string): void => void lines.push({ ...fields, sentence });
  const log = { debug: write, info: write, warn: write, error: write };
  const mail: MailSettings = {
    ...{ host: '127.0.0.1', port: post.port, security: 'none', login: null, from: 'hotline@bank.example', attempts: 3 },
    ...{ groups: { ops: ['ops@bank.example', 'chief@bank.example'] }, timeoutMs: 1_000 },
    ...change,
  };
  const outgoing = new OutgoingAlarms({ site: SITE, messages, mail, isMuted: (rule) => muted.has(rule), log });
  const jobs = await BullJobs.connect({
    url: stack.redis.url,
    domain: `alarms-${++houses}`,
    log,
    attemptsOf: (each) => (each.kind === 'tellAlarm' ? outgoing.attemptsOf(each) : 1),
    work: async (each, attempt) => {
      if (each.kind === 'tellAlarm') await outgoing.deliver(each, attempt);
    },
  });
  t.teardown(async () => {
    await jobs.close();
    await messages.close();
    gateway.closeAllConnections();
    gateway.close();
    post.close();
  });
  jobs.startWork();
  const ended = async (count: number, withinMs = 15_000): Promise<void> => {
    const all = (): number =>
      Object.values(outgoing.counts()).reduce((sum, { told, muted: spared, givenUp }) => sum + told + spared + givenUp, 0);
    const untilMs = performance.now() + withinMs;
    while (all() < count && performance.now() < untilMs) await pause(20);
    t.equal(all(), count, JSON.stringify(lines));
  };
  return { hooks, statuses, post, muted, lines, mail, outgoing, jobs, ended };
}

t.test('a webhook gets it signed, tried again under the same id, and once', async (t) => {
  const { hooks, statuses, jobs, outgoing, ended } = await house(t);
  statuses.push(503);
  await jobs.add(job());
  await ended(1);
  t.equal(hooks.length, 2, 'refused once, taken once');
  const [first, second] = hooks;
  t.equal(first?.headers['idempotency-key'], second?.headers['idempotency-key']);
  t.same(JSON.parse(second?.body ?? ''), {
    messageId: `level-low/general/${RAISED_MS}/raised/webhook/ops-desk`,
    ...{ event: 'raised', alarm: `level-low/general/${RAISED_MS}`, rule: 'level-low', queue: 'general' },
    ...{ metric: 'serviceLevel15m', unit: 'share', value: 0.7234, bound: 0.78, severity: 'warning' },
    ...{ since: '2026-11-22T03:05:09.000Z', cleared: null, now: 0.7234 },
    title: { zh: '告警：服务水平偏低（综合服务）', en: 'Warning: Service level is low (General service)' },
    text: {
      zh: '告警：服务水平偏低（综合服务）。近 15 分钟服务水平 72.3 %，低于 78.0 %，自 2026-11-22 11:05:09 (Asia/Shanghai) 起。',
      en: 'Warning: Service level is low (General service). Service level of 15 minutes 72.3 %, below 78.0 %, since 2026-11-22 11:05:09 (Asia/Shanghai).',
    },
  });
  const [, seconds = '', signature = ''] =
    /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(second?.headers['x-hotline-signature'])) ?? [];
  t.equal(signature, createHmac('sha256', KEY).update(`${seconds}.${second?.body}`).digest('hex'));
  await jobs.add(job());
  await jobs.add(job({ event: 'cleared', value: 0.81 }, { clearedAtMs: RAISED_MS + 200_000 }));
  await ended(2);
  t.equal(hooks.length, 3, 'what is asked for twice is told once; its end is another thing');
  t.match(JSON.parse(hooks[2]?.body ?? ''), {
    ...{ event: 'cleared', cleared: '2026-11-22T03:08:29.000Z', now: 0.81 },
    text: { zh: /^告警解除：.*持续 3 分 20 秒。$/, en: /^Over: .* 81\.0 %; .* lasted 3 min 20 s\.$/ },
  });
  t.same(outgoing.counts().webhook, { told: 2, muted: 0, givenUp: 0 });
});

t.test('a mail in both languages to everybody of the group, with a name that stays the same', async (t) => {
  const { post, jobs, lines, ended } = await house(t);
  post.unknown.add('chief@bank.example');
  post.answers = ['451 later'];
  await jobs.add(mailed());
  await ended(1);
  t.equal(post.mails.length, 1);
  const [mail] = post.mails;
  t.match(mail, { from: 'hotline@bank.example', to: ['ops@bank.example'] });
  const text = mail?.text ?? '';
  const subject = /^Subject: (.*)$/m.exec(text)?.[1] ?? '';
  const decoded = subject
    .replace(/\?= +=\?/g, '?==?')
    .replace(/=\?UTF-8\?([BQ])\?([^?]*)\?=/gi, (_all, kind: string, part: string) =>
      kind.toUpperCase() === 'B'
        ? Buffer.from(part, 'base64').toString()
        : Buffer.from(
            part
              .replaceAll('_', ' ')
              .replace(/=([0-9A-F]{2})/g, (_m, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
            'latin1',
          ).toString(),
    );
  t.equal(decoded, '[银行卡服务热线] 告警：服务水平偏低（综合服务） / Warning: Service level is low (General service)');
  t.match(text, /^Auto-Submitted: auto-generated$/m);
  t.match(text, /^Message-ID: <[0-9a-f]{32}@bank\.example>$/m);
  const body = text.slice(text.indexOf('\n\n') + 2);
  const plain = /^Content-Transfer-Encoding: base64$/m.test(text) ? Buffer.from(body, 'base64').toString() : body;
  t.match(plain, '72.3');
  t.match(lines, [
    { attempt: 1, error: 'mail ops: EMESSAGE 451' },
    { refused: 1, sentence: /some of a group/ },
  ]);
  t.notMatch(JSON.stringify(lines), 'bank.example', 'no address in the log');
});

t.test('a password that is wrong is not told, one that is mended is taken', async (t) => {
  const { post, mail, lines, jobs, outgoing, ended } = await house(t, { login: { user: 'hotline', passwordFile } });
  post.asksForLogin = true;
  post.password = 'another-one';
  t.equal(await openMail(mail).verify(), 'EAUTH 535');
  await jobs.add(mailed());
  while (lines.length === 0) await pause(20);
  post.password = 'a-good-password';
  await ended(1);
  t.equal(await openMail(mail).verify(), null);
  t.equal(post.mails.length, 1);
  t.match(post.logins.at(-1), '\0hotline\0a-good-password');
  t.notMatch(JSON.stringify(lines), /good-password|another-one/);
  t.same(outgoing.counts().mail, { told: 1, muted: 0, givenUp: 0 });
});

t.test(
  'given up: a server that hangs or is away, one that will never take it, a group and an endpoint that are no more',
  async (t) => {
    const { post, outgoing, lines, ended, mail } = await house(t);
    const givesUp = async (each: AlarmJob, number: number) => t.equal(await outgoing.deliver(each, { number }), 'givenUp');
    post.answers = ['hang', '554 never'];
    await t.rejects(outgoing.deliver(mailed(), { number: 1 }), { message: 'mail ops: ETIMEDOUT' });
    await givesUp(mailed(), 1);
    post.close();
    await t.rejects(outgoing.deliver(mailed(), { number: 2 }), { message: /^mail ops: E/ });
    t.match(await openMail(mail).verify(), /^E/);
    await givesUp(mailed(), 3);
    await givesUp(mailed({ to: 'gone' }), 1);
    await givesUp(mailed({ to: '__proto__' }), 1);
    await givesUp(job({ to: 'gone' }), 1);
    await ended(5);
    t.match(lines, [{ sentence: 'an alarm could not be told', detail: 'EMESSAGE 554' }]);
  },
);

t.test('starttls never falls back to plain text', async (t) => {
  const { post, mail } = await house(t);
  t.match(await openMail({ ...mail, security: 'starttls' }).verify(), /^E/);
  t.equal(await openMail(mail).verify(), null);
  t.equal(post.mails.length, 0);
});

t.test('what is muted is not sent, also when it was raised before', async (t) => {
  const { hooks, post, muted, outgoing, jobs, ended } = await house(t);
  muted.add('level-low');
  await jobs.add(job());
  await jobs.add(mailed());
  await ended(2);
  t.same([hooks, post.mails], [[], []]);
  t.equal(outgoing.counts().mail.muted, 1);
});

t.test('words: units, rules and queues that are no more', (t) => {
  t.same(amount('share', 0.77996), { zh: '77.9 %', en: '77.9 %' }, 'cut: not told as the bound that it has not reached');
  t.equal(amount('share', 0.58).en, '58.0 %');
  t.same(amount('duration', 3_723_000), { zh: '1 小时 2 分 3 秒', en: '1 h 2 min 3 s' });
  t.equal(amount('duration', 20_500).en, '20.5 s');
  t.equal(amount('duration', 0).en, '0 s');
  t.equal(amount('duration', 60_000).zh, '1 分');
  const gone = wordsOf(
    job({}, { rule: 'gone', metric: 'gone', queueId: asId<QueueId>('gone'), value: 3, bound: 2, severity: 'critical' }),
    SITE,
  );
  t.same(gone.title, { zh: '严重告警：gone（gone）', en: 'CRITICAL: gone (gone)' });
  t.match(gone.text.en, /Gone 3, above 2, since/);
  const over = wordsOf(job({ event: 'cleared', value: null }, { queueId: null, clearedAtMs: RAISED_MS + 1_000 }), SITE);
  t.equal(over.text.zh, '告警解除：服务水平偏低。2026-11-22 11:05:09 (Asia/Shanghai) 起，持续 1 秒。');
  t.end();
});
