import { useEffect } from 'preact/hooks';
import { PAGES } from './pages.js';
import { route } from './router.js';
import { readSession, site } from './session.js';
import { chooseLanguage, chooseTheme, language, themeNow } from './settings.js';
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
        {PAGES.map((page) => (
          <a key={page.url} href={page.url} aria-current={page.holds.includes(route.value.page) ? 'page' : undefined}>
            {page.word(words)}
          </a>
        ))}
      </nav>
      <div class="controls">
        <WhoAmI />
        <button type="button" data-do="theme" onClick={() => chooseTheme(themeNow() === 'dark' ? 'light' : 'dark')}>
          {themeNow() === 'dark' ? words.light : words.dark}
        </button>
        <button
          type="button"
          data-do="language"
          lang={language.value === 'zh' ? 'en' : 'zh-CN'}
          onClick={() => chooseLanguage(language.value === 'zh' ? 'en' : 'zh')}
        >
          {words.otherLanguage}
        </button>
      </div>
    </header>
  );
}
