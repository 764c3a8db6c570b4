import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { signInQuestion } from './api.js';
import { language } from './settings.js';
import { SignInForm } from './sign-in-form.js';
import { SIGN_IN_WORDS } from './sign-in-words.js';
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

/** Shown when a change was not let through: who may change signs in here, and the change goes on. */
export function TokenDialog() {
  const words = SIGN_IN_WORDS[language.value];
  const asked = signInQuestion.value;
  if (asked === null) return null;
  return (
    <Dialog title={words.changeTitle} onClose={() => asked.answer(false)}>
      <SignInForm hint={words.changeHint} onDone={() => asked.answer(true)} onCancel={() => asked.answer(false)} />
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
