import t from 'tap';
import { readAsteriskTemplates } from '../../src/adapters/asterisk/render-config.js';
import { asId, type CallId } from '../../src/base/ids.js';
import { parseFlow } from '../../src/flow/parse-flow.js';
import { asteriskHouse } from '../support/asterisk-house.js';
import { DomainWorld } from '../support/domain-world.js';
import { sampleAgent, sampleQueue } from '../support/sample-site.js';

/** What a caller keys is a secret of the caller: no log, at whatever level, no counter and no error says it. */

const CANARY = '4716258050958645';

/** Any five digits of it in a row. */
const traces = (text: string): string[] =>
  Array.from({ length: CANARY.length - 4 }, (_, i) => CANARY.slice(i, i + 5)).filter((part) => text.includes(part));

t.test('the adapter: keys as Asterisk sends them, keys that are none, and a listener that breaks over them', async (t) => {
  const lines: string[] = [];
  const log =
    (level: string) =>
    (fields: object, message: string): void =>
      void lines.push(
        `${level} ${message} ${JSON.stringify(fields, (_, value) => (value instanceof Error ? value.stack : value))}`,
      );
  const house = await asteriskHouse(t, {
    options: { log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') } },
    onEvent: (event) => {
      if (event.kind === 'keyPressed' && event.key === '6') throw new Error('the listener broke');
    },
  });
  const { fake, sw, event } = house;
  fake.arrive('c.1');
  await event('legArrived', { legId: 'c.1' });
  const key = (digit: unknown, channel: object = { id: 'c.1' }): void =>
    fake.send({ type: 'ChannelDtmfReceived', digit, duration_ms: 100, channel });
  for (const digit of CANARY) key(digit);
  for (const digit of [CANARY, Number(CANARY), [CANARY], { digit: CANARY }, `${CANARY}\n`]) key(digit);
  key('4', { id: CANARY.slice(4) });
  fake.send({ type: `Unknown${CANARY}`, digit: CANARY });
  fake.sendRaw(`{"type":"ChannelDtmfReceived","digit":"${CANARY}`);
  await house.settled();
  t.equal(house.events.filter(({ kind }) => kind === 'keyPressed').length, CANARY.length, 'each good key has come');
  fake.fail(/POST .*play/, { status: 500, body: JSON.stringify({ message: 'no' }) });
  await sw.perform({
    kind: 'play',
    callId: asId<CallId>('call-1'),
    legId: asId('c.1'),
    playbackId: asId('pb-1'),
    prompts: [{ prompt: 'welcome', language: 'zh' }],
  });
  fake.cutEvents();
  await event('switchDown');
  await sw.perform({ kind: 'stopPlayback', callId: asId<CallId>('call-1'), legId: asId('c.1'), playbackId: asId('pb-1') });
  const said = [
    ...lines,
    JSON.stringify(sw.faults()),
    JSON.stringify(await sw.describe()),
    ...house.events.filter(({ kind }) => kind !== 'keyPressed').map((each) => JSON.stringify(each)),
  ];
  t.ok(lines.length > 3, 'it has said something');
  t.same(said.flatMap(traces), []);
  t.equal(sw.faults()['event.badShape'], 5);
});

const FLOW = `
flow: secret
languages: [zh]
start: card
prompts: { ask: { zh: 请输入卡号 }, bye: { zh: 再见 } }
nodes:
  card:
    collect: { into: card, prompt: ask, secure: true, min: 16, max: 16, end: none, check: luhn }
    next: balance
    failed: bye
  balance: { lookup: { endpoint: bank, send: { card: card }, take: { due: answer.due } }, next: bye, failed: bye }
  bye: { play: bye, hangup: true }
`;

t.test(
  'the domain with everything logged: secure digits, wrong ones, too many, a look-up that breaks its contract',
  async (t) => {
    const world = new DomainWorld([sampleQueue('general')], [sampleAgent('101')]);
    const parsed = parseFlow(FLOW, { file: 'secret.yaml', known: {}, version: 'v1' });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    const flow = parsed.value;
    world.change = (config) => ({
      ...config,
      numbers: { '1000': flow.flowId },
      flow: (flowId) => (flowId === flow.flowId ? flow : null),
    });
    let asked = 0;
    world.lookUps = {
      ask: async ({ send }) => {
        asked++;
        throw new Error(`broken over ${JSON.stringify(send)}`);
      },
      close: async () => {},
    };
    const lines: string[] = [];
    const write = (fields: object, message?: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
    world.log = { debug: write, info: write, warn: write, error: write };
    await world.start();
    for (const keys of [CANARY, `${CANARY.slice(0, 15)}4`, CANARY.repeat(2)]) {
      const caller = world.call('13911112222', '1000');
      await world.pass(50);
      for (const key of keys) {
        caller.press(key);
        await world.pass(70);
      }
      await world.pass(100);
      t.same(traces(JSON.stringify([...world.domain.hotline.calls()])), [], 'nor what is shown of calls in progress');
      caller.hangUp();
      await world.pass(100);
    }
    t.equal(asked, 2);
    t.ok(lines.some((line) => line.includes('look-up broke')));
    const everything = [lines, world.facts, world.jobs, [...world.store.calls.values()], world.store.stream, world.fatal];
    t.same(traces(JSON.stringify(everything)), []);
    t.same(world.leftOvers(), []);
  },
);

t.test('Asterisk itself is told to write nothing that holds keys', async (t) => {
  const { files } = readAsteriskTemplates(new URL('../../dialplan/asterisk', import.meta.url).pathname);
  const active = (name: string): string[] =>
    (files.get(name) ?? '').split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith(';'));
  const levels = active('logger.conf').flatMap((line) => /=>\s*(.*)$/.exec(line)?.[1]?.split(',') ?? []);
  t.same(levels, ['notice', 'warning', 'error', 'security'], 'no dtmf, verbose or debug');
  for (const name of ['cel.conf', 'cdr.conf']) t.match(active(name), ['[general]', 'enable = no'], name);
  const loaded = active('modules.conf').join('\n');
  t.notMatch(loaded, /load = (cdr|cel)_|app_senddtmf|app_read\.so|res_hep/);
});
