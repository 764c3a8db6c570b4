import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { err, ok, type Refusal, type Result, refuse } from '../base/result.js';
import { ROLES, type Role } from '../http/deps.js';
import { formatConfigFinding, loadConfig } from '../main/config/load.js';
import { readUsers, USER_NAME, type Users } from '../main/config/users.js';
import { readUsersText, type UserEntry, withoutUser, withPassword, withUser, writeUsersText } from '../main/config/users-file.js';
import { checkNewPassword, hashPassword } from '../main/passwords.js';
import type { CommandHost } from './flow.js';
import { type PasswordSource, standardPassword } from './user/password-source.js';

interface Where {
  readonly config: string;
  readonly file?: string;
}
interface NewUser extends Where {
  readonly role: Role;
  readonly title?: string;
  readonly team?: readonly string[];
  readonly agent?: string;
}
type Change = (text: string | null) => Promise<Result<string, Refusal>>;

/** `hotline user ...`: who may sign in to the pages. A running hotline takes a change up by itself. */
export function addUserCommand(program: Command, host: CommandHost, passwords: PasswordSource = standardPassword()): void {
  const user = program.command('user').description('People who may sign in to the pages');
  const add = <O extends Where>(
    name: string,
    about: string,
    run: (user: string, options: O) => Promise<Result<string, Refusal>>,
  ) =>
    user
      .command(name)
      .description(about)
      .option('-c, --config <folder>', 'configuration', host.env.HOTLINE_CONFIG || 'config')
      .option('--file <file>', 'users file (else users.yaml of the configuration)', host.env.HOTLINE_USERS_FILE || undefined)
      .action(async (...given: unknown[]) => {
        const [named, options] = typeof given[0] === 'string' ? [given[0], given[1] as O] : ['', given[0] as O];
        const done = await run(named, options).catch((error: Error) => refuse('failed', error.message));
        host.write(done.ok ? `${done.value}\n` : `error  ${done.error.id}  ${done.error.message}\n`);
        host.setExitCode(done.ok ? 0 : 1);
      });
  add<NewUser>(
    'add <name>',
    'Let somebody sign in; asks for the password, or takes it from the standard input',
    (name, options) => addUser(name, options, passwords),
  )
    .addOption(new Option('--role <role>', 'what they may do').choices([...ROLES]).makeOptionMandatory())
    .option('--title <name>', 'the name that the pages show')
    .option('--team <team>', 'a team that a supervisor may change, or all; can be given again', gathered)
    .option('--agent <id>', 'the agent that somebody of role agent is');
  add<Where>('password <name>', 'Set a new password; ends the sign-ins by the old one', async (name, options) => {
    const hashed = await newPassword(name, passwords);
    if (!hashed.ok) return hashed;
    return changeFile(options, async (text) => withPassword(text, name, hashed.value), `the password of ${name} is set`);
  });
  add<Where>('remove <name>', 'Let somebody sign in no more; ends their sign-ins', (name, options) =>
    changeFile(options, async (text) => withoutUser(text, name), `${name} may sign in no more`),
  );
  add<Where>('list', 'Who may sign in, and as what', listUsers);
}

const gathered = (team: string, before: readonly string[] = []): string[] => [...before, team];
const fileOf = ({ config, file }: Where): string => file ?? join(config, 'users.yaml');

async function addUser(
  name: string,
  { role, title, team, agent, ...where }: NewUser,
  passwords: PasswordSource,
): Promise<Result<string, Refusal>> {
  if (!USER_NAME.test(name)) {
    return refuse('bad-name', 'a name is small letters, digits, dots and dashes, at most 32, a letter first');
  }
  const entry: Omit<UserEntry, 'password'> = {
    ...(title === undefined ? {} : { name: title }),
    role,
    ...(team === undefined ? {} : { teams: team.includes('all') ? 'all' : team }),
    ...(agent === undefined ? {} : { agent }),
  };
  // A mistake is told before anybody is asked for a password.
  const tried = await changed(where, await readUsersText(fileOf(where)), async (text) =>
    withUser(text, name, { ...entry, password: TRIAL }),
  );
  if (!tried.ok) return tried;
  const hashed = await newPassword(name, passwords);
  if (!hashed.ok) return hashed;
  return changeFile(
    where,
    async (text) => withUser(text, name, { ...entry, password: hashed.value }),
    `${name} may sign in as ${role}`,
  );
}

/** Has the shape of a password's hash, and is none. */
const TRIAL = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

async function newPassword(name: string, passwords: PasswordSource): Promise<Result<string, Refusal>> {
  const given = await passwords.read();
  if (!given.ok) return refuse('no-password', given.error);
  const good = checkNewPassword(given.value, name);
  return good.ok ? ok(await hashPassword(good.value)) : good;
}

async function changeFile(where: Where, change: Change, done: string): Promise<Result<string, Refusal>> {
  const file = fileOf(where);
  const next = await changed(where, await readUsersText(file), change);
  if (!next.ok) return next;
  await writeUsersText(file, next.value);
  return ok(`${done}, in ${file}`);
}

/** What the file would be, when it would be without mistakes. */
async function changed(where: Where, text: string | null, change: Change): Promise<Result<string, Refusal>> {
  const next = await change(text);
  if (!next.ok) return next;
  const users = await checkedUsers(where, next.value);
  return users.ok ? next : users;
}

async function checkedUsers(where: Where, text: string): Promise<Result<Users, Refusal>> {
  const loaded = await loadConfig(where.config);
  if (!loaded.ok) return told('bad-config', loaded.error);
  const read = readUsers(text, fileOf(where), loaded.value.acd.agents);
  return read.ok ? read : told('bad-users', read.error);
}

const told = (id: string, findings: Parameters<typeof formatConfigFinding>[0][]): Result<never, Refusal> =>
  err({ id, message: findings.map(formatConfigFinding).join('\n') });

async function listUsers(_: string, where: Where): Promise<Result<string, Refusal>> {
  const text = await readUsersText(fileOf(where));
  const users = await checkedUsers(where, text ?? '');
  if (!users.ok) return users;
  if (users.value.size === 0) return ok(`nobody: hotline user add NAME --role admin (${fileOf(where)})`);
  const lines = [...users.value.values()].map(({ id, name, role, teams, agentId }) => {
    const of = role === 'supervisor' ? (teams?.join(', ') ?? 'all teams') : (agentId ?? '');
    return [id, role, of, name === id ? '' : name].filter((part) => part !== '').join('  ');
  });
  return ok(lines.join('\n'));
}
