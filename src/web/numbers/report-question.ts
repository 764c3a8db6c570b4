import { serverNowMs } from '../api.js';
import { query } from '../router.js';
import { dayAfter, siteDay } from './parts.js';
import type { NumberWords } from './words.js';

/** What a report is asked: read from the address, and written into one. */

/** The steps of time that a report may be told in; '' is the whole. */
export const BY: Readonly<Record<string, readonly string[]>> = {
  intervals: ['15m', '30m', '60m', 'day'],
  agents: ['', '60m', 'day'],
  reasons: ['', '60m', 'day'],
  outcomes: ['', '60m', 'day'],
};

/** Reports that may be asked of one queue. */
export const OF_QUEUES = new Set(['queues', 'intervals', 'calls']);

export interface Question {
  readonly report: string;
  readonly from: string;
  readonly to: string;
  readonly by: string;
  readonly queue: string;
  /** Of calls alone. */
  readonly agent: string;
  readonly outcome: string;
}

/** What is not written as it must be is left at its usual value. */
export function readQuestion(words: NumberWords): Question {
  const text = (name: string, orElse: string, shape: RegExp) => {
    const given = query.value.get(name);
    return given !== null && shape.test(given) ? given : orElse;
  };
  const today = siteDay(serverNowMs());
  const report = text('report', 'queues', /^[a-z-]{1,20}$/);
  const known = Object.hasOwn(words.reports, report) ? report : 'queues';
  // A figure of an interval leads to calls between two moments.
  const moment = known === 'calls' ? /^(\d{4}-\d{2}-\d{2}|\d{1,15})$/ : /^\d{4}-\d{2}-\d{2}$/;
  const from = text('from', today, moment);
  return {
    report: known,
    from,
    to: text('to', dayAfter(dayOf(from)), moment),
    by: text('by', BY[known]?.[0] ?? '', /^(15m|30m|60m|day)?$/),
    queue: text('queue', '', /^[A-Za-z0-9._-]{0,96}$/),
    agent: known === 'calls' ? text('agent', '', /^[A-Za-z0-9._-]{0,96}$/) : '',
    outcome: known === 'calls' ? text('outcome', '', /^[A-Za-z-]{0,48}$/) : '',
  };
}

/** The day of a day or of a moment. */
export const dayOf = (text: string): string => (/^\d+$/.test(text) ? siteDay(Number(text)) : text);

/** One address for each question. */
export function reportUrl({ report, from, to, ...rest }: Question): string {
  const isCalls = report === 'calls';
  const given = Object.entries(rest).filter(([, value]) => value !== '');
  return `/reports?${new URLSearchParams({
    report,
    from: isCalls ? from : dayOf(from),
    to: isCalls ? to : dayOf(to) > dayOf(from) ? dayOf(to) : dayAfter(dayOf(from)),
    ...Object.fromEntries(given),
  })}`;
}

/** Where the API answers it. */
export function addressOf({ report, from, to, by, queue, agent, outcome }: Question, format: 'json' | 'csv' = 'json'): string {
  const asked = new URLSearchParams({ from, to });
  if (by !== '' && BY[report] !== undefined) asked.set('by', by);
  if (queue !== '' && OF_QUEUES.has(report)) asked.set('queue', queue);
  if (agent !== '') asked.set('agent', agent);
  if (outcome !== '') asked.set('outcome', outcome);
  if (format === 'csv') {
    asked.set('format', 'csv');
    asked.set('bom', '1');
  }
  return `/api/v1/${report === 'calls' ? 'history/calls' : `reports/${report}`}?${asked}`;
}
