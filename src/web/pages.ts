import type { Route } from './router.js';
import type { Words } from './words.js';

/** Where one can go from every page, in the order shown. */
export const PAGES: ReadonlyArray<{
  readonly url: string;
  readonly word: (words: Words) => string;
  readonly holds: ReadonlyArray<Route['page']>;
}> = [
  { url: '/wallboard', word: (words) => words.wallboard, holds: ['wallboard', 'wall', 'queue', 'queueCalls'] },
  { url: '/agents', word: (words) => words.agentsPage, holds: ['agents'] },
  { url: '/alarms', word: (words) => words.alarmsPage, holds: ['alarms'] },
  { url: '/replay', word: (words) => words.replayPage, holds: ['replay'] },
  { url: '/reports', word: (words) => words.reportsPage, holds: ['reports'] },
  { url: '/staffing', word: (words) => words.staffingPage, holds: ['staffing'] },
  { url: '/flows', word: (words) => words.flows, holds: ['flows', 'flow', 'edit', 'versions', 'call'] },
];
