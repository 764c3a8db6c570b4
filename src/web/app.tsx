import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { PartMissing, TokenDialog } from './dialogs.js';
import { type Route, route } from './router.js';
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
      {now.page === 'wallboard' ? <Wallboard /> : <Inside route={now} />}
      <TokenDialog />
    </>
  );
}

/** Every page but the wall: the bar above, the page below. */
function Inside({ route: now }: { route: Route }) {
  return (
    <div class="inside">
      <TopBar />
      {now.page === 'unknown' || now.page === 'wallboard' ? <NotFound /> : <FlowPart route={now} />}
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

type FlowRoute = Exclude<Route, { page: 'unknown' | 'wallboard' }>;

/** The pages of flows come when they are wanted: a wall does not load them. */
function FlowPart({ route: now }: { route: FlowRoute }) {
  const words = WORDS[language.value];
  const [Page, setPage] = useState<ComponentType<{ route: FlowRoute }> | null>(null);
  const [hasFailed, setFailed] = useState(false);
  useEffect(() => {
    addStyles('/flows.css');
    import('./flows/flow-pages.js').then(
      (loaded) => setPage(() => loaded.FlowPages),
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
