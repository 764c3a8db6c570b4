import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { PartMissing, TokenDialog } from './dialogs.js';
import { type AuditRoute, type FlowRoute, type NumberRoute, type Route, route } from './router.js';
import { mayRead } from './session.js';
import { language } from './settings.js';
import { SignIn } from './sign-in.js';
import { TopBar } from './top-bar.js';
import { Wallboard } from './wallboard.js';
import { WORDS } from './words.js';

/** The page that the address names, or the question for a token. */
export function App() {
  if (mayRead.value === false) return <SignIn />;
  const now = route.value;
  return (
    <>
      {now.page === 'wallboard' || now.page === 'wall' ? <Wallboard isKiosk={now.page === 'wall'} /> : <Inside route={now} />}
      <TokenDialog />
    </>
  );
}

/** Every page but the wall: the bar above, the page below. */
function Inside({ route: now }: { route: Route }) {
  return (
    <div class="inside">
      <TopBar />
      <Part route={now} />
    </div>
  );
}

function NotFound() {
  return (
    <main class="sheet">
      <p class="empty">{WORDS[language.value].noSuchPage}</p>
    </main>
  );
}

/** Which part of the pages a page is in. Parts come when they are wanted: a wall does not load them. */
function Part({ route: now }: { route: Route }) {
  switch (now.page) {
    case 'unknown':
    case 'wallboard':
    case 'wall':
      return <NotFound />;
    case 'flows':
    case 'flow':
    case 'edit':
    case 'versions':
    case 'call':
      return <Loaded key="flows" route={now} load={loadFlows} />;
    case 'audit':
      return <Loaded key="audit" route={now} load={loadAudit} />;
    default:
      return <Loaded key="numbers" route={now} load={loadNumbers} />;
  }
}

const loadFlows = (): Promise<ComponentType<{ route: FlowRoute }>> => {
  addStyles('/flows.css');
  addStyles('/numbers.css');
  return import('./flows/flow-pages.js').then((loaded) => loaded.FlowPages);
};
const loadNumbers = (): Promise<ComponentType<{ route: NumberRoute }>> => {
  addStyles('/flows.css');
  addStyles('/numbers.css');
  return import('./numbers/number-pages.js').then((loaded) => loaded.NumberPages);
};
const loadAudit = (): Promise<ComponentType<{ route: AuditRoute }>> => {
  addStyles('/flows.css');
  addStyles('/numbers.css');
  return import('./audit/audit-page.js').then((loaded) => loaded.AuditPage);
};

function Loaded<R extends Route>({ route: now, load }: { route: R; load: () => Promise<ComponentType<{ route: R }>> }) {
  const words = WORDS[language.value];
  const [Page, setPage] = useState<ComponentType<{ route: R }> | null>(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    load().then(
      (loaded) => setPage(() => loaded),
      () => setFailed(true),
    );
  }, []);
  if (Page !== null) return <Page route={now} />;
  return <main class="sheet">{hasFailed ? <PartMissing /> : <p class="empty">{words.loading}…</p>}</main>;
}

function addStyles(href: string): void {
  if (document.querySelector(`link[href="${href}"]`) !== null) return;
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = href;
  document.head.append(link);
}
