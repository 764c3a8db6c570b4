import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { err, ok, type Result } from '../../base/result.js';
import { quoted } from '../../flow/finding.js';
import { secretFilesOf } from './endpoints.js';
import type { LoadedConfig } from './load.js';
import { checkMailSecret } from './mail.js';
import type { ConfigFinding } from './shape-findings.js';

/** What the environment says. All of it is optional and goes before the files. */
export interface Environment {
  /** Folder of the configuration. */
  readonly config: string | null;
  /** Name of the file of the configuration that is laid over the others (`demo`: demo.yaml). */
  readonly overlay: string | null;
  readonly redisUrl: string | null;
  readonly ariUrl: string | null;
  readonly ariUser: string | null;
  readonly ariPassword: string | null;
  readonly http: { readonly host: string; readonly port: number } | null;
  readonly data: string | null;
  /** Where the switch writes recordings, when that is not inside `data`. */
  readonly recordings: string | null;
  readonly apiTokenFile: string | null;
  /** The people who may sign in; users.yaml of the configuration unless told. */
  readonly usersFile: string | null;
  /** Of a PostgreSQL database for the history. */
  readonly databaseUrl: string | null;
  readonly switchKind: 'asterisk' | 'simulated' | null;
  readonly logLevel: LogLevel | null;
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Configuration and environment together: what hotline runs with. Secrets are in here; it is never logged. */
export interface Settings extends LoadedConfig {
  readonly switchPassword: string | null;
  readonly logLevel: LogLevel;
}

/** Reads the variables that begin with HOTLINE_, and DATABASE_URL. A variable that is set but empty is as if it were not set. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Result<Environment, ConfigFinding[]> {
  const findings: ConfigFinding[] = [];
  const read = (name: string): string | null => {
    const value = env[name]?.trim() ?? '';
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused here
    if (/[\u0000-\u001f\u007f]/.test(value)) findings.push(refusal(name, 'bad-format', 'control characters are not allowed'));
    return value === '' ? null : value;
  };
  const oneOf = <T extends string>(name: string, known: readonly T[]): T | null => {
    const value = read(name);
    if (value === null || known.includes(value as T)) return value as T | null;
    findings.push(refusal(name, 'unknown-value', `${quoted(value)} is not one of ${known.join(', ')}`));
    return null;
  };
  const address = (name: string, protocols: readonly string[]): string | null => {
    const value = read(name);
    if (value === null) return null;
    const protocol = URL.canParse(value) ? new URL(value).protocol : null;
    if (protocol !== null && protocols.includes(protocol)) return value;
    // The value may hold a password, so it is not shown.
    findings.push(
      refusal(name, 'bad-url', `not an address that begins with ${protocols.map((known) => `${known}//`).join(' or ')}`),
    );
    return null;
  };
  const environment: Environment = {
    config: read('HOTLINE_CONFIG'),
    overlay: read('HOTLINE_OVERLAY'),
    redisUrl: address('HOTLINE_REDIS_URL', ['redis:', 'rediss:', 'unix:']),
    ariUrl: address('HOTLINE_ARI_URL', ['http:', 'https:']),
    ariUser: read('HOTLINE_ARI_USER'),
    ariPassword: read('HOTLINE_ARI_PASSWORD'),
    http: parseBind(read('HOTLINE_HTTP'), findings),
    data: read('HOTLINE_DATA'),
    recordings: read('HOTLINE_RECORDINGS'),
    apiTokenFile: read('HOTLINE_API_TOKEN_FILE'),
    usersFile: read('HOTLINE_USERS_FILE'),
    databaseUrl: address('DATABASE_URL', ['postgres:', 'postgresql:']),
    switchKind: oneOf('HOTLINE_SWITCH', ['asterisk', 'simulated']),
    logLevel: oneOf('HOTLINE_LOG_LEVEL', LOG_LEVELS),
  };
  return findings.length > 0 ? err(findings) : ok(environment);
}

/** `127.0.0.1:8080`, `[::1]:8080`, `:8080` (this machine only). */
function parseBind(value: string | null, findings: ConfigFinding[]): Environment['http'] {
  if (value === null) return null;
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/.exec(value);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3] ?? -1);
  if (match && port <= 65_535) return { host: host === '' ? '127.0.0.1' : host, port };
  findings.push(refusal('HOTLINE_HTTP', 'bad-format', `${quoted(value)} is not host:port, like 127.0.0.1:8080`));
  return null;
}

