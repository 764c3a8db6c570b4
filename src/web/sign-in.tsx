import { useSignal } from '@preact/signals';
import { signIn, site } from './session.js';
import { language } from './settings.js';
import { WORDS } from './words.js';

/** Asks for the token of a wall that is not on this machine. The token is never kept by this script, and never stands in an address. */
export function SignIn() {
  const words = WORDS[language.value];
  const isWrong = useSignal(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem('token') as HTMLInputElement;
    const token = field.value.trim();
    field.value = '';
    isWrong.value = token === '' || !(await signIn(token).catch(() => false));
  };
  return (
    <main class="sign-in">
      <form onSubmit={submit}>
        <h1>{site.value?.name ?? ''}</h1>
        <h2>{words.signInTitle}</h2>
        <p>{words.signInHint}</p>
        <label>
          {words.token}
          <input name="token" type="password" autocomplete="off" maxLength={256} required />
        </label>
        <p class="wrong" role="alert">
          {isWrong.value ? words.wrongToken : ''}
        </p>
        <button type="submit">{words.signIn}</button>
      </form>
    </main>
  );
}
