import { useSignal } from '@preact/signals';
import type { Refused } from './api.js';
import { type Credentials, signIn, who } from './session.js';
import { language } from './settings.js';
import { SIGN_IN_WORDS } from './sign-in-words.js';
import { WORDS } from './words.js';

interface FormProps {
  readonly hint: string;
  readonly onDone?: () => void;
  readonly onCancel?: () => void;
}

/** Account and password, or the token of a wall. What is typed goes to the server once and is kept nowhere. */
export function SignInForm({ hint, onDone, onCancel }: FormProps) {
  const words = SIGN_IN_WORDS[language.value];
  const common = WORDS[language.value];
  const hasUsers = who.value?.hasUsers ?? false;
  const chosen = useSignal<'password' | 'token' | null>(null);
  const mode = chosen.value ?? (hasUsers ? 'password' : 'token');
  const wrong = useSignal('');
  const isBusy = useSignal(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (isBusy.value) return;
    const form = event.currentTarget as HTMLFormElement;
    const field = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
    const credentials: Credentials =
      mode === 'token'
        ? { token: field('token').value.trim() }
        : { user: field('user').value.trim(), password: field('password').value };
    field(mode).value = '';
    isBusy.value = true;
    wrong.value = '';
    const answer = await signIn(credentials);
    isBusy.value = false;
    if (answer.ok) onDone?.();
    else wrong.value = whyNot(answer.refusal, mode);
  };
  const choose = (next: 'password' | 'token') => {
    chosen.value = next;
    wrong.value = '';
  };
  return (
    <form class="token-form" onSubmit={submit}>
      <p>{mode === 'token' ? words.tokenHint : hint}</p>
      {mode === 'token' ? (
        <label key="token">
          {common.token}
          <input name="token" type="password" autocomplete="off" maxLength={256} required />
        </label>
      ) : (
        <>
          <label key="user">
            {words.user}
            <input name="user" autocomplete="username" autocapitalize="none" spellcheck={false} maxLength={64} required />
          </label>
          <label key="password">
            {words.password}
            <input name="password" type="password" autocomplete="current-password" maxLength={200} required />
          </label>
        </>
      )}
      <p class="wrong" role="alert">
        {wrong.value}
      </p>
      <div class="buttons">
        {onCancel && (
          <button type="button" onClick={onCancel}>
            {common.cancel}
          </button>
        )}
        <button type="submit" class="primary" disabled={isBusy.value}>
          {words.signIn}
        </button>
      </div>
      {hasUsers ? (
        <button type="button" class="plain" data-do="other-way" onClick={() => choose(mode === 'token' ? 'password' : 'token')}>
          {mode === 'token' ? words.byPassword : words.byToken}
        </button>
      ) : (
        <p class="no-users">
          {words.noUsers} <code>hotline user add NAME --role admin</code>
        </p>
      )}
    </form>
  );
}

function whyNot({ id, status }: Refused, mode: 'password' | 'token'): string {
  const words = SIGN_IN_WORDS[language.value];
  switch (id) {
    case 'wrong-sign-in':
      return mode === 'token' ? WORDS[language.value].wrongToken : words.wrong;
    case 'too-many-tries':
      return words.tooMany;
    case 'unavailable-sign-in':
      return words.away;
    case 'no-answer':
      return words.noAnswer;
    default:
      return `${words.refused} (${id || status})`;
  }
}
