import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { asteriskConfigCommand } from '../../src/cli/stack/asterisk-config-command.js';
import { projectFolder } from '../../src/cli/stack/places.js';

const { countResults } = (await import(join(projectFolder, 'scripts/count-results.mjs'))) as {
  countResults(tap: string): { passed: number; failed: number; skipped: number };
};

t.test('results are counted as single assertions', async (t) => {
  const tap = `TAP version 14
# Subtest: test/a.test.ts
    # Subtest: one
        ok 1 - yes
        not ok 2 - no
          ---
          diff: |
            ok 9 - not a result but text in a diagnosis
          ...
        1..2
        # failed 1 of 2 tests
    not ok 1 - one # time=3ms
    # Subtest: later
        ok 1 - skipped one # SKIP no phone here
        1..1
    ok 2 - later # time=1ms
    # Subtest: broke off
        ok 1 - fine
        1..1
    not ok 3 - broke off
      ---
      message: thrown after the last assertion
      ...
    ok 4 - an assertion between subtests
    1..4
not ok 1 - test/a.test.ts # time=10ms
not ok 2 - test/empty.test.ts # no tests found
1..2`;
  t.same(countResults(tap), { passed: 3, failed: 3, skipped: 1 });
  t.same(countResults(''), { passed: 0, failed: 0, skipped: 0 });
});

t.test('the scripts can be run and are correct bash', async (t) => {
  for (const file of ['.ci/run', 'scripts/up', 'scripts/test']) {
    t.equal(statSync(join(projectFolder, file)).mode & 0o111, 0o111, `${file} may be run`);
  }
  for (const file of ['scripts/up', 'scripts/test', 'scripts/lib.sh', '.ci/run']) {
    t.equal(spawnSync('bash', ['-n', join(projectFolder, file)]).status, 0, file);
  }
  const wrong = spawnSync(join(projectFolder, 'scripts/test'), ['--nonsense'], { encoding: 'utf8' });
  t.equal(wrong.status, 1);
  t.match(wrong.stderr, /unknown flag --nonsense/);
});

t.test('a set-up step that fails says why, and what to do', async (t) => {
  const script = `. scripts/lib.sh; step "Trying" "do that" bash -c 'echo the reason >&2; exit 3'; echo never`;
  const run = spawnSync('bash', ['-c', script], {
    cwd: projectFolder,
    encoding: 'utf8',
    env: { ...process.env, HOTLINE_CACHE: t.testdir() },
  });
  t.equal(run.status, 1);
  t.notMatch(run.stdout, 'never');
  t.match(run.stderr, /\| the reason\n/);
  t.match(run.stderr, /Trying did not work\n {2}-> do that/);
});

t.test('a lock file that is not what is installed asks for npm', async (t) => {
  const script = readFileSync(join(projectFolder, 'scripts/modules-complete.mjs'), 'utf8');
  const lock = (version: string): string =>
    JSON.stringify({
      packages: { '': {}, 'node_modules/a': { version }, 'node_modules/win': { version: '1.0.0', optional: true } },
    });
  const check = (files: Record<string, unknown>): number | null => {
    const folder = t.testdir({ scripts: { 'modules-complete.mjs': script }, 'package-lock.json': lock('1.0.0'), ...files });
    return spawnSync(process.execPath, [join(folder, 'scripts/modules-complete.mjs')]).status;
  };
  const installed = (version: string): unknown => ({
    '.package-lock.json': JSON.stringify({ packages: { 'node_modules/a': { version } } }),
  });
  t.equal(check({ node_modules: installed('1.0.0') }), 0, 'a package for another system may be missing');
  t.equal(check({ node_modules: installed('0.9.0') }), 1);
  t.equal(check({}), 1);
});

