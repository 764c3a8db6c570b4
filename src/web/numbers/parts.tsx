import type { ComponentChildren } from 'preact';
import type { Share } from '../../service-level/views.js';
import type { Refused } from '../api.js';
import { formatClock, formatShare } from '../format.js';
import { Mark } from '../icons.js';
import { usePageTitle } from '../page-title.js';
import { site } from '../session.js';
import { language } from '../settings.js';
import { NUMBER_WORDS, type NumberWords } from './words.js';

/** The snapshot that all figures of an answer share, and when it was. */
export interface Stamp {
  readonly seq: number;
  readonly atMs: number;
}

export const useWords = (): NumberWords => NUMBER_WORDS[language.value];

/** One page: its title, the way back, what one may choose, the rest. */
export function Sheet(props: {
  readonly title: string;
  readonly back?: { readonly url: string; readonly name: string };
  readonly note?: string;
  /** What moment the figures are of; null or nothing: there are none. */
  readonly stamp?: Stamp | null;
  /** The server could not be asked just now: what is shown is older than it seems. */
  readonly isOld?: boolean;
  readonly children: ComponentChildren;
}) {
  const words = useWords();
  usePageTitle(props.title);
  const note = [props.note, props.stamp == null ? undefined : stampText(props.stamp, words)].filter((part) => part !== undefined);
  return (
    <main class="sheet numbers" data-old={props.isOld === true}>
      <div class="heading">
        {props.back !== undefined && (
          <p class="crumb">
            <a href={props.back.url}>{props.back.name}</a>
          </p>
        )}
        <h1>{props.title}</h1>
        {note.length > 0 && <p class="label">{note.join(' · ')}</p>}
      </div>
      {props.children}
    </main>
  );
}

export function Trouble({ refusal }: { refusal: Refused | null }) {
  const words = useWords();
  if (refusal === null || refusal.status === 401) return null;
  const known = Object.hasOwn(words.refusals, refusal.id) ? words.refusals[refusal.id] : undefined;
  const text = known ?? (refusal.id === 'no-answer' ? words.offline : refusal.status === 404 ? words.notServed : refusal.message);
  return (
    <p class="trouble" role="status">
      <Mark name="alert" /> {text}
    </p>
  );
}

export interface Column<T> {
  readonly name: string;
  /** What the heading tells when one asks. */
  readonly help?: string | undefined;
  /** Stands below the name: the formula of a share. */
  readonly formula?: string | undefined;
  readonly isText?: boolean;
  readonly cell: (row: T) => ComponentChildren;
}

/** Figures to the right, words to the left; wide ones scroll by themselves. */
export function Table<T>(props: {
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly label: string;
  /** What a row is of, where something may be typed into it: a row that moves takes it along. */
  readonly keyOf?: (row: T) => string;
  /** Said where there are no rows. */
  readonly ifNone?: string;
}) {
  const words = useWords();
  if (props.rows.length === 0) return <p class="empty">{props.ifNone ?? words.none}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="table-frame" tabIndex={0} aria-label={props.label}>
      <table>
        <thead>
          <tr>
            {props.columns.map(({ name, help, formula, isText }) => (
              <th key={name} scope="col" title={help} data-text={isText === true}>
                {name}
                {formula !== undefined && <small class="formula">{formula}</small>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row, at) => (
            <tr key={props.keyOf?.(row) ?? at}>
              {props.columns.map(({ name, cell, isText }) => (
                <td key={name} data-text={isText === true}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A share never stands without its parts. */
export function ShareCell({ share }: { share: Share }) {
  return (
    <>
      {formatShare(share)}{' '}
      <small>
        {share.numerator}/{share.denominator}
      </small>
    </>
  );
}

/** A share of time, with both times. */
export function TimeShareCell({ share }: { share: Share }) {
  return (
    <>
      {formatShare(share)}{' '}
      <small>
        {formatClock(share.numerator)}/{formatClock(share.denominator)}
      </small>
    </>
  );
}

/** `snapshot 17524 · as of 2026-11-22 14:03:07 (Asia/Shanghai)`. */
const stampText = ({ seq, atMs }: Stamp, words: NumberWords): string =>
  `${words.snapshotOf(seq)} · ${words.asOf(siteMoment(atMs, true), zone())}`;

export const zone = (): string => site.value?.timeZone ?? 'UTC';

/** `2026-11-22` of the site. */
export const siteDay = (atMs: number): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone: zone(), year: 'numeric', month: '2-digit', day: '2-digit' }).format(atMs);

/** `14:03`, `14:03:07` of the site. */
export const siteTime = (atMs: number, hasSeconds = false): string =>
  new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: zone(), hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    ...(hasSeconds ? { second: '2-digit' } : {}),
  }).format(atMs);

/** `2026-11-22 14:03` of the site. */
export const siteMoment = (atMs: number, hasSeconds = false): string => `${siteDay(atMs)} ${siteTime(atMs, hasSeconds)}`;

/** The moment at which the site's clocks show this; null: no such day or time. */
export function momentOf(day: string, time: string): number | null {
  const asUtc = Date.parse(`${day}T${time}Z`);
  if (Number.isNaN(asUtc)) return null;
  const shown = (atMs: number): number => Date.parse(`${siteDay(atMs)}T${siteTime(atMs, true)}Z`);
  // Twice, for moments near a change of the clocks.
  const near = asUtc - (shown(asUtc) - asUtc);
  return near - (shown(near) - asUtc);
}

export const dayAfter = (day: string): string => new Date(Date.parse(`${day}T12:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
