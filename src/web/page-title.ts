import { effect, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { board } from './live.js';
import { PAGES } from './pages.js';
import { route } from './router.js';
import { site } from './session.js';
import { language } from './settings.js';
import { WORDS } from './words.js';

/** What a page calls itself while it is shown; null: by the page's word in the menu. */
const own = signal<string | null>(null);

/** Names the tab of the browser after what the page shows. */
export function usePageTitle(text: string): void {
  useEffect(() => {
    own.value = text;
    return () => {
      own.value = null;
    };
  }, [text]);
}

/** Keeps the title of the document: alarms that nobody has acknowledged, the page, the site. */
export function followTitle(): void {
  effect(() => {
    const page = PAGES.find(({ holds }) => holds.includes(route.value.page));
    const open = (board.value?.alarms ?? []).filter(({ acknowledgedBy }) => acknowledgedBy === null).length;
    const parts = [own.value ?? page?.word(WORDS[language.value]) ?? null, site.value?.name ?? null];
    const text = parts.filter((part) => part !== null && part !== '').join(' · ') || 'hotline';
    document.title = open > 0 ? `(${open}) ${text}` : text;
  });
}
