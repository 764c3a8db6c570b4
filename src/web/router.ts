import { signal } from '@preact/signals';

/** Which page the address names. One row per page: a new page is a new row here, an address in `http/page-routes.ts` and a case in `app.tsx`. */
export type Route =
  | { readonly page: 'wallboard' }
  /** The wall that nobody touches: `?queues=a,b` shows those alone. */
  | { readonly page: 'wall' }
  | { readonly page: 'agents' }
  | { readonly page: 'alarms' }
  | { readonly page: 'audit' }
  | { readonly page: 'replay' }
  | { readonly page: 'reports' }
  | { readonly page: 'staffing' }
  | { readonly page: 'queue'; readonly id: string }
  | { readonly page: 'queueCalls'; readonly id: string }
  | { readonly page: 'flows' }
  | { readonly page: 'flow'; readonly id: string }
  | { readonly page: 'edit'; readonly id: string }
  | { readonly page: 'versions'; readonly id: string }
  | { readonly page: 'call'; readonly id: string }
  | { readonly page: 'unknown' };
export type FlowRoute = Extract<Route, { page: 'flows' | 'flow' | 'edit' | 'versions' | 'call' }>;
export type AuditRoute = Extract<Route, { page: 'audit' }>;
export type NumberRoute = Exclude<Route, FlowRoute | { page: 'unknown' | 'wallboard' | 'wall' | 'audit' }>;

const TABLE: ReadonlyArray<readonly [pattern: RegExp, route: (id: string) => Route]> = [
  [/^\/(?:wallboard)?$/, () => ({ page: 'wallboard' })],
  [/^\/wall$/, () => ({ page: 'wall' })],
  [/^\/agents$/, () => ({ page: 'agents' })],
  [/^\/alarms$/, () => ({ page: 'alarms' })],
  [/^\/audit$/, () => ({ page: 'audit' })],
  [/^\/replay$/, () => ({ page: 'replay' })],
  [/^\/reports$/, () => ({ page: 'reports' })],
  [/^\/staffing$/, () => ({ page: 'staffing' })],
  [/^\/queues\/([^/]+)$/, (id) => ({ page: 'queue', id })],
  [/^\/queues\/([^/]+)\/calls$/, (id) => ({ page: 'queueCalls', id })],
  [/^\/flows$/, () => ({ page: 'flows' })],
  [/^\/flows\/([^/]+)$/, (id) => ({ page: 'flow', id })],
  [/^\/flows\/([^/]+)\/edit$/, (id) => ({ page: 'edit', id })],
  [/^\/flows\/([^/]+)\/versions$/, (id) => ({ page: 'versions', id })],
  [/^\/calls\/([^/]+)$/, (id) => ({ page: 'call', id })],
];

/** The page of a path; `unknown` for every other path, also for one that cannot be decoded. */
export function routeOf(path: string): Route {
  for (const [pattern, route] of TABLE) {
    const match = pattern.exec(path);
    if (match === null) continue;
    try {
      return route(decodeURIComponent(match[1] ?? ''));
    } catch {
      return { page: 'unknown' };
    }
  }
  return { page: 'unknown' };
}

/** Asked before a page is left; true lets go. */
type LeaveGuard = () => Promise<boolean>;

export const route = signal<Route>(routeOf(location.pathname));
/** What stands behind `?`, of the page that is shown. */
export const query = signal(new URLSearchParams(location.search));

let guard: LeaveGuard | null = null;
/** Place of the shown entry in the browser's history, so that a step back can be taken back. */
let place = placeOf(history.state) ?? 0;
let isReturning = false;

function placeOf(state: unknown): number | null {
  return typeof state === 'object' && state !== null && 'place' in state && typeof state.place === 'number' ? state.place : null;
}

/** Holds the page until `mayLeave` lets go; the browser's own question stands at closing and reloading. Returns the function that ends it. */
export function guardLeaving(mayLeave: LeaveGuard): () => void {
  guard = mayLeave;
  addEventListener('beforeunload', askBrowser);
  return () => {
    if (guard === mayLeave) guard = null;
    removeEventListener('beforeunload', askBrowser);
  };
}

const askBrowser = (event: BeforeUnloadEvent): void => event.preventDefault();

export const isGuarded = (): boolean => guard !== null;

/** Goes to a page of ours without loading the document again. */
export async function navigate(url: string): Promise<void> {
  if (guard !== null && !(await guard())) return;
  place += 1;
  history.pushState({ place }, '', url);
  show();
  scrollTo(0, 0);
}

function show(): void {
  query.value = new URLSearchParams(location.search);
  route.value = routeOf(location.pathname);
}

async function onPopState(event: PopStateEvent): Promise<void> {
  if (isReturning) {
    isReturning = false;
    return;
  }
  const target = placeOf(event.state) ?? 0;
  const away = target - place;
  if (guard !== null && away !== 0) {
    // The browser has moved already: back to where we were, then ask.
    isReturning = true;
    history.go(-away);
    if (!(await guard())) return;
    guard = null;
    history.go(away);
    return;
  }
  place = target;
  show();
}

/** Clicks on links to our own pages stay in the document; with a modifier key, or to the API, they are the browser's. */
function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element | null)?.closest?.('a[href]');
  if (link === null || link === undefined || link.hasAttribute('target') || link.hasAttribute('download')) return;
  const url = new URL((link as HTMLAnchorElement).href, location.href);
  if (url.origin !== location.origin || routeOf(url.pathname).page === 'unknown') return;
  event.preventDefault();
  void navigate(url.pathname + url.search);
}

export function startRouter(): void {
  history.replaceState({ place }, '');
  addEventListener('popstate', (event) => void onPopState(event));
  document.addEventListener('click', onClick);
}

export const flowUrl = (flowId: string, part: '' | '/edit' | '/versions' = ''): string =>
  `/flows/${encodeURIComponent(flowId)}${part}`;
export const callUrl = (callId: string): string => `/calls/${encodeURIComponent(callId)}`;
export const queueUrl = (queueId: string): string => `/queues/${encodeURIComponent(queueId)}`;
/** The calls behind a figure of the day. */
export const figureUrl = (queueId: string, figure: string): string => `${queueUrl(queueId)}/calls?figure=${figure}`;
