import { useEffect } from 'preact/hooks';
import { readSession, site } from './session.js';
import { language } from './settings.js';
import { SignInForm } from './sign-in-form.js';
import { SIGN_IN_WORDS } from './sign-in-words.js';

const LOOK_EVERY_MS = 5_000;

/**
 * Shown instead of any page while this browser may not read; the address stays, so that one is where one was afterwards. A wall whose sign-in could
 * not be looked up for a while comes back by itself.
 */
export function SignIn() {
  const words = SIGN_IN_WORDS[language.value];
  useEffect(() => {
    const look = () => void readSession().catch(() => undefined);
    look();
    const looking = setInterval(look, LOOK_EVERY_MS);
    return () => clearInterval(looking);
  }, []);
  return (
    <main class="sign-in">
      <div class="card">
        <h1>{site.value?.name ?? ''}</h1>
        <h2>{words.title}</h2>
        <SignInForm hint={words.hint} />
      </div>
    </main>
  );
}
