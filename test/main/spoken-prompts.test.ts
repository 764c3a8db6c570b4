import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readManifest } from '../../src/adapters/files/prompt-manifest.js';
import type { PromptTexts } from '../../src/adapters/files/prompt-sources.js';
import { spokenSoFar } from '../../src/cli/stack/up.js';
import { createLog } from '../../src/main/log.js';
import type { Site } from '../../src/main/site.js';
import { SpokenPrompts } from '../../src/main/spoken-prompts.js';
import type { Log } from '../../src/ports/log.js';

/** What is spoken before anybody is served, and what beside the calls. Tones for words; a word waits until the gate is opened. */

const folder = mkdtempSync(join(tmpdir(), 'hotline-spoken-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
const gate = join(folder, 'gate');
const prompts = join(folder, 'prompts');
const script = `case "$2" in 2*) while [ ! -e ${gate} ]; do sleep 0.02; done ;; esac; exec sox -n -r 8000 "$1" synth 0.2 sine "$2"`;

const siteWith = (texts: PromptTexts): Site =>
  ({
    settings: {
      folders: { prompts },
      prompts: { command: ['/bin/sh', '-c', script, 'voice', '{file}', '{text}'], voices: {} },
      site: { languages: ['zh'] },
    },
    texts,
    recordedPrompts: join(folder, 'none'),
  }) as unknown as Site;

function noted(): { log: Log; said: string[] } {
  const said: string[] = [];
  const note = (_: unknown, message: string): void => void said.push(message);
  return { said, log: { debug: note, info: note, warn: note, error: note } };
}

const TEXTS: PromptTexts = new Map([
  ['system/goodbye', { zh: '500' }],
  ['card/welcome', { zh: '600' }],
  ['say/n-1', { zh: '2000' }],
  ['say/n-2', { zh: '2100' }],
]);

t.test('the words of values are spoken while calls are served already', async (t) => {
  const { log, said } = noted();
  const spoken = await SpokenPrompts.open(siteWith(TEXTS), log);
  t.ok(spoken.catalogue.resolve({ prompt: 'card/welcome', language: 'zh' }), 'what each call needs is there');
  t.equal(spoken.catalogue.resolve({ prompt: 'say/n-1', language: 'zh' }), null);
  t.notOk(spoken.isWhole());
  spoken.speakWords();
  t.ok(spoken.isOnItsWay('say/n-1', 'zh', '2000'), 'so that a flow need not make it');
  t.notOk(spoken.isOnItsWay('say/n-1', 'zh', '2050'), 'another text');
  t.notOk(spoken.isOnItsWay('card/welcome', 'zh', '600'));
  writeFileSync(gate, '');
  await t.resolves(whole(spoken), 'they come');
  t.ok(spoken.catalogue.resolve({ prompt: 'say/n-2', language: 'zh' }));
  t.notOk(spoken.isOnItsWay('say/n-1', 'zh', '2000'));
  await spoken.close();
  const list = await readManifest(prompts);
  t.same(list.ok && Object.keys(list.value).sort(), ['card/welcome', 'say/n-1', 'say/n-2', 'system/goodbye']);
  t.same(
    said.filter((message) => message.includes('could not')),
    [],
  );
});

t.test('a word that was there sounds until its new text is spoken; an end in between loses nothing', async (t) => {
  rmSync(gate);
  const changed = new Map([...TEXTS, ['say/n-1', { zh: '2200' }], ['say/n-3', { zh: '2300' }]] as const);
  const { log } = noted();
  const spoken = await SpokenPrompts.open(siteWith(changed), log);
  const before = spoken.catalogue.resolve({ prompt: 'say/n-1', language: 'zh' });
  t.ok(before, 'the old word');
  spoken.speakWords();
  const over = spoken.close();
  writeFileSync(gate, '');
  await over;
  t.notOk(spoken.isWhole(), 'it was told to end first');
  const list = await readManifest(prompts);
  t.ok(list.ok && list.value['say/n-2'], 'what there was is still listed');
  t.notOk(list.ok && list.value['say/n-3'], 'what was not begun is not there');
  const next = await SpokenPrompts.open(siteWith(changed), log);
  next.speakWords();
  await whole(next);
  t.not(next.catalogue.resolve({ prompt: 'say/n-1', language: 'zh' }), before);
  t.ok(next.catalogue.resolve({ prompt: 'say/n-3', language: 'zh' }));
  t.same(
    readdirSync(prompts).filter((name) => name.startsWith('.work')),
    [],
    'nothing half made is left',
  );
  await next.close();
});

t.test('how far it is can be read from the log', async (t) => {
  const lines: string[] = [];
  const log = createLog({ level: 'info', node: 'n', destination: { write: (line: string) => void lines.push(line) } });
  log.info({ done: 20, of: 258 }, 'prompts are being spoken');
  log.info({ done: 40, of: 258 }, 'prompts are being spoken');
  const line = lines.join('');
  t.equal(spokenSoFar(`x\n${line}y`), ' (at the first start it speaks its prompts: 40 of 258)');
  t.equal(spokenSoFar('nothing of it'), '');
});

async function whole(spoken: SpokenPrompts): Promise<void> {
  while (!spoken.isWhole()) await new Promise((resolve) => setTimeout(resolve, 10));
}
