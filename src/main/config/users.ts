import { z } from 'zod';
import { type AgentId, asId } from '../../base/ids.js';
import { err, ok, type Result } from '../../base/result.js';
import { didYouMean, quoted } from '../../flow/finding.js';
import { readSource, type Source } from '../../flow/source.js';
import { ROLES, type Role } from '../../http/deps.js';
import { type ConfigFinding, checkShape } from './shape-findings.js';
import { id, line, name } from './values.js';

/** `users.yaml`: the people who may sign in to the pages. `hotline user` writes it; no password stands in it, only what passwords are checked by. */

export const USER_NAME = /^[a-z][a-z0-9._-]{0,31}$/;
const PASSWORD = /^\$argon2id\$v=19\$m=(\d{4,7}),t=(\d{1,2}),p=(\d{1,2})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,172}$/;

const userShape = z.strictObject({
  name: line.optional().describe('as the pages show it; the name of the account unless told'),
  role: z.enum(ROLES as [Role]).describe('admin: everything; supervisor: of teams; agent: of the own agent; viewer: reads'),
  teams: z
    .union([z.literal('all'), z.array(name).min(1).max(100)], { error: 'a list of teams is needed, or "all"' })
    .optional()
    .describe('whom a supervisor may change: teams of agents.yaml, or "all"'),
  agent: id.optional().describe('the one agent that somebody of role agent is'),
  password: z
    .string({ error: 'a text is needed' })
    .max(400)
    .regex(PASSWORD, { error: 'written by "hotline user"' })
    .describe('Argon2id; written by "hotline user add" and "hotline user password"'),
});

export const usersShape = z.strictObject({
  users: z
    .record(
      z.string().regex(USER_NAME, {
        error: 'the name of an account is small letters, digits, dots and dashes, at most 32, a letter first',
      }),
      userShape,
    )
    .default({}),
});

export interface User {
  /** What is typed at the sign-in, and what the audit says. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Null: all. */
  readonly teams: readonly string[] | null;
  readonly agentId: AgentId | null;
  /** In the PHC format. */
  readonly password: string;
}
export type Users = ReadonlyMap<string, User>;

/** Of the configuration: what a user may name. */
export type KnownAgents = ReadonlyArray<{ readonly id: AgentId; readonly team: string }>;

/** All mistakes in one run, with their places. No finding shows what passwords are checked by. */
export function readUsers(text: string, file: string, agents: KnownAgents): Result<Users, ConfigFinding[]> {
  const source = readSource(text, file);
  const unread = source.ok ? source.value.findings : source.error;
  // A message of the YAML reader may quote what it stumbled over.
  if (!source.ok || unread.length > 0)
    return err(unread.map((each) => ({ ...each, message: 'this is not the YAML of a users file' })));
  const given = source.value.value === null ? { ...source.value, value: {} } : source.value;
  const { value, findings } = checkShape(usersShape, given, file);
  if (value === null) {
    return err(findings.map((each) => (each.message.startsWith('password') ? { ...each, message: NO_PASSWORD } : each)));
  }
  const wrong = Object.entries(value.users).flatMap(([user, entry]) => namesOf(user, entry, source.value, file, agents));
  if (wrong.length > 0) return err(wrong);
  return ok(
    new Map(
      Object.entries(value.users).map(([user, { name: title, role, teams, agent, password }]) => [
        user,
        {
          id: user,
          name: title ?? user,
          role,
          teams: role === 'supervisor' && teams !== 'all' ? (teams ?? []) : null,
          agentId: agent === undefined ? null : asId<AgentId>(agent),
          password,
        },
      ]),
    ),
  );
}

const NO_PASSWORD = 'password: write it by "hotline user password NAME"; a readable password does not stand here';

function namesOf(
  user: string,
  entry: z.output<typeof userShape>,
  source: Source,
  file: string,
  agents: KnownAgents,
): ConfigFinding[] {
  const { role, teams, agent, password } = entry;
  const found: ConfigFinding[] = [];
  const say = (key: string, rule: string, message: string): void => {
    found.push({ file, ...source.at(['users', user, key]), level: 'error', rule, message });
  };
  if (!isSaneCost(password))
    say('password', 'bad-cost', 'this was made with a cost that is too small or too great; set the password anew');
  if ((role === 'supervisor') !== (teams !== undefined))
    say('role', 'bad-teams', 'role supervisor, and no other, names its teams, or "all"');
  if ((role === 'agent') !== (agent !== undefined)) say('role', 'bad-agent', 'role agent, and no other, names its agent');
  const known = [...new Set(agents.map(({ team }) => team))];
  for (const team of Array.isArray(teams) ? teams : []) {
    if (!known.includes(team)) say('teams', 'unknown-team', `there is no team ${quoted(team)}${didYouMean(team, known)}`);
  }
  const ids = agents.map((each) => String(each.id));
  if (agent !== undefined && !ids.includes(agent)) {
    say('agent', 'unknown-agent', `there is no agent ${quoted(agent)}${didYouMean(agent, ids)}`);
  }
  return found;
}

/** Less is quickly guessed; more would let a line of a file bring the house to a stand. */
function isSaneCost(password: string): boolean {
  const [, memory, times, lanes] = (PASSWORD.exec(password) ?? []).map(Number);
  if (memory === undefined || times === undefined || lanes === undefined) return false;
  return memory >= 8_192 && memory <= 262_144 && times >= 1 && times <= 10 && lanes >= 1 && lanes <= 8;
}
