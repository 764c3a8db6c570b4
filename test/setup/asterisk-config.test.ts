// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is a variable of Asterisk's dialplan here
import { join } from 'node:path';
import t from 'tap';
import {
  type AsteriskConfigInput,
  readAsteriskTemplates,
  renderAsteriskConfig,
  UnsafeConfigValue,
} from '../../src/adapters/asterisk/render-config.js';
import { projectFolder } from '../../src/cli/stack/places.js';

const templates = readAsteriskTemplates(join(projectFolder, 'dialplan', 'asterisk'));

const plain: AsteriskConfigInput = {
  folders: {
    etc: '/srv/热线/etc',
    modules: '/srv/modules',
    data: '/srv/data',
    state: '/srv/state',
    spool: '/srv/spool',
    run: '/srv/run',
    log: '/srv/log',
    music: '/srv/hold music',
  },
  sip: { host: '127.0.0.1', port: 5060 },
  rtp: { from: 20_000, to: 20_999 },
  ari: { host: '127.0.0.1', port: 8088, user: 'hotline', password: 'correct-horse-battery' },
  phones: [
    { name: '1001', password: null, contact: 'sip:1001@127.0.0.1:6101' },
    { name: '1099', password: 'a-long-enough-secret', contact: null },
  ],
  trunks: [{ name: 'trunk', match: '127.0.0.1' }],
  ownNumbers: ['95588'],
  fallback: { announcements: ['/srv/prompts/zh/fallback'], goodbye: '/srv/prompts/zh/goodbye', members: ['1001'], waitS: 300 },
};

