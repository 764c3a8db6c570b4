import type { PromptRef } from '../../base/prompts.js';
import type { Ms } from '../../base/time.js';
import { SAY_FOLDER, wordsOf } from '../say/say.js';
import type { Heard } from './scene.js';

const UNKNOWN_MS = 2_000;
const LEAST_MS = 400;
const CHINESE_MS = 220;
const LETTER_MS = 65;

/** What a row of prompts sounds like. `textOf` null: no words are known for it. */
export function heardOf(prompts: readonly PromptRef[], textOf: (prompt: string, language: string) => string | null): Heard[] {
  const made: Heard[] = [];
  let value: { language: string; parts: string[] } | null = null;
  const closeValue = (): void => {
    if (value !== null) made.push({ prompt: null, language: value.language, words: wordsOf(value.parts, value.language) });
    value = null;
  };
  for (const { prompt, language } of prompts) {
    if (prompt.startsWith(`${SAY_FOLDER}/`)) {
      value ??= { language, parts: [] };
      value.parts.push(prompt);
      continue;
    }
    closeValue();
    made.push({ prompt, language, words: textOf(prompt, language) ?? '' });
  }
  closeValue();
  return made;
}

/** About how long it takes to say. Only what falls due meanwhile depends on it, as the overall time of a menu. */
export function playMsOf(heard: readonly Heard[]): Ms {
  return heard.reduce((sum, { words }) => sum + (words === '' ? UNKNOWN_MS : Math.max(LEAST_MS, spokenMs(words))), 0);
}

function spokenMs(words: string): Ms {
  let ms = 0;
  for (const character of words) ms += character > '\u2e80' ? CHINESE_MS : LETTER_MS;
  return ms;
}