/**
 * Puts the environment over the configuration and refuses what would be unsafe to run: a switch with the password that its packages ship,
 * or a page for the whole network that asks for no token. `readSecret` returns the trimmed text of a file, or null.
 */
export function settle(
  config: LoadedConfig,
  environment: Environment,
  readSecret: (path: string) => string | null,
): Result<Settings, ConfigFinding[]> {
  const findings: ConfigFinding[] = [];
  const kind = environment.switchKind ?? config.switch.kind;
  const user = environment.ariUser ?? config.switch.user;
  const password = kind === 'asterisk' ? switchPassword(config, environment, user, readSecret, findings) : null;
  const { host, port } = environment.http ?? config.http;
  const tokenFile = environment.apiTokenFile === null ? config.http.tokenFile : resolve(environment.apiTokenFile);
  if (!isLoopback(host) && tokenFile === null) {
    const advice = 'name a file of access tokens (http.tokenFile or HOTLINE_API_TOKEN_FILE), or listen on 127.0.0.1';
    findings.push(
      refusal('http', 'open-to-all', `${host} is reached from other machines and nobody would be asked who they are; ${advice}`),
    );
  }
  for (const [endpoint, file] of secretFilesOf(config.endpoints)) {
    if ((readSecret(file) ?? '') !== '') continue;
    findings.push(refusal(`endpoints.${endpoint}`, 'no-secret', `${file} is missing or empty`));
  }
  findings.push(...checkMailSecret(config.mail, readSecret));
  if (findings.length > 0) return err(findings);
  const data = environment.data === null ? null : resolve(environment.data);
  const moved = (folder: string): string => (data === null ? folder : resolve(data, relativeTo(config.folders.data, folder)));
  return ok({
    ...config,
    redis: { ...config.redis, url: environment.redisUrl ?? config.redis.url },
    http: { ...config.http, host, port, tokenFile },
    switch: { ...config.switch, kind, user, url: environment.ariUrl ?? config.switch.url },
    folders: {
      ...config.folders,
      data: data ?? config.folders.data,
      prompts: moved(config.folders.prompts),
      recordings: environment.recordings === null ? moved(config.folders.recordings) : resolve(environment.recordings),
    },
    history: {
      ...config.history,
      file: moved(config.history.file),
      keyFile: moved(config.history.keyFile),
      databaseUrl: environment.databaseUrl,
    },
    switchPassword: password,
    logLevel: environment.logLevel ?? 'info',
  });
}

/** Passwords that stand in the samples of Asterisk and FreeSWITCH and in the first page of any search. */
const SHIPPED = new Set([
  'asterisk',
  'cluecon',
  'password',
  'secret',
  'changeme',
  'admin',
  'ari',
  'hotline',
  '1234',
  '12345',
  '123456',
]);

function switchPassword(
  config: LoadedConfig,
  environment: Environment,
  user: string,
  readSecret: (path: string) => string | null,
  findings: ConfigFinding[],
): string | null {
  const { passwordFile } = config.switch;
  const password = environment.ariPassword ?? (passwordFile === null ? null : readSecret(passwordFile));
  const name = environment.ariPassword !== null ? 'HOTLINE_ARI_PASSWORD' : 'switch.passwordFile';
  if (password === null || password === '') {
    const missing =
      passwordFile === null ? 'set HOTLINE_ARI_PASSWORD or name a switch.passwordFile' : `${passwordFile} is missing or empty`;
    findings.push(refusal(name, 'no-password', `the switch needs a password; ${missing}`));
  } else if (SHIPPED.has(password.toLowerCase()) || password === user) {
    findings.push(
      refusal(
        name,
        'default-password',
        'this password is known to everybody; give the switch another one, of 16 characters or more',
      ),
    );
  }
  return password;
}

/** Only addresses of this machine; a name other than localhost may lead anywhere. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

const relativeTo = (folder: string, path: string): string =>
  path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;

const refusal = (name: string, rule: string, message: string): ConfigFinding => ({
  file: name,
  line: 0,
  column: 0,
  level: 'error',
  rule,
  message,
});
