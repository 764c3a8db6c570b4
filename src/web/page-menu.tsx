import { useEffect, useRef, useState } from 'preact/hooks';
import { Mark } from './icons.js';
import { pagesFor } from './pages.js';
import { who } from './session.js';
import { language } from './settings.js';
import { WORDS } from './words.js';

/** The way from the wall to the other pages: one button, so that no bar takes room on a big screen. */
export function PageMenu() {
  const words = WORDS[language.value];
  const [isOpen, setOpen] = useState(false);
  const whole = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const closeOutside = (event: Event) => {
      if (!whole.current?.contains(event.target as Node)) setOpen(false);
    };
    const closeByKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      setOpen(false);
      whole.current?.querySelector('button')?.focus();
    };
    document.addEventListener('pointerdown', closeOutside);
    document.addEventListener('keydown', closeByKey);
    return () => {
      document.removeEventListener('pointerdown', closeOutside);
      document.removeEventListener('keydown', closeByKey);
    };
  }, [isOpen]);
  return (
    <div class="page-menu" ref={whole}>
      <button
        type="button"
        data-do="menu"
        aria-expanded={isOpen}
        aria-label={words.pages}
        title={words.pages}
        onClick={() => setOpen(!isOpen)}
      >
        <Mark name="menu" />
      </button>
      {isOpen && (
        <nav aria-label={words.pages}>
          {pagesFor(who.value?.role ?? null)
            .filter((page) => !page.holds.includes('wallboard'))
            .map((page) => (
              <a key={page.url} href={page.url}>
                {page.word(words)}
              </a>
            ))}
        </nav>
      )}
    </div>
  );
}
