import type { Route } from './router.js';
import type { Words } from './words.js';

/** Where one can go from every page, in the order shown. */
export const PAGES: ReadonlyArray<{
  readonly url: string;
  readonly word: (words: Words) => string;
  readonly holds: ReadonlyArray<Route['page']>;
}> = [
  { url: '/wallboard', word: (words) => words.wallboard, holds: ['wallboard'] },
  { url: '/flows', word: (words) => words.flows, holds: ['flows', 'flow', 'edit', 'versions', 'call'] },
];
