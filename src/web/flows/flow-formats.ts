import type { Ms } from '../../base/time.js';
import { site } from '../session.js';
import type { Language } from '../words.js';
import { FLOW_WORDS } from './words.js';

/** A title in the language of the page, else in any; the id when there is none. */
export const titleOf = (title: Readonly<Record<string, string>>, language: Language, orElse: string): string =>
  title[language] ?? Object.values(title)[0] ?? orElse;

const locale = (language: Language): string => (language === 'zh' ? 'zh-CN' : 'en-GB');
const zone = (): string => site.peek()?.timeZone ?? 'UTC';

/** `22 Nov, 14:03`, in the site's time. */
export const formatMoment = (atMs: Ms, language: Language): string =>
  new Intl.DateTimeFormat(locale(language), {
    timeZone: zone(),
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(atMs);

/** `14:03:07`, in the site's time. */
export const formatTime = (atMs: Ms): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone: zone(), hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(atMs);

/** How long ago, while that is what one wants to know; then the moment. */
export function formatAgo(atMs: Ms, nowMs: Ms, language: Language): string {
  const { ago } = FLOW_WORDS[language];
  const minutes = Math.floor((nowMs - atMs) / 60_000);
  if (minutes < 1) return ago.now;
  if (minutes < 60) return ago.minutes(minutes);
  return minutes < 12 * 60 ? ago.hours(Math.floor(minutes / 60)) : formatMoment(atMs, language);
}

/** `2026-11-22` of the site, and its name: `Sat, 22 Nov`. Newest first. */
export function latestDays(nowMs: Ms, count: number, language: Language): ReadonlyArray<{ day: string; name: string }> {
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone(), year: 'numeric', month: '2-digit', day: '2-digit' }).format(
    nowMs,
  );
  // Noon of the day in no zone at all, so that no change of clocks moves it.
  const noon = Date.parse(`${day}T12:00:00Z`);
  return Array.from({ length: count }, (_, back) => {
    const at = noon - back * 86_400_000;
    const name = new Intl.DateTimeFormat(locale(language), { timeZone: 'UTC', weekday: 'short', month: 'short', day: 'numeric' });
    return { day: new Date(at).toISOString().slice(0, 10), name: name.format(at) };
  });
}

export const outcomeName = (outcome: string, language: Language): string => wordOf(FLOW_WORDS[language].outcomes, outcome);

/** What led on from a node, in words: `key 1, language en`, `noInput`, `fault timeout`; what is not known here as it is. */
export function howName(how: string, language: Language): string {
  const { ledOn, how: words } = FLOW_WORDS[language];
  return how
    .split(', ')
    .map((part) => {
      const at = part.indexOf(' ');
      const say = at === -1 || !Object.hasOwn(ledOn, part.slice(0, at)) ? undefined : ledOn[part.slice(0, at)];
      const rest = part.slice(at + 1);
      return say === undefined ? wordOf(words, part) : say(wordOf(words, rest));
    })
    .join(language === 'zh' ? '，' : ', ');
}

const wordOf = (words: Readonly<Record<string, string>>, name: string): string =>
  Object.hasOwn(words, name) ? (words[name] as string) : name;

/** Who put a version there: a name, or where it came from when nobody signed it. */
export const byName = (by: string, language: Language): string => wordOf(FLOW_WORDS[language].nobody, by);
