import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asId } from '../../base/ids.js';
import type { Role } from '../../http/deps.js';
import { readUsers } from '../../main/config/users.js';
import { withUser } from '../../main/config/users-file.js';
import { hashPassword } from '../../main/passwords.js';
import type { House, UpOptions } from './up-options.js';

/** Somebody whom a newcomer may be, with a password of this demonstration alone. */
export interface DemoUser {
  readonly name: string;
  readonly password: string;
  readonly role: Role;
  /** The team of the supervisor, the agent of the agent. */
  readonly of: string | null;
}

export interface DemoUsers {
  /** What hotline reads. */
  readonly usersFile: string;
  /** Names and passwords, for its owner only. */
  readonly passwordFile: string;
  readonly users: readonly DemoUser[];
}

/**
 * One account for each role, made at the first demonstration with this data folder and kept. Null where the configuration has accounts of its own: those
 * are used, and none is added to them.
 */
export async function openDemoUsers(
  { data, config, env }: Pick<UpOptions, 'data' | 'config' | 'env'>,
  house: Pick<House, 'agents'>,
): Promise<DemoUsers | null> {
  if (env.HOTLINE_USERS_FILE || existsSync(join(config, 'users.yaml'))) return null;
  const folder = join(data, 'demo-users');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const files = { usersFile: join(folder, 'users.yaml'), passwordFile: join(folder, 'passwords') };
  const known = readPasswords(files.passwordFile);
  const users = usersOf(house, known);
  if (!users.every(({ name }) => known.has(name)) || !isKept(files.usersFile, house, users)) {
    writePrivately(files.passwordFile, users.map(({ name, password }) => `${name} ${password}\n`).join(''));
    writePrivately(files.usersFile, await usersText(users));
  }
  return { ...files, users };
}

/** As they are printed when all is ready. */
export function signInRows({ users, passwordFile }: DemoUsers): [label: string, text: string][] {
  const shown = users.map(({ name, password, role, of }, at): [string, string] => [
    at === 0 ? 'Sign in / 登录' : '',
    `${name}, password ${password}   (${role}${of === null ? '' : ` ${of}`})`,
  ]);
  return [...shown, ['', `kept in ${passwordFile}`]];
}

function usersOf({ agents }: Pick<House, 'agents'>, known: ReadonlyMap<string, string>): DemoUser[] {
  const user = (role: Role, of: string | null = null): DemoUser => {
    const name = `demo-${role}`;
    return { name, password: known.get(name) ?? randomBytes(12).toString('base64url'), role, of };
  };
  const [agent] = agents;
  const team = agents.find((each) => each.team !== undefined)?.team;
  return [
    user('admin'),
    ...(team === undefined ? [] : [user('supervisor', team)]),
    ...(agent === undefined ? [] : [user('agent', agent.id)]),
    user('viewer'),
  ];
}

function readPasswords(file: string): Map<string, string> {
  const known = new Map<string, string>();
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    const [, name, password] = /^(\S+) (\S{10,64})$/.exec(line) ?? [];
    if (name !== undefined && password !== undefined) known.set(name, password);
  }
  return known;
}

/** Whether the file has these accounts still: agents and teams of the configuration may have changed. */
function isKept(file: string, { agents }: Pick<House, 'agents'>, users: readonly DemoUser[]): boolean {
  if (!existsSync(file)) return false;
  const known = agents.map(({ id, team = '' }) => ({ id: asId(id) as never, team }));
  const read = readUsers(readFileSync(file, 'utf8'), file, known);
  if (!read.ok || read.value.size !== users.length) return false;
  return users.every(({ name, role, of }) => {
    const found = read.value.get(name);
    return found?.role === role && (found.teams?.[0] ?? found.agentId) === of;
  });
}

async function usersText(users: readonly DemoUser[]): Promise<string> {
  let text: string | null = null;
  for (const { name, password, role, of } of users) {
    const own = role === 'supervisor' ? { teams: [of as string] } : role === 'agent' ? { agent: of as string } : {};
    const done = withUser(text, name, { role, ...own, password: await hashPassword(password) });
    if (!done.ok) throw new Error(done.error.message);
    text = done.value;
  }
  return text ?? '';
}

function writePrivately(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
  chmodSync(file, 0o600);
}
