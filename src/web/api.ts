import { signal } from '@preact/signals';

/** The one way from the pages to the API: reading, and changes with what the server asks for before it lets somebody change. */

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refused };

/** `id` is the server's, or `no-answer` when it could not be asked. */
export interface Refused {
  readonly status: number;
  readonly id: string;
  readonly message: string;
  /** The whole answer, for refusals that carry more (findings). */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Whoever shows the question who somebody is answers it here: true, somebody else is signed in now; false, the change is given up. */
export interface SignInQuestion {
  answer(isSignedIn: boolean): void;
}
export const signInQuestion = signal<SignInQuestion | null>(null);

/** Whether this browser may read; null until the server has said. */
export const mayRead = signal<boolean | null>(null);

/** Server's clock minus ours, to the second: a page with a wrong clock still tells right how long ago something was. */
let offsetMs = 0;
export const serverNowMs = (): number => Date.now() + offsetMs;

/** Reads. A 401 leads to the sign-in. */
export async function read<T>(path: string, signal?: AbortSignal): Promise<Answer<T>> {
  const answer = await send<T>('GET', path, undefined, signal);
  if (!answer.ok && answer.refusal.status === 401) mayRead.value = false;
  return answer;
}

/** A question whose text is too long for an address; changes nothing, so that a right to read is enough. */
export const question = <T>(path: string, body: unknown, signal?: AbortSignal): Promise<Answer<T>> =>
  send<T>('POST', path, body, signal);

/** Changes something. Who is not signed in is asked to, and who may not is asked once whether somebody else wants to. */
export async function change<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body: unknown): Promise<Answer<T>> {
  let answer = await send<T>(method, path, body);
  let wasAsked = false;
  while (!answer.ok && (answer.refusal.status === 401 || (answer.refusal.id === 'forbidden' && !wasAsked))) {
    if (!(await askSignIn())) return answer;
    wasAsked = true;
    answer = await send<T>(method, path, body);
  }
  return answer;
}

/** Opens the question; true when somebody has signed in. */
export function askSignIn(): Promise<boolean> {
  return new Promise((resolve) => {
    signInQuestion.value = {
      answer: (isSignedIn) => {
        signInQuestion.value = null;
        resolve(isSignedIn);
      },
    };
  });
}

/** A change that asks nobody anything. */
export const plainly = (method: 'POST' | 'DELETE', path: string): Promise<Answer<unknown>> => send(method, path);

/** One request. Cookies ride along; the header says that it comes from a page of ours. */
export async function send<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer<T>> {
  const limit = AbortSignal.timeout(30_000);
  try {
    const response = await fetch(path, {
      method,
      cache: 'no-store',
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      headers: {
        // Another site's form cannot send it: a cookie with it comes from a page of ours.
        'x-hotline-page': '1',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const said = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(said)) offsetMs = Math.abs(said - Date.now()) < 1_500 ? 0 : said - Date.now();
    const value: unknown = response.status === 204 ? null : await response.json();
    return response.ok ? { ok: true, value: value as T } : { ok: false, refusal: refusalOf(response.status, value) };
  } catch (error) {
    return { ok: false, refusal: { status: 0, id: 'no-answer', message: (error as Error).message, body: {} } };
  }
}

function refusalOf(status: number, value: unknown): Refused {
  const body = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const text = (name: string, orElse: string) => (typeof body[name] === 'string' ? body[name] : orElse);
  return { status, id: text('id', 'refused'), message: text('message', `HTTP ${status}`), body };
}
