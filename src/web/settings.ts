import { effect, signal } from '@preact/signals';
import { LANGUAGES, type Language, pickLanguage } from './words.js';

export type Theme = 'dark' | 'light';

/** What this screen likes. The address wins (`/wallboard?lang=en&theme=light`, for walls without a keyboard), then what was chosen here, then the browser. */
const address = new URLSearchParams(location.search);

function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // Storage may be forbidden; the page does without.
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}

const oneOf = <T extends string>(value: string | null, allowed: readonly T[]): T | null =>
  allowed.find((item) => item === value) ?? null;

const preferred = matchMedia('(prefers-color-scheme: light)');
const chosenTheme = signal<Theme | null>(
  oneOf(address.get('theme'), ['dark', 'light']) ?? oneOf(remembered('hotline.theme'), ['dark', 'light']),
);
const systemTheme = signal<Theme>(preferred.matches ? 'light' : 'dark');
preferred.addEventListener('change', () => {
  systemTheme.value = preferred.matches ? 'light' : 'dark';
});

export const language = signal<Language>(
  oneOf(address.get('lang'), LANGUAGES) ??
    oneOf(remembered('hotline.language'), LANGUAGES) ??
    pickLanguage(navigator.languages, []),
);
export const themeNow = (): Theme => chosenTheme.value ?? systemTheme.value;

export function chooseLanguage(next: Language): void {
  language.value = next;
  remember('hotline.language', next);
}

export function chooseTheme(next: Theme): void {
  chosenTheme.value = next;
  remember('hotline.theme', next);
}

effect(() => {
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
});
effect(() => {
  document.documentElement.dataset.theme = themeNow();
});