/** The lines of one section, comments and empty lines left out. `type` chooses among sections of the same name. */
function section(text: string, name: string, type?: string): string[] {
  const sections = text.split(/^(?=\[)/m).filter((part) => part.startsWith(`[${name}]`));
  const wanted = type === undefined ? sections[0] : sections.find((part) => part.includes(`type = ${type}`));
  return (wanted ?? '').split('\n').filter((line) => line !== '' && !line.startsWith(';'));
}

t.test('every file is filled, nothing is left open, and the same input gives the same text', async (t) => {
  const files = renderAsteriskConfig(plain, templates);
  for (const name of [
    'asterisk.conf',
    'pjsip.conf',
    'extensions.conf',
    'ari.conf',
    'http.conf',
    'modules.conf',
    'musiconhold.conf',
  ]) {
    t.ok(files.has(name), name);
  }
  for (const [name, text] of files) t.notMatch(text, /@[A-Za-z]+@/, `${name} has no open place`);
  t.same([...renderAsteriskConfig(plain, templates)], [...files]);
});

t.test('phones: with a password they register, without one they stand at a fixed address of this machine', async (t) => {
  const pjsip = renderAsteriskConfig(plain, templates).get('pjsip.conf') ?? '';
  const registering = section(pjsip, '1099', 'endpoint');
  t.ok(registering.includes('auth = 1099'));
  t.ok(registering.includes('allow_transfer = no'), 'a transfer by the phone is forbidden');
  t.notOk(registering.some((line) => line.startsWith('permit')));
  t.ok(section(pjsip, '1099', 'auth').includes('password = a-long-enough-secret'));
  t.ok(section(pjsip, '1099', 'aor').includes('remove_existing = yes'));
  const fixed = section(pjsip, '1001', 'endpoint');
  t.notOk(fixed.some((line) => line.startsWith('auth =')));
  t.ok(
    fixed.includes('deny = 0.0.0.0/0.0.0.0') && fixed.includes('permit = 127.0.0.0/255.0.0.0'),
    'its name counts on loopback only',
  );
  t.ok(section(pjsip, '1001', 'aor').includes('contact = sip:1001@127.0.0.1:6101'));
  t.ok(pjsip.includes('bind_rtp_to_media_address = yes'), 'sound is bound to the chosen address too');
  t.ok(section(pjsip, 'trunk', 'identify').includes('match = 127.0.0.1'));
  t.notOk(pjsip.includes('aors = trunk'), 'by a trunk without a contact nobody is called');
  const both = { ...plain, trunks: [{ name: 'trunk', match: '127.0.0.1', contact: 'sip:127.0.0.1:5070' }] };
  const dialling = renderAsteriskConfig(both, templates).get('pjsip.conf') ?? '';
  t.ok(section(dialling, 'trunk', 'endpoint').includes('aors = trunk'));
  t.ok(section(dialling, 'trunk', 'aor').includes('contact = sip:127.0.0.1:5070'));
  t.throws(
    () => renderAsteriskConfig({ ...plain, phones: [{ name: '1001', password: null, contact: null }] }, templates),
    /no password/,
  );
  t.throws(
    () =>
      renderAsteriskConfig(
        { ...plain, phones: [{ name: '1001', password: null, contact: 'sip:1001@192.0.2.7:5060' }] },
        templates,
      ),
    /no password/,
  );
});

t.test('the dialplan: callers to Stasis, agents to feature codes and our own numbers only', async (t) => {
  const text = renderAsteriskConfig(plain, templates).get('extensions.conf') ?? '';
  t.match(text, 'n,Stasis(hotline,inbound,${EXTEN})');
  t.match(text, 'Gosub(say-or-beep,s,1(/srv/prompts/zh/fallback))');
  const agents = section(text, 'from-agents').join('\n');
  t.match(agents, 'Stasis(hotline,phone,${CHANNEL(endpoint)}');
  t.match(agents, 'exten => 95588,1,Goto(inbound,${EXTEN},1)');
  t.match(agents, 'exten => _[+0-9*#]!,1,Hangup(34)');
  t.notMatch(text, 'from-bench');
  const bench = renderAsteriskConfig({ ...plain, bench: { number: '770001', members: ['1001'], wrapUpS: 0 } }, templates);
  t.match(bench.get('extensions.conf'), 'exten => 770001,1,Goto(from-bench,770001,1)');
  t.ok(section(bench.get('queues.conf') ?? '', 'bench').includes('member => PJSIP/1001'));
});

t.test('what would mean something to Asterisk is refused, never escaped', async (t) => {
  const phone = { name: '1001', password: null, contact: 'sip:1001@127.0.0.1:6101' };
  const hostile: Array<[string, Partial<AsteriskConfigInput>]> = [
    ['line break in a password', { ari: { ...plain.ari, password: 'long-enough-but\nread_only = no' } }],
    ['a weak password', { ari: { ...plain.ari, password: 'short' } }],
    ['semicolon in a folder', { folders: { ...plain.folders, log: '/srv/log;x' } }],
    ['an expression in a folder', { folders: { ...plain.folders, spool: '/srv/${SHELL(id)}' } }],
    ['a relative folder', { folders: { ...plain.folders, run: 'run' } }],
    ['an end of a dialplan argument in a prompt', { fallback: { ...plain.fallback, goodbye: '/srv/x)' } }],
    ['several files in a prompt', { fallback: { ...plain.fallback, announcements: ['/srv/a&/srv/b'] } }],
    ['a new section in a phone name', { phones: [{ ...phone, name: '1001]\n[evil' }] }],
    ['a second phone in a contact', { phones: [{ ...phone, contact: 'sip:1001@127.0.0.1:6101,sip:x@127.0.0.1:1' }] }],
    ['a second address in a trunk', { trunks: [{ name: 'trunk', match: '127.0.0.1,0.0.0.0/0' }] }],
    [
      'a second place in a trunk contact',
      { trunks: [{ name: 'trunk', match: '127.0.0.1', contact: 'sip:127.0.0.1:1,sip:x:1' }] },
    ],
    ['a user in a trunk contact', { trunks: [{ name: 'trunk', match: '127.0.0.1', contact: 'sip:900@127.0.0.1:1' }] }],
    ['a pattern as a number', { ownNumbers: ['_X.'] }],
    ['a port out of range', { sip: { host: '127.0.0.1', port: 70_000 } }],
    ['a name as an address', { sip: { host: 'localhost', port: 5060 } }],
    ['a range of sound ports that ends before it begins', { rtp: { from: 20_000, to: 19_000 } }],
  ];
  for (const [what, change] of hostile)
    t.throws(() => renderAsteriskConfig({ ...plain, ...change }, templates), UnsafeConfigValue, what);
  t.throws(() => renderAsteriskConfig({ ...plain, phones: [phone, phone] }, templates), /there twice/);
  t.throws(
    () => renderAsteriskConfig({ ...plain, fallback: { ...plain.fallback, members: ['1002'] } }, templates),
    /is no phone/,
  );
});

t.test('a template with a place that nobody fills is an error', async (t) => {
  const files = new Map([...templates.files, ['new.conf', 'x = @nobody@']]);
  t.throws(() => renderAsteriskConfig(plain, { ...templates, files }), /nothing fills @nobody@ in new.conf/);
});
