import { z } from 'zod';
import { err, ok, type Result } from '../../base/result.js';
import { byPlace, type Finding, said, twice } from '../../flow/finding.js';
import { type Tell, tellIssues } from '../../flow/issues.js';
import type { CheckedFlow } from '../../flow/program.js';
import { fragmentText, SAY_FOLDER } from '../../flow/say/say.js';
import { SHAPE_WORDS } from '../../flow/shape-words.js';
import { LANGUAGE_NAME } from '../../flow/shapes.js';
import { readSource } from '../../flow/source.js';

/**
 * The texts of prompts: the system's from config/prompts.yaml, a flow's from the flow itself, the words of values from flow/say. A prompt's id is
 * `system/NAME`, `FLOW/NAME` or `say/NAME`; ids become file names of recorded prompts, so their alphabet is small.
 */

/** Prompt id -> language -> text. */
export type PromptTexts = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** What the rest of the house plays by name; a prompts file that lacks one is refused. */
export const SYSTEM_PROMPTS: readonly string[] = [
  'thanks-for-waiting',
  ...Array.from({ length: 20 }, (_, i) => `position-${i + 1}`),
  'position-more',
  ...Array.from({ length: 20 }, (_, i) => `wait-minutes-${i + 1}`),
  'wait-more',
  'no-input',
  'invalid-key',
  'goodbye',
  'sorry-closed',
  'sorry-busy',
  'fallback',
  'agent-signed-in',
  'agent-ready',
  'agent-not-ready',
  'agent-signed-out',
  'agent-wrap-up-done',
  'agent-unknown-code',
  'agent-refused',
].map((name) => `system/${name}`);

const PROMPT_NAME = /^[a-z][a-z0-9-]{0,63}$/;
const RANGE = /^(\d{1,3})\.\.(\d{1,3})$/;
const languageName = z.string().regex(LANGUAGE_NAME, SHAPE_WORDS.language.en);
const promptText = z.string().min(1).max(1_000);

const entry = z.object({ range: z.string().regex(RANGE, SHAPE_WORDS.range.en).optional() }).catchall(promptText);
const shape = z.strictObject({
  languages: z.array(languageName).min(1).max(20),
  prompts: z.record(z.string(), entry),
});

/** Reads config/prompts.yaml. A name with `{n}` and a range stands for one prompt per number. */
export function parsePromptFile(text: string, file: string): Result<PromptTexts, Finding[]> {
  const source = readSource(text, file);
  if (!source.ok) return source;
  const findings: Finding[] = [...source.value.findings];
  const tell: Tell = (level, rule, path, message, at = 'value') => {
    const place = at === 'key' ? source.value.atKey(path) : source.value.at(path);
    findings.push({ file, ...place, level, rule, message: message.en, messageZh: message.zh });
  };
  const parsed = shape.safeParse(source.value.value);
  if (!parsed.success) {
    tellIssues(shape, parsed.error.issues, [], source.value, tell);
    return err(findings.sort(byPlace));
  }
  const texts = new Map<string, Record<string, string>>();
  for (const [name, { range, ...words }] of Object.entries(parsed.data.prompts)) {
    const path = ['prompts', name];
    for (const language of parsed.data.languages) {
      if (!Object.hasOwn(words, language))
        tell(
          'error',
          'missing-language',
          path,
          said(`prompt "${name}" has no text for ${language}`, `提示音 "${name}" 缺少 ${language} 的文字`),
          'key',
        );
    }
    for (const language of Object.keys(words)) {
      if (parsed.data.languages.includes(language)) continue;
      tell(
        'error',
        'unknown-language',
        [...path, language],
        said(`"${language}" is not one of the languages of this file`, `本文件没有语言 "${language}"`),
        'key',
      );
    }
    for (const [full, filled] of expand(name, range, words)) {
      if (!PROMPT_NAME.test(full))
        tell(
          'error',
          'bad-name',
          path,
          said(
            `"${full}" is not a prompt's name: small letters, digits and dashes`,
            `"${full}" 不是提示音的名称：只用小写字母、数字和短横线`,
          ),
          'key',
        );
      else if (texts.has(`system/${full}`)) tell('error', 'duplicate-key', path, twice(full), 'key');
      else texts.set(`system/${full}`, filled);
    }
  }
  for (const id of SYSTEM_PROMPTS) {
    if (!texts.has(id)) {
      const name = id.slice('system/'.length);
      tell(
        'error',
        'missing-prompt',
        ['prompts'],
        said(`"${name}" is missing: the system plays it`, `缺少 "${name}"：系统要播放它`),
        'key',
      );
    }
  }
  return findings.length > 0 ? err(findings.sort(byPlace)) : ok(texts);
}

function expand(name: string, range: string | undefined, words: Record<string, string>): Array<[string, Record<string, string>]> {
  const bounds = RANGE.exec(range ?? '');
  if (bounds === null) return [[name, words]];
  const made: Array<[string, Record<string, string>]> = [];
  for (let n = Number(bounds[1]); n <= Number(bounds[2]); n++) {
    const fill = (text: string): string => text.replaceAll('{n}', `${n}`).replaceAll('{n-1}', `${n - 1}`);
    made.push([fill(name), Object.fromEntries(Object.entries(words).map(([language, text]) => [language, fill(text)]))]);
  }
  return made;
}

type FlowTexts = Pick<CheckedFlow, 'prompts'> & Partial<Pick<CheckedFlow, 'promptsUsed' | 'languages'>>;

/** All that a flow may have to be spoken for it: its own prompts, and the fragments of values (`say/...`) in its languages. */
export function textsOf({ prompts, promptsUsed = new Set(), languages = [] }: FlowTexts): PromptTexts {
  const all = new Map(prompts);
  for (const id of promptsUsed) {
    const words = languages.map((language) => [language, fragmentText(id, language)] as const);
    const said = words.filter((pair): pair is readonly [string, string] => pair[1] !== null);
    if (said.length > 0) all.set(id, Object.fromEntries(said));
  }
  return all;
}

/** The system's texts and those of all flows. Flows with different languages share the fragments of values. */
export function collectTexts(system: PromptTexts, flows: Iterable<FlowTexts>): PromptTexts {
  const all = new Map(system);
  for (const flow of flows) {
    for (const [id, words] of textsOf(flow)) all.set(id, id.startsWith(`${SAY_FOLDER}/`) ? { ...all.get(id), ...words } : words);
  }
  return all;
}
