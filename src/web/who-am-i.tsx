import { askSignIn } from './api.js';
import { signOut, who } from './session.js';
import { language } from './settings.js';
import { SIGN_IN_WORDS } from './sign-in-words.js';

/** Who is signed in, as what, and the way out; who is not may sign in. */
export function WhoAmI() {
  const words = SIGN_IN_WORDS[language.value];
  const session = who.value;
  if (session === null) return null;
  if (session.via !== 'session') {
    return (
      <button type="button" data-do="sign-in" title={words.notSignedIn} onClick={() => void askSignIn()}>
        {words.signIn}
      </button>
    );
  }
  return (
    <details class="who">
      <summary aria-label={`${words.who} ${session.title}`}>{session.title}</summary>
      <div>
        <p>
          {session.name} · {session.role === null ? '' : words.roles[session.role]}
        </p>
        {session.role === 'supervisor' && <p>{words.teams(session.teams?.join(', ') ?? words.allTeams)}</p>}
        <button type="button" data-do="sign-out" onClick={() => void signOut(false)}>
          {words.signOut}
        </button>
        <button type="button" data-do="sign-out-all" onClick={() => void signOut(true)}>
          {words.signOutAll}
        </button>
      </div>
    </details>
  );
}
