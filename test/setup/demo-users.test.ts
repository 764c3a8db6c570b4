import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { type DemoUsers, openDemoUsers, signInRows } from '../../src/cli/stack/demo-users.js';
import { readUsers } from '../../src/main/config/users.js';
import { isPassword } from '../../src/main/passwords.js';

const folder = mkdtempSync(join(tmpdir(), 'demo-users-'));
t.teardown(() => rmSync(folder, { recursive: true }));
const data = join(folder, 'data');
const config = join(folder, 'config');
mkdirSync(config);
const house = (team = 'north') => ({
  agents: [
    { id: '1001', phone: '1001', team },
    { id: '1002', phone: '1002', team: 'south' },
  ],
});
const open = (more: object = {}, of = house()): Promise<DemoUsers | null> =>
  openDemoUsers({ data, config, env: {}, ...more }, of);

t.test('an account for each role, whose password is written where its owner alone reads it, once', async (t) => {
  const made = (await open()) as DemoUsers;
  t.same(
    made.users.map(({ name, role, of }) => [name, role, of]),
    [
      ['demo-admin', 'admin', null],
      ['demo-supervisor', 'supervisor', 'north'],
      ['demo-agent', 'agent', '1001'],
      ['demo-viewer', 'viewer', null],
    ],
  );
  t.equal(new Set(made.users.map(({ password }) => password)).size, 4, 'by chance, each its own');
  for (const file of [made.usersFile, made.passwordFile]) t.equal(statSync(file).mode & 0o777, 0o600, file);
  t.equal(statSync(join(data, 'demo-users')).mode & 0o777, 0o700);
  const agents = house().agents.map(({ id, team }) => ({ id: id as never, team }));
  const read = readUsers(readFileSync(made.usersFile, 'utf8'), 'users.yaml', agents);
  t.ok(read.ok, 'hotline can read it');
  if (!read.ok) return;
  for (const { name, password } of made.users) {
    t.ok(await isPassword(read.value.get(name)?.password ?? '', password), `${name} signs in by what is printed`);
    t.notMatch(readFileSync(made.usersFile, 'utf8'), password);
  }
  const printed = signInRows(made).map(([, text]) => text);
  t.match(printed[1], /^demo-supervisor, password \S{16} +\(supervisor north\)$/);
  t.equal(printed.length, 5);

  const before = readFileSync(made.usersFile, 'utf8');
  t.same(await open(), made, 'the same at the next start');
  t.equal(readFileSync(made.usersFile, 'utf8'), before, 'so that nobody is signed out by it');
});

t.test('teams that have changed, and files that were lost', async (t) => {
  const before = (await open()) as DemoUsers;
  const moved = (await open({}, house('east'))) as DemoUsers;
  t.match(readFileSync(moved.usersFile, 'utf8'), /- east/);
  t.same(
    moved.users.map(({ password }) => password),
    before.users.map(({ password }) => password),
    'passwords stay',
  );
  rmSync(before.passwordFile);
  const fresh = (await open()) as DemoUsers;
  t.notSame(
    fresh.users.map(({ password }) => password),
    before.users.map(({ password }) => password),
  );
  writeFileSync(fresh.usersFile, 'users: [');
  t.same(await open(), fresh);
  t.match(readFileSync(fresh.usersFile, 'utf8'), /demo-viewer/);
});

t.test('none beside accounts of the configuration', async (t) => {
  t.equal(await open({ env: { HOTLINE_USERS_FILE: '/somewhere' } }), null);
  writeFileSync(join(config, 'users.yaml'), 'users: {}\n');
  t.equal(await open(), null);
});
