import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { parse, stringify } from 'yaml';
import { cacheFolder } from '../../src/cli/stack/places.js';
import type { SayForm } from '../../src/flow/say/say.js';
import { fragmentText, say } from '../../src/flow/say/say.js';
import { House } from './house.js';
import type { HouseRules } from './house-site.js';
import type { PhoneCall } from './phone/call.js';
import type { StubBank } from './stub-bank.js';

/** A house in which flows may ask a bank, tell a gateway, dial outside and be interrupted, and where the words of values have tones of their own. */

/** The key that messages to the gateway are signed with. */
export const SIGNING_KEY = 'a-key-for-messages-of-tests-only';
/** The word -> its tone. Words that no test listens for sound all alike. */
const WORDS: Record<string, number> = {};
const FIRST_WORD_HZ = 2_000;
const OTHER_WORD_HZ = 3_400;
/** Shorter than those of other houses: these calls hear many. */
const PROMPT_S = '0.6';
const WORD_S = '0.3';

export interface FlowHouseOptions {
  readonly rules: HouseRules;
  readonly bank: StubBank;
  /** Values whose words a test listens for. */
  readonly values: ReadonlyArray<readonly [form: SayForm, value: number | string]>;
  /** Name -> tone, and what happens after it. */
  readonly emergencies: Readonly<Record<string, { readonly hz: number; readonly after: 'continue' | 'closed' | 'hangUp' }>>;
}

export function openFlowHouse(t: Test, { rules, bank, values, emergencies }: FlowHouseOptions): Promise<House> {
  for (const language of ['zh', 'en'])
    for (const [form, value] of values)
      for (const word of wordsOf(form, value, language)) WORDS[word] ??= FIRST_WORD_HZ + 50 * Object.keys(WORDS).length;
  if (Object.values(WORDS).some((hz) => hz >= OTHER_WORD_HZ)) throw new Error('too many words to tell apart');
  const prompts = join(cacheFolder(process.env), 'tests', 'flow-prompts');
  mkdirSync(prompts, { recursive: true, mode: 0o755 });
  // Another table is another voice: what was spoken with the old one is made anew.
  const text = toneScript();
  const script = join(prompts, `tone-${createHash('sha256').update(text).digest('hex').slice(0, 8)}.sh`);
  writeFileSync(script, text);
  return House.open(t, {
    rules,
    trunk: true,
    prepare: (folder) => {
      const config = join(folder, 'config');
      const write = (name: string, content: object): void => writeFileSync(join(config, name), stringify(content));
      const hotline = parse(readFileSync(join(config, 'hotline.yaml'), 'utf8')) as Record<string, object>;
      write('hotline.yaml', {
        ...hotline,
        folders: { ...hotline.folders, prompts },
        prompts: { command: ['/bin/sh', script, '{file}', '{text}'] },
        dialOut: { trunk: 'trunk', callerId: '95588', allow: ['13'] },
      });
      writeFileSync(join(config, 'signing-key'), `${SIGNING_KEY}\n`, { mode: 0o600 });
      write('endpoints.yaml', {
        endpoints: {
          bank: { kind: 'lookup', url: bank.lookUpUrl, network: 'loopback' },
          gateway: {
            kind: 'message',
            url: bank.messageUrl,
            network: 'loopback',
            sign: { secretFile: join(config, 'signing-key') },
          },
        },
      });
      const announcements = Object.entries(emergencies).map(([name, { hz, after }]) => {
        const words = { zh: String(hz), en: String(hz) };
        // biome-ignore lint/suspicious/noThenProperty: a word of the file; nobody awaits it
        return [name, { title: { zh: name, en: name }, text: words, then: after }];
      });
      write('emergency.yaml', { announcements: Object.fromEntries(announcements) });
    },
  });
}

function wordsOf(form: SayForm, value: number | string, language: string): string[] {
  const said = say(form, value, language);
  if (!said.ok) throw new Error(`${value} cannot be said in ${language}`);
  return said.value.map((prompt) => fragmentText(prompt, language) ?? '');
}

/** The tones, in order, that say a value. */
export const tonesOf = (form: SayForm, value: number | string, language: string): number[] =>
  wordsOf(form, value, language).map((word) => WORDS[word] ?? OTHER_WORD_HZ);

/** The tones that a call heard, in order, each for at least `forMs`. */
export function tonesHeard(call: PhoneCall, sinceMs = 0, forMs = 160): number[] {
  const runs: Array<{ hz: number; frames: number }> = [];
  for (const [, hz] of call.hearing.timeline({ sinceMs })) {
    const last = runs.at(-1);
    if (last && last.hz === hz) last.frames += 1;
    else runs.push({ hz: hz ?? 0, frames: 1 });
  }
  return runs.filter(({ hz, frames }) => hz > 0 && frames * 20 >= forMs).map(({ hz }) => hz);
}

/** The "text" of a prompt is its frequency; a word of a value has that of the table. */
function toneScript(): string {
  const words = Object.entries(WORDS).map(([word, hz]) => `  '${word}') hz=${hz}; seconds=${WORD_S} ;;`);
  return `seconds=${PROMPT_S}
case "$2" in
${words.join('\n')}
  *[!0-9]* | "") hz=${OTHER_WORD_HZ}; seconds=${WORD_S} ;;
  *) hz="$2" ;;
esac
exec sox -n -r 8000 "$1" synth "$seconds" sine "$hz"
`;
}
