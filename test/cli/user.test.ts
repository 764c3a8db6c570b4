import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import t from 'tap';
import { ok } from '../../src/base/result.js';
import { projectFolder } from '../../src/cli/stack/places.js';
import { twice } from '../../src/cli/user/password-source.js';
import { addUserCommand } from '../../src/cli/user.js';
import { loadConfig } from '../../src/main/config/load.js';
import { readUsers, type Users } from '../../src/main/config/users.js';
import { type UsersChange, watchUsers } from '../../src/main/config/users-file.js';
import { checkNewPassword, isPassword } from '../../src/main/passwords.js';

const config = join(projectFolder, 'config');
const loaded = await loadConfig(config);
if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
const { agents } = loaded.value.acd;
const agent = agents[0];
if (!agent) throw new Error('the configuration has no agents');

/** Runs `hotline user ...` in this process; `password` is what comes by the standard input. */
async function user(file: string, args: string[], password = ''): Promise<{ code: number; said: string }> {
  let said = '';
  let code = -1;
  const write = (text: string): void => {
    said += text;
  };
  const program = new Command().exitOverride().configureOutput({ writeErr: write });
  const host = {
    env: { HOTLINE_CONFIG: config, HOTLINE_USERS_FILE: file },
    write,
    setExitCode: (set: number) => {
      code = set;
    },
  };
  addUserCommand(program, host, { read: async () => ok(password) });
  await program.parseAsync(['node', 'hotline', 'user', ...args]).catch(() => {});
  return { code, said };
}

const usersIn = (file: string): Users => {
  const read = readUsers(readFileSync(file, 'utf8'), file, agents);
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
};

