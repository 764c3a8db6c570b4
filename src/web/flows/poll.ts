import { useEffect, useRef, useState } from 'preact/hooks';
import { type Answer, type Refused, read } from '../api.js';

export interface Polled<T> {
  /** The latest good answer; an older one stays while the server is away. */
  readonly value: T | null;
  /** Why the latest question was not answered; null when it was. */
  readonly refusal: Refused | null;
  /** Asks at once. */
  readonly again: () => void;
}

/** Asks for `path` now and each `everyMs` after the answer (null: once), not while nobody looks. A new path begins anew; null asks nothing. */
export function usePoll<T>(path: string | null, everyMs: number | null): Polled<T> {
  const [state, setState] = useState<{ path: string | null; value: T | null; refusal: Refused | null }>({
    path: null,
    value: null,
    refusal: null,
  });
  const ask = useRef<() => void>(() => undefined);
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isAsking = false;
    const next = async (): Promise<void> => {
      clearTimeout(timer);
      if (isAsking) return;
      isAsking = true;
      const answer: Answer<T> = await read<T>(path, stop.signal);
      isAsking = false;
      if (stop.signal.aborted) return;
      setState((before) =>
        answer.ok
          ? { path, value: answer.value, refusal: null }
          : { path, value: before.path === path ? before.value : null, refusal: answer.refusal },
      );
      schedule();
    };
    const schedule = (): void => {
      if (everyMs !== null) timer = setTimeout(() => (document.hidden ? schedule() : void next()), everyMs);
    };
    ask.current = () => void next();
    void next();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs]);
  const fits = state.path === path;
  return { value: fits ? state.value : null, refusal: fits ? state.refusal : null, again: () => ask.current() };
}
