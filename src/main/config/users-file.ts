import { randomUUID } from 'node:crypto';
import { chmod, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { Document, isMap, parseDocument, type YAMLMap } from 'yaml';
import { err, ok, type Refusal, type Result, refuse } from '../../base/result.js';
import type { Role } from '../../http/deps.js';
import type { Log } from '../../ports/log.js';
import { type KnownAgents, readUsers, type Users } from './users.js';

/** What a new user is, as it is written. */
export interface UserEntry {
  readonly name?: string;
  readonly role: Role;
  readonly teams?: readonly string[] | 'all';
  readonly agent?: string;
  readonly password: string;
}

const HEAD =
  ' yaml-language-server: $schema=schema/users.schema.json\n Who may sign in to the pages. Written by "hotline user"; a change is taken up without a restart.';

/** Changes the text of a users file; comments and the order of the rest stay. `text` null: there is no file yet. */
export function withUser(text: string | null, user: string, entry: UserEntry): Result<string, Refusal> {
  const document = opened(text);
  if (!document.ok) return document;
  const users = usersOf(document.value);
  if (users.has(user)) return refuse('user-exists', `there is a user "${user}" already`);
  users.set(document.value.createNode(user), document.value.createNode(entry, { flow: false }));
  return ok(document.value.toString({ lineWidth: 0 }));
}

export function withPassword(text: string | null, user: string, password: string): Result<string, Refusal> {
  const document = opened(text);
  if (!document.ok) return document;
  const users = usersOf(document.value);
  const entry = users.get(user, true);
  if (!isMap(entry)) return noSuchUser(user);
  entry.set('password', password);
  return ok(document.value.toString({ lineWidth: 0 }));
}

export function withoutUser(text: string | null, user: string): Result<string, Refusal> {
  const document = opened(text);
  if (!document.ok) return document;
  if (!usersOf(document.value).delete(user)) return noSuchUser(user);
  return ok(document.value.toString({ lineWidth: 0 }));
}

const noSuchUser = (user: string): Result<never, Refusal> => refuse('no-such-user', `there is no user "${user}"`);

function opened(text: string | null): Result<Document, Refusal> {
  if (text === null || text.trim() === '') {
    const empty = new Document({ users: {} });
    empty.commentBefore = HEAD;
    return ok(empty);
  }
  const document = parseDocument(text);
  if (document.errors.length > 0 || !(document.contents === null || isMap(document.contents))) {
    return refuse('unreadable', 'the file is not the YAML of a users file');
  }
  return ok(document as unknown as Document);
}

function usersOf(document: Document): YAMLMap {
  const users = document.get('users');
  if (isMap(users)) {
    // An empty map is written {}, and what is put into it would stay on one line.
    if (users.items.length === 0) users.flow = false;
    return users;
  }
  const empty = document.createNode({}) as YAMLMap;
  document.set('users', empty);
  return empty;
}

/** Null: there is no file. */
export async function readUsersText(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Whole or not at all: who reads meanwhile sees the old file or the new one. For its owner only. */
export async function writeUsersText(file: string, text: string): Promise<void> {
  const mode = await stat(file).then(
    (found) => found.mode & 0o660,
    () => 0o600,
  );
  const beside = `${file}.${randomUUID()}`;
  try {
    await writeFile(beside, text, { mode, flag: 'wx' });
    await chmod(beside, mode);
    await rename(beside, file);
  } finally {
    await rm(beside, { force: true });
  }
}

const LOOK_EVERY_MS = 1_000;
const LARGEST = 1_048_576;

export interface WatchedUsers {
  all(): Users;
  close(): void;
}

export interface UsersChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/**
 * The users of a file, taken up anew when it changes. A changed file with mistakes is told and left: those who were known stay known. Rejects
 * when the file has mistakes at the start: half a list of rights is worse than none.
 */
export async function watchUsers(options: {
  readonly file: string;
  readonly agents: KnownAgents;
  readonly log: Log;
  readonly onChange: (change: UsersChange) => void;
  readonly lookEveryMs?: number;
}): Promise<WatchedUsers> {
  const { file, agents, log } = options;
  let seen = await stampOf(file);
  const first = await look(file, agents);
  if (!first.ok) throw new Error(first.error);
  let users: Users = first.value;
  let isLooking = false;
  let wasMissing = false;
  const again = async (): Promise<void> => {
    const now = await stampOf(file);
    if (now === seen) return;
    // An editor may take a file away for a moment before it puts the new one there.
    if (now === '' && !wasMissing) {
      wasMissing = true;
      return;
    }
    wasMissing = false;
    seen = now;
    const read = await look(file, agents);
    if (!read.ok) {
      log.error({ file, mistakes: read.error }, 'the changed users file has mistakes; the users stay as they were');
      return;
    }
    const change = changeOf(users, read.value);
    users = read.value;
    if (change === null) return;
    log.warn(change, 'the users file has changed');
    options.onChange(change);
  };
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    again()
      .catch((error: unknown) => log.error({ error: String(error) }, 'the users file could not be read'))
      .finally(() => {
        isLooking = false;
      });
  }, options.lookEveryMs ?? LOOK_EVERY_MS);
  timer.unref();
  return { all: () => users, close: () => clearInterval(timer) };
}

async function look(file: string, agents: KnownAgents): Promise<Result<Users, string>> {
  if (Number((await stampOf(file)).split('/')[1] ?? 0) > LARGEST) return err(`${file} is larger than ${LARGEST} bytes`);
  const text = await readUsersText(file);
  if (text === null) return ok(new Map());
  const read = readUsers(text, file, agents);
  if (read.ok) return read;
  return err(read.error.map((each) => `${each.file}:${each.line}:${each.column} ${each.rule} ${each.message}`).join('\n'));
}

/** Empty: there is no file. */
const stampOf = (file: string): Promise<string> =>
  stat(file).then(
    ({ mtimeMs, size, ino }) => `${mtimeMs}/${size}/${ino}`,
    () => '',
  );

function changeOf(before: Users, after: Users): UsersChange | null {
  const added = [...after.keys()].filter((user) => !before.has(user));
  const removed = [...before.keys()].filter((user) => !after.has(user));
  const changed = [...after.keys()].filter(
    (user) => before.has(user) && JSON.stringify(before.get(user)) !== JSON.stringify(after.get(user)),
  );
  return added.length + removed.length + changed.length === 0 ? null : { added, removed, changed };
}
