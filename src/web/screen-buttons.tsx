import { chooseLanguage, chooseTheme, language, themeNow } from './settings.js';
import { WORDS } from './words.js';

/** How this screen is shown: dark or light, and the other language by its own name. */
export function ScreenButtons() {
  const words = WORDS[language.value];
  return (
    <>
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
    </>
  );
}
