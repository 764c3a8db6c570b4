import { signal } from '@preact/signals';

/** Who this browser reads for, and the site that it reads of. */

export interface PageSite {
  readonly name: string;
  readonly timeZone: string;
  readonly languages: readonly string[];
}

interface Session {
  readonly site: PageSite;
  readonly mayRead: boolean;
}

export const site = signal<PageSite | null>(null);
/** Null until the server has said. */
export const mayRead = signal<boolean | null>(null);

/** Asks the server anew. Throws when it is not there. */
export async function readSession(): Promise<Session> {
  const answer = await fetch('/api/v1/session', { cache: 'no-store', signal: AbortSignal.timeout(5_000) });
  const session = (await answer.json()) as Session;
  if (!answer.ok) throw new Error(`session: ${answer.status}`);
  site.value = session.site;
  mayRead.value = session.mayRead;
  return session;
}

/** Hands the token over; the server gives it back as a cookie that this script cannot read. */
export async function signIn(token: string): Promise<boolean> {
  const answer = await fetch('/api/v1/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-hotline-page': '1' },
    body: JSON.stringify({ token }),
  });
  if (answer.ok) mayRead.value = true;
  return answer.ok;
}
