import { signal } from '@preact/signals';
import { type Answer, mayRead, plainly, send } from './api.js';

/** Who this browser is signed in as, and the site that it reads of. */

export { mayRead } from './api.js';

export interface PageSite {
  readonly name: string;
  readonly timeZone: string;
  readonly languages: readonly string[];
}

export type Role = 'viewer' | 'agent' | 'supervisor' | 'admin';

export interface Session {
  readonly site: PageSite;
  readonly mayRead: boolean;
  /** Of the account or token; null: nobody. */
  readonly name: string | null;
  readonly title: string | null;
  readonly role: Role | 'local' | null;
  readonly teams: readonly string[] | null;
  readonly agentId: string | null;
  readonly via: 'bearer' | 'session' | 'local' | null;
  readonly expiresMs: number | null;
  readonly hasUsers: boolean;
}

export const site = signal<PageSite | null>(null);
/** Null until the server has said. */
export const who = signal<Session | null>(null);

/** Asks the server anew. Throws when it is not there, or cannot say at the moment. */
export async function readSession(): Promise<Session> {
  const answer = await send<Session>('GET', '/api/v1/session', undefined, AbortSignal.timeout(5_000));
  if (!answer.ok) throw new Error(`session: ${answer.refusal.status}`);
  return taken(answer.value);
}

export type Credentials = { readonly user: string; readonly password: string } | { readonly token: string };

/** Hands them over once; the server gives back a cookie that this script cannot read. */
export async function signIn(credentials: Credentials): Promise<Answer<Session>> {
  const answer = await send<Session>('POST', '/api/v1/session', credentials);
  if (answer.ok) taken(answer.value);
  return answer;
}

/** Back to nobody; where reads are free the page stays. */
export async function signOut(everywhere: boolean): Promise<void> {
  await plainly('DELETE', `/api/v1/session${everywhere ? '?all=1' : ''}`);
  await readSession().catch(() => undefined);
}

function taken(session: Session): Session {
  site.value = session.site;
  who.value = session;
  mayRead.value = session.mayRead;
  return session;
}
