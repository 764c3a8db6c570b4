import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { PromptCatalogue, readManifest, writeManifest } from '../../src/adapters/files/prompt-manifest.js';
import { parseFlow } from '../../src/flow/parse-flow.js';
import type { CheckedFlow } from '../../src/flow/program.js';
import { SpokenFlows } from '../../src/main/flows/flow-voice.js';

/** Prompts of old versions, with tones for words. */

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function flow(version: string, welcome: string): CheckedFlow {
  const text = `flow: card
languages: [zh]
start: hello
prompts: { welcome: { zh: '${welcome}' } }
nodes: { hello: { play: welcome, hangup: true } }
`;
  const parsed = parseFlow(text, { file: 'card.yaml', known: {}, version });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

t.test('a call on an old version hears its words, new calls the new ones, and a failure the older ones', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hotline-voice-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const command = ['sox', '-n', '-r', '8000', '{file}', 'synth', '0.3', 'sine', '{text}'] as const;
  const catalogue = new PromptCatalogue(folder, {}, ['zh']);
  const voice = new SpokenFlows({ folder, speech: { command, voices: {} } as never }, catalogue, log);
  const [one, two, mute] = [flow('v1', '500'), flow('v2', '800'), flow('v3', 'not a tone')];
  await writeManifest(folder, { 'system/goodbye': { zh: { hash: 'ab'.repeat(16), ms: 10, text: 'bye' } } });
  await voice.prepare(one);
  await voice.goLive([one], new Set(['v1']));
  const ref = { prompt: 'card/welcome', language: 'zh' };
  const first = catalogue.resolve(ref);
  t.ok(first);
  await voice.prepare(two);
  t.equal(catalogue.resolve(ref), first, 'not live yet');
  await voice.goLive([two], new Set(['v1', 'v2']));
  const second = catalogue.resolve(ref);
  t.not(second, first);
  t.equal(catalogue.resolve({ ...ref, version: 'v1' }), first, 'as it was');
  t.equal(catalogue.resolve({ ...ref, version: 'v2' }), second);
  t.equal(catalogue.resolve({ ...ref, version: 'gone' }), second, 'a version that nobody knows: as it is now');
  t.ok((catalogue.lengthMs({ ...ref, version: 'v1' }) ?? 0) > 200);
  await voice.prepare(mute);
  await voice.goLive([mute], new Set(['v3']));
  t.equal(catalogue.resolve({ ...ref, version: 'v3' }), second, 'an old sentence is better than silence');
  t.equal(catalogue.hasVersion('v1'), false, 'forgotten');
  const manifest = await readManifest(folder);
  t.match(manifest, { ok: true, value: { 'card/welcome': { zh: { text: '800' } }, 'system/goodbye': { zh: { text: 'bye' } } } });
});