t.test('the compose file publishes nothing beyond this machine and keeps every service in check', async (t) => {
  const folder = join(projectFolder, 'docker');
  const compose = parse(readFileSync(join(folder, 'compose.yaml'), 'utf8')) as {
    services: Record<
      string,
      { ports?: string[]; healthcheck?: unknown; user?: string; build?: { dockerfile: string }; restart?: string }
    >;
  };
  t.same(Object.keys(compose.services).sort(), ['asterisk', 'configure', 'grafana', 'hotline', 'prometheus', 'redis']);
  for (const [name, service] of Object.entries(compose.services)) {
    if (name !== 'configure') {
      t.ok(service.healthcheck, `${name} has a health check`);
      t.equal(service.restart, 'unless-stopped', name);
    }
    for (const port of service.ports ?? []) t.match(port, /^127\.0\.0\.1:/, `${name} publishes ${port} on loopback`);
    const dockerfile = service.build?.dockerfile;
    if (dockerfile !== undefined) {
      const text = readFileSync(join(projectFolder, dockerfile), 'utf8');
      t.match(text, /^USER (?!root)\S+$/m, `${dockerfile} gives up root`);
      for (const [, source] of text.matchAll(/^COPY (?!--from)(?:--\S+ )*(.+) \S+$/gm)) {
        for (const path of (source ?? '').split(' ')) t.ok(statSync(join(projectFolder, path)), `${dockerfile} copies ${path}`);
      }
    }
  }
  t.ok(readdirSync(folder).includes('README.md'));
});

t.test('what compose gives to hotline is what hotline reads, and what it asks of Asterisk can be written', async (t) => {
  type Service = {
    command?: string[];
    environment?: Record<string, string>;
    volumes?: string[];
    networks?: unknown;
    secrets?: string[];
    depends_on?: object;
  };
  const compose = parse(readFileSync(join(projectFolder, 'docker/compose.yaml'), 'utf8')) as {
    services: Record<string, Service>;
    networks: object;
    volumes: object;
    secrets: Record<string, { environment: string }>;
  };
  const known = readFileSync(join(projectFolder, 'src/main/config/environment.ts'), 'utf8');
  const advice = readFileSync(join(projectFolder, 'docker/README.md'), 'utf8');
  for (const [name, service] of Object.entries(compose.services)) {
    for (const [variable, value] of Object.entries(service.environment ?? {})) {
      if (name === 'hotline') t.ok(known.includes(`'${variable}'`), `${variable} is read`);
      for (const [, secret] of value.matchAll(/\$\{(\w+)/g))
        t.match(advice, secret as string, `${secret} is made as the README says`);
    }
    const named = (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? '').filter((volume) => !volume.startsWith('.'));
    for (const volume of named) t.ok(volume in compose.volumes, `${name}: volume ${volume}`);
    const mounted = (service.volumes ?? [])
      .map((volume) => volume.split(':')[0] ?? '')
      .filter((volume) => volume.startsWith('.'));
    for (const path of mounted) t.ok(existsSync(join(projectFolder, 'docker', path)), `${name}: ${path} is there`);
    const networks = Array.isArray(service.networks) ? service.networks : Object.keys(service.networks ?? {});
    for (const network of networks) t.ok((network as string) in compose.networks, `${name}: network ${network}`);
    for (const secret of service.secrets ?? []) t.match(advice, compose.secrets[secret]?.environment as string);
    for (const other of Object.keys(service.depends_on ?? {})) t.ok(other in compose.services, `${name} waits for ${other}`);
  }
  const folder = t.testdir();
  const [command, , ...flags] = compose.services.configure?.command ?? [];
  t.equal(command, 'asterisk-config');
  const house = { agents: [{ id: '1001', phone: '1001' }], numbers: ['95588'], customerNumbers: [] };
  const write = (...more: string[]): Promise<unknown> =>
    asteriskConfigCommand(
      { HOTLINE_ARI_PASSWORD: 'a-long-and-own-password', HOTLINE_DATA: join(folder, 'data') },
      async () => house,
    )
      .exitOverride()
      .configureOutput({ writeErr: () => undefined })
      .parseAsync([join(folder, 'etc'), ...flags, ...more], { from: 'user' });
  await write();
  const pjsip = readFileSync(join(folder, 'etc/pjsip.conf'), 'utf8');
  t.match(pjsip, 'match = 172.30.88.1', 'calls of this machine come through the gateway of the network');
  t.notMatch(pjsip, 'aors = host', 'and nobody is dialled there');
  await write('--trunk', 'carrier=192.0.2.7,sip:192.0.2.7:5060');
  t.match(readFileSync(join(folder, 'etc/pjsip.conf'), 'utf8'), 'contact = sip:192.0.2.7:5060');
  for (const wrong of ['carrier', '=1', 'carrier=192.0.2.7,tel:1']) await t.rejects(write('--trunk', wrong), wrong);
});