t.test('users come, change and go; what people wrote into the file stays', async (t) => {
  const file = join(t.testdir({}), 'users.yaml');
  t.match(await user(file, ['list']), { code: 0, said: /nobody: hotline user add/ });
  const added = await user(file, ['add', 'li.na', '--role', 'admin', '--title', '李娜'], 'correct horse 9');
  t.match(added, { code: 0, said: /li\.na may sign in as admin/ });
  t.equal(statSync(file).mode & 0o777, 0o600, 'for its owner only');
  t.notMatch(readFileSync(file, 'utf8'), /correct horse/);
  writeFileSync(file, `${readFileSync(file, 'utf8').trimEnd()} # leads the desk\n`);
  t.match(await user(file, ['add', 'sue', '--role', 'supervisor', '--team', agent.team], 'battery staple 7'), { code: 0 });
  t.match(await user(file, ['add', 'anna', '--role', 'agent', '--agent', agent.id], 'paper clip dust'), { code: 0 });
  t.match(await user(file, ['add', 'boss', '--role', 'supervisor', '--team', 'all'], 'quiet river 12'), { code: 0 });
  const text = readFileSync(file, 'utf8');
  t.match(text, /\$schema=schema\/users/);
  t.match(text, /# leads the desk/, 'comments stay');
  const users = usersIn(file);
  t.match(users.get('li.na'), { name: '李娜', role: 'admin', teams: null, agentId: null });
  t.same(users.get('sue')?.teams, [agent.team]);
  t.equal(users.get('boss')?.teams, null, 'all');
  t.equal(users.get('anna')?.agentId, agent.id);
  t.equal(await isPassword(users.get('sue')?.password ?? '', 'battery staple 7'), true);
  t.equal(await isPassword(users.get('sue')?.password ?? '', 'battery staple 8'), false);

  const before = users.get('sue')?.password;
  t.match(await user(file, ['password', 'sue'], 'another staple 8'), { code: 0 });
  t.not(usersIn(file).get('sue')?.password, before);
  t.match(await user(file, ['list']), { code: 0, said: new RegExp(`sue  supervisor  ${agent.team}\nanna  agent  ${agent.id}`) });
  t.match(await user(file, ['remove', 'sue']), { code: 0 });
  t.notOk(usersIn(file).has('sue'));
  t.match(readFileSync(file, 'utf8'), /# leads the desk/);
  t.same(readdirSync(join(file, '..')), ['users.yaml'], 'nothing is left beside it');
});

t.test('what is refused leaves the file alone', async (t) => {
  const file = join(t.testdir({}), 'users.yaml');
  const refusals: [string[], string, RegExp][] = [
    [['add', 'Li Na', '--role', 'admin'], 'correct horse 9', /bad-name/],
    [['add', 'sue', '--role', 'supervisor'], 'correct horse 9', /bad-teams/],
    [['add', 'sue', '--role', 'supervisor', '--team', 'nowhere'], 'correct horse 9', /unknown-team/],
    [['add', 'anna', '--role', 'agent'], 'correct horse 9', /bad-agent/],
    [['add', 'anna', '--role', 'agent', '--agent', '9999999'], 'correct horse 9', /unknown-agent/],
    [['add', 'root', '--role', 'admin', '--agent', agent.id], 'correct horse 9', /bad-agent/],
    [['add', 'root', '--role', 'admin'], 'short', /weak-password/],
    [['password', 'nobody'], 'correct horse 9', /no-such-user/],
    [['remove', 'nobody'], '', /no-such-user/],
  ];
  for (const [args, password, says] of refusals)
    t.match(await user(file, args, password), { code: 1, said: says }, args.join(' '));
  t.notOk(existsSync(file));
  t.match(await user(file, ['add', 'x', '--role', 'king'], 'correct horse 9'), { said: /king/ });
  await user(file, ['add', 'root', '--role', 'admin'], 'correct horse 9');
  const text = readFileSync(file, 'utf8');
  t.match(await user(file, ['add', 'root', '--role', 'viewer'], 'correct horse 9'), { code: 1, said: /user-exists/ });
  t.equal(readFileSync(file, 'utf8'), text);
});

t.test('passwords that are guessed first', async (t) => {
  const weak = [
    'short',
    'password123456',
    'Password2026!!',
    'li.na',
    'li.na12',
    'li.nali.na',
    'aaaaaaaaaaaa',
    'ababababab',
    '1234567890',
    '0987654321',
    'qwertyuiop1',
  ];
  for (const each of weak) t.equal(checkNewPassword(each, 'li.na').ok, false, each);
  for (const each of ['correct horse 9', '山高月小水落石出好风光', 'x9!kQz-27pLm'])
    t.equal(checkNewPassword(each, 'li.na').ok, true, each);
  t.equal(checkNewPassword('x'.repeat(3) + 'yzabcdefgh'.repeat(30), 'li.na').ok, false, 'too long');
  const answers = (given: (string | null)[]) => twice(async () => given.shift() ?? null);
  t.same(await answers(['a', 'a']), { ok: true, value: 'a' });
  t.match(await answers(['a', 'b']), { ok: false });
  t.match(await answers(['a', null]), { ok: false });
});

t.test('mistakes in the file are told with their places, and no secret with them', (t) => {
  const hash = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'B'.repeat(43)}`;
  const findings = (text: string): string[] => {
    const read = readUsers(text, 'users.yaml', agents);
    return read.ok ? [] : read.error.map(({ line, column, rule, message }) => `${line}:${column} ${rule} ${message}`);
  };
  t.same(findings(''), []);
  t.same(findings(`users:\n  root: { role: admin, password: "${hash}" }\n`), []);
  t.match(findings('users:\n  root: { role: admin, password: my-secret-word }\n'), [/^2:\d+ bad-format password: write it by/]);
  t.notMatch(findings('users:\n  root: { role: admin, password: my-secret-word }\n').join(), /my-secret-word/);
  t.match(findings(`users:\n  root: { role: king, password: "${hash}" }\n`), [/^2:\d+ unknown-value/]);
  t.match(findings(`users:\n  root: { role: admin, pasword: "x", password: "${hash}" }\n`), [/^2:\d+ unknown-key/]);
  t.match(findings(`users:\n  Root: { role: admin, password: "${hash}" }\n`), [/^2:\d+ bad-name/]);
  t.match(findings(`users:\n  __proto__: { role: admin, password: "${hash}" }\n`), [/./]);
  t.match(findings(`users:\n  root: { role: admin, teams: [x], password: "${hash}" }\n`), [/bad-teams/]);
  t.match(findings(`users:\n  root: { role: admin, password: "${hash.replace('m=19456', 'm=1024')}" }\n`), [/bad-cost/]);
  t.match(findings(`users:\n  root: { role: admin, password: "${hash.replace('m=19456', 'm=4000000')}" }\n`), [/bad-cost/]);
  t.match(findings('users: [\n'), [/this is not the YAML/]);
  t.end();
});

t.test('a changed file is taken up, one with mistakes is not', async (t) => {
  const file = join(t.testdir({}), 'users.yaml');
  const said: string[] = [];
  const note = (_: object, sentence: string): void => void said.push(sentence);
  const changes: UsersChange[] = [];
  const watched = await watchUsers({
    ...{ file, agents, lookEveryMs: 20, log: { debug: note, info: note, warn: note, error: note } },
    onChange: (change) => changes.push(change),
  });
  t.teardown(() => watched.close());
  const until = async (what: string, is: () => boolean): Promise<void> => {
    const deadline = Date.now() + 5_000;
    while (!is()) {
      if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  t.equal(watched.all().size, 0);
  await user(file, ['add', 'root', '--role', 'admin'], 'correct horse 9');
  await until('root', () => watched.all().has('root'));
  t.same(changes, [{ added: ['root'], removed: [], changed: [] }]);
  writeFileSync(file, 'users: { root: { role: king } }\n');
  await until('the mistake to be told', () => said.some((each) => /has mistakes/.test(each)));
  t.ok(watched.all().has('root'), 'who was known stays known');
  await t.rejects(
    watchUsers({ file, agents, log: { debug: note, info: note, warn: note, error: note }, onChange: () => {} }),
    /king/,
  );
});
