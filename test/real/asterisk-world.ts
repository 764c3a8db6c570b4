import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createAsteriskSwitch } from '../../src/adapters/asterisk/asterisk-switch.js';
import { asId } from '../../src/base/ids.js';
import type { HangUpCause } from '../../src/call/commands.js';
import type { Sound, SwitchWorld, WorldCaller, WorldPhone } from '../contract/switch-world.js';
import { createCuttableLink } from '../support/cuttable-link.js';
import { createPhone, type Phone, type PhoneCall, until } from '../support/phone/phone.js';
import { startTestStack, type TestLike } from '../support/stack.js';
import { toneIn, writeToneWav } from '../support/tone.js';

/** Every sound of this world is a tone of its own, so that what is heard tells who is heard. */
const HZ: Record<Sound, number> = { short: 440, long: 300, music: 600, caller: 1100, phone1: 1500, phone2: 1700, outside: 1900 };
const OUTSIDE = '13911112222';
const REFUSALS: Record<number, HangUpCause> = {
  486: 'busy',
  503: 'congestion',
  404: 'unallocated',
  603: 'declined',
  480: 'noAnswer',
};

/** The contract's world on a real Asterisk with measuring SIP phones. */
export async function createAsteriskWorld(t: TestLike): Promise<SwitchWorld & { readonly logLines: readonly string[] }> {
  const sounds = path.join('/tmp', `contract-sounds-${process.pid}`);
  mkdirSync(path.join(sounds, 'music'), { recursive: true });
  writeToneWav(path.join(sounds, 'short.wav'), HZ.short, 1);
  writeToneWav(path.join(sounds, 'long.wav'), HZ.long, 20);
  writeToneWav(path.join(sounds, 'music', 'music.wav'), HZ.music, 30);
  const outside = await createPhone({ name: OUTSIDE, toneHz: HZ.outside });
  const trunks = [{ name: 'trunk', match: '127.0.0.1', contact: `sip:127.0.0.1:${outside.port}` }];
  const stack = await startTestStack(t, { asterisk: { music: path.join(sounds, 'music'), trunks }, phones: ['1001', '1002'] });
  const { asterisk } = stack;
  const ari = new URL(asterisk.ariUrl);
  const link = await createCuttableLink({ host: ari.hostname, port: Number(ari.port) });
  const logLines: string[] = [];
  const log = (level: string) => (fields: object, message: string) =>
    void logLines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const adapter = createAsteriskSwitch({
    id: asId('asterisk-1'),
    url: `http://127.0.0.1:${link.port}`,
    username: asterisk.ariUser,
    password: asterisk.ariPassword,
    resolvePrompt: ({ prompt }) => (prompt === 'short' || prompt === 'long' ? path.join(sounds, prompt) : null),
    musicClasses: ['hotline'],
    outside: { trunk: 'trunk', mayDial: (number) => number.startsWith(OUTSIDE.slice(0, 3)) },
    log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
  });
  const callers = await createPhone({ name: 'outside', toneHz: HZ.caller });
  const phones = await Promise.all(
    ['1001', '1002'].map((name, i) =>
      createPhone({ name, port: stack.phonePort(name), toneHz: HZ[i === 0 ? 'phone1' : 'phone2'] }),
    ),
  );
  const ask = (resource: string): Promise<Response> => {
    const authorization = `Basic ${Buffer.from(`${asterisk.ariUser}:${asterisk.ariPassword}`).toString('base64')}`;
    return fetch(`${asterisk.ariUrl}/${resource}`, { headers: { authorization } });
  };
  const get = async (resource: string): Promise<Array<Record<string, unknown>>> =>
    (await (await ask(resource)).json()) as Array<Record<string, unknown>>;
  const sip = `127.0.0.1:${asterisk.sipPort}`;
  return {
    kind: 'asterisk',
    switch: adapter,
    logLines,
    prompts: {
      short: { prompt: 'short', language: 'en' },
      long: { prompt: 'long', language: 'en' },
      missing: { prompt: 'missing', language: 'en' },
    },
    music: 'hotline',
    absentPhone: 'sip:1999',
    dnis: '95588',
    phones: [worldPhone(phones[0] as Phone, 'phone1', sip), worldPhone(phones[1] as Phone, 'phone2', sip)],
    outside: { ...worldPhone(outside, 'outside', sip), address: OUTSIDE },
    placeCall: async (from, fromName) =>
      worldCaller(
        await callers.dial(`sip:95588@${sip}`, fromName === undefined || fromName === '' ? { from } : { from, fromName }),
      ),
    cut: async () => link.cut(),
    mend: async () => link.mend(),
    crash: async () => {
      await asterisk.kill();
      // The phones cannot know; a person would put the handset down.
      for (const phone of [callers, outside, ...phones]) for (const call of phone.openCalls) call.drop();
    },
    restart: () => asterisk.start(),
    until: (what, look, withinMs = 5000) => until(what, look, { withinMs, everyMs: 5 }),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    nowMs: () => performance.now(),
    leftovers: async () => {
      const [channels, bridges] = await Promise.all([get('channels'), get('bridges')]);
      return {
        legs: channels.map(({ id, name }) => `${id} ${name}`),
        bridges: bridges.filter(({ bridge_type }) => bridge_type !== 'holding').map(({ id }) => `${id}`),
      };
    },
    isRecording: async ({ file }) => (await ask(`recordings/live/${encodeURIComponent(file)}`)).status !== 404,
    recorded: async (file, sound) => toneIn(path.join(asterisk.folders.recordings, `${file}.wav`), HZ[sound]).seconds,
    close: async () => {
      await Promise.all([callers.close(), outside.close(), ...phones.map((phone) => phone.close())]);
      await link.close();
    },
  };
}

/** Within the last tenth of a second, at least two frames of it. */
const hears = (call: PhoneCall | null, sound: Sound): boolean =>
  call !== null && !call.isOver && call.heard({ hz: HZ[sound], sinceMs: performance.now() - 100 }).frames >= 2;

function worldCaller(call: PhoneCall): WorldCaller {
  return {
    hears: (sound) => hears(call, sound),
    press: (key) => call.press(key),
    hangUp: () => call.hangUp(),
    speak: (on) => call.setTone(on ? HZ.caller : 0),
    state: () => (call.isOver ? 'ended' : call.state === 'up' || call.state === 'ending' ? 'up' : 'trying'),
    refusedWith: () => (call.status === null ? null : (REFUSALS[call.status] ?? null)),
  };
}

function worldPhone(phone: Phone, sound: Sound, sip: string): WorldPhone {
  const inbound = (): PhoneCall[] => phone.calls.filter(({ direction }) => direction === 'inbound');
  const current = (): PhoneCall => {
    if (phone.call === null) throw new Error(`phone ${phone.name} has no call`);
    return phone.call;
  };
  return {
    address: `sip:${phone.name}`,
    sound,
    behave: (manner) => phone.behave(manner),
    state: () => (phone.call === null ? 'idle' : phone.call.state === 'up' ? 'up' : 'ringing'),
    timesCalled: () => inbound().length,
    shown: () => {
      const last = inbound().at(-1);
      return last === undefined ? null : { number: last.from, name: last.fromName };
    },
    hears: (what) => hears(phone.call, what),
    press: (key) => current().press(key),
    answer: () => void current().answer(),
    hangUp: () => current().hangUp(),
    hold: () => current().hold(),
    unhold: () => current().unhold(),
    dial: async (digits) => void (await phone.dial(`sip:${digits}@${sip}`)),
  };
}
