import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { tokenQuestion } from './api.js';
import { language } from './settings.js';
import { WORDS } from './words.js';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  readonly isWide?: boolean;
}

/** A question over the page. The browser keeps the focus inside and closes it by Escape. */
export function Dialog({ title, onClose, children, isWide = false }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const own = element.current;
    own?.showModal();
    return () => own?.close();
  }, []);
  return (
    <dialog
      ref={element}
      class="dialog"
      data-wide={isWide}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <h2>{title}</h2>
      {children}
    </dialog>
  );
}

/** Shown when a change was not let through: who may change says so here. The token stays in this page's memory. */
export function TokenDialog() {
  const words = WORDS[language.value];
  const asked = tokenQuestion.value;
  if (asked === null) return null;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const field = (event.currentTarget as HTMLFormElement).elements.namedItem('token') as HTMLInputElement;
    const token = field.value.trim();
    field.value = '';
    // A header cannot carry anything else, and no token has anything else.
    if (/^[A-Za-z0-9._~-]{1,256}$/.test(token)) asked.answer(token);
  };
  return (
    <Dialog title={words.changeTitle} onClose={() => asked.answer(null)}>
      <form class="token-form" onSubmit={submit}>
        <p>{words.changeHint}</p>
        <label>
          {words.token}
          <input name="token" type="password" autocomplete="off" maxLength={256} required pattern="[A-Za-z0-9._~\-]+" />
        </label>
        <p class="wrong" role="alert">
          {asked.wasWrong ? words.wrongToken : ''}
        </p>
        <div class="buttons">
          <button type="button" onClick={() => asked.answer(null)}>
            {words.cancel}
          </button>
          <button type="submit" class="primary">
            {words.signIn}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** A part of the pages did not come: the server is away, or was upgraded and has other parts now. */
export function PartMissing() {
  const words = WORDS[language.value];
  return (
    <p class="empty" role="alert">
      {words.partMissing}{' '}
      <button type="button" onClick={() => location.reload()}>
        {words.reload}
      </button>
    </p>
  );
}
