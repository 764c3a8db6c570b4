import { useEffect } from 'preact/hooks';
import { pagesFor } from './pages.js';
import { route } from './router.js';
import { ScreenButtons } from './screen-buttons.js';
import { readSession, site, who } from './session.js';
import { language } from './settings.js';
import { WhoAmI } from './who-am-i.js';
import { WORDS } from './words.js';

/** Site, pages, language and theme: above every page but the wall. */
export function TopBar() {
  const words = WORDS[language.value];
  useEffect(() => {
    void readSession().catch(() => undefined);
  }, []);
  return (
    <header class="top-bar">
      <p class="site-name">{site.value?.name ?? ''}</p>
      <nav aria-label={words.pages}>
        {pagesFor(who.value?.role ?? null).map((page) => (
          <a key={page.url} href={page.url} aria-current={page.holds.includes(route.value.page) ? 'page' : undefined}>
            {page.word(words)}
          </a>
        ))}
      </nav>
      <div class="controls">
        <WhoAmI />
        <ScreenButtons />
      </div>
    </header>
  );
}
