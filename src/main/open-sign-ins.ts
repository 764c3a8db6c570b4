import { RedisSessions } from '../adapters/redis/redis-sessions.js';
import type { Ms } from '../base/time.js';
import type { AccessToken, AuditEntry } from '../http/deps.js';
import type { Log } from '../ports/log.js';
import { watchUsers } from './config/users-file.js';
import { SignInDesk } from './sign-in.js';
import type { Site } from './site.js';

export interface SignInSources {
  readonly site: Site;
  readonly log: Log;
  readonly audit: (entry: AuditEntry) => Promise<void>;
  readonly tokens: () => readonly AccessToken[];
  readonly nowMs: () => Ms;
}

/** Sign-ins of the running house. Rejects when the users file has mistakes. */
export async function openSignIns({ site, log, audit, tokens, nowMs }: SignInSources) {
  const { settings, usersFile } = site;
  const users = await watchUsers({
    file: usersFile,
    agents: settings.acd.agents,
    log,
    onChange: ({ added, removed, changed }) => {
      const detail = { added: added.join(' '), removed: removed.join(' '), changed: changed.join(' ') };
      void audit({ by: 'file', role: 'none', via: 'file', action: 'users/changed', subject: null, detail, address: '' });
    },
  });
  const both = tokens().filter(({ name }) => users.all().has(name));
  if (both.length > 0) {
    log.warn(
      { names: both.map(({ name }) => name) },
      'a user and a token have the same name; the audit tells them apart by "via" only',
    );
  }
  if (users.all().size === 0) log.info({ usersFile }, 'nobody can sign in with a password: "hotline user add NAME --role admin"');
  const store = await RedisSessions.connect({ ...settings.redis, log });
  const desk = new SignInDesk({ store, users: users.all, tokens, nowMs, audit, log });
  return {
    desk,
    close: async (): Promise<void> => {
      users.close();
      await desk.close();
    },
  };
}
