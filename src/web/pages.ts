import type { Route } from './router.js';
import type { Role } from './session.js';
import type { Words } from './words.js';

/** Where one can go from every page, in the order shown. */
export const PAGES: ReadonlyArray<{
  readonly url: string;
  readonly word: (words: Words) => string;
  readonly holds: ReadonlyArray<Route['page']>;
  /** Who is shown the way; everybody unless told. What is behind it the server decides. */
  readonly roles?: ReadonlyArray<Role>;
}> = [
  { url: '/wallboard', word: (words) => words.wallboard, holds: ['wallboard', 'wall', 'queue', 'queueCalls', 'call'] },
  { url: '/agents', word: (words) => words.agentsPage, holds: ['agents'] },
  { url: '/alarms', word: (words) => words.alarmsPage, holds: ['alarms'] },
  { url: '/replay', word: (words) => words.replayPage, holds: ['replay'] },
  { url: '/reports', word: (words) => words.reportsPage, holds: ['reports'] },
  { url: '/staffing', word: (words) => words.staffingPage, holds: ['staffing'] },
  { url: '/flows', word: (words) => words.flows, holds: ['flows', 'flow', 'edit', 'versions'] },
  { url: '/audit', word: (words) => words.auditPage, holds: ['audit'], roles: ['admin'] },
];

/** Those for who is signed in. */
export const pagesFor = (role: Role | 'local' | null) =>
  PAGES.filter(({ roles }) => roles === undefined || (role !== null && role !== 'local' && roles.includes(role)));
