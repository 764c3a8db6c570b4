import { resolve } from 'node:path';
import t from 'tap';
import { type Environment, isLoopback, readEnvironment, settle } from '../../src/main/config/environment.js';
import { type LoadedConfig, loadConfig } from '../../src/main/config/load.js';

const shipped = resolve(import.meta.dirname, '../../config');

const environment = (env: Record<string, string>): Environment => {
  const result = readEnvironment(env);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
};

async function config(): Promise<LoadedConfig> {
  const result = await loadConfig(shipped, { flows: ['credit-card', 'transport-card'] });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const PASSWORD = 'k3-Ro9_pLongEnough';
const noFile = (): null => null;

t.test('what is set is read, what is empty is not set', async (t) => {
  t.match(environment({ HOTLINE_HTTP: '', HOTLINE_SWITCH: ' ' }), {
    http: null,
    switchKind: null,
    redisUrl: null,
    logLevel: null,
  });
  t.match(
    environment({
      HOTLINE_HTTP: '[::1]:0',
      HOTLINE_REDIS_URL: 'unix:///run/redis.sock',
      HOTLINE_SWITCH: 'simulated',
      HOTLINE_LOG_LEVEL: 'debug',
    }),
    { http: { host: '::1', port: 0 }, redisUrl: 'unix:///run/redis.sock', switchKind: 'simulated', logLevel: 'debug' },
  );
  t.same(environment({ HOTLINE_HTTP: ':8081' }).http, { host: '127.0.0.1', port: 8081 }, 'no host means this machine only');
});

t.test('each wrong variable is named, and no address with its password is shown', async (t) => {
  const result = readEnvironment({
    HOTLINE_HTTP: '127.0.0.1',
    HOTLINE_REDIS_URL: 'http://:hush@redis',
    HOTLINE_ARI_URL: 'ws://x',
    HOTLINE_SWITCH: 'freeswitch',
    HOTLINE_LOG_LEVEL: 'loud',
    HOTLINE_ARI_USER: 'a\r\nb',
  });
  const findings = result.ok ? [] : result.error;
  t.same(findings.map(({ file, rule }) => `${file} ${rule}`).sort(), [
    'HOTLINE_ARI_URL bad-url',
    'HOTLINE_ARI_USER bad-format',
    'HOTLINE_HTTP bad-format',
    'HOTLINE_LOG_LEVEL unknown-value',
    'HOTLINE_REDIS_URL bad-url',
    'HOTLINE_SWITCH unknown-value',
  ]);
  t.notMatch(JSON.stringify(findings), /hush/);
  t.notOk(readEnvironment({ HOTLINE_HTTP: '127.0.0.1:99999' }).ok);
});

t.test('the environment goes before the files', async (t) => {
  const env = environment({
    HOTLINE_REDIS_URL: 'redis://:x@10.0.0.1:7000',
    HOTLINE_ARI_URL: 'http://10.0.0.2:8088/ari',
    HOTLINE_ARI_USER: 'acd',
    HOTLINE_ARI_PASSWORD: PASSWORD,
    HOTLINE_HTTP: '127.0.0.1:9000',
    HOTLINE_DATA: '/var/lib/hotline',
  });
  const apart = settle(await config(), { ...env, recordings: '/srv/sound' }, noFile);
  t.match(apart.ok && apart.value.folders, { data: '/var/lib/hotline', recordings: '/srv/sound' });
  const result = settle(await config(), env, noFile);
  t.match(result.ok && result.value, {
    redis: { url: 'redis://:x@10.0.0.1:7000', domain: 'main' },
    switch: { kind: 'asterisk', url: 'http://10.0.0.2:8088/ari', user: 'acd' },
    switchPassword: PASSWORD,
    http: { host: '127.0.0.1', port: 9000, tokenFile: null },
    folders: { data: '/var/lib/hotline', recordings: '/var/lib/hotline/recording', prompts: '/var/lib/hotline/prompts' },
    logLevel: 'info',
  });
});

t.test('passwords that everybody knows, or none, are refused; a simulated switch needs none', async (t) => {
  const base = await config();
  const rule = (env: Record<string, string>): string => {
    const result = settle(base, environment(env), noFile);
    return result.ok ? 'ok' : (result.error[0]?.rule ?? '');
  };
  t.equal(rule({}), 'no-password');
  for (const known of ['asterisk', 'ClueCon', 'Password', '123456', 'hotline']) {
    t.equal(rule({ HOTLINE_ARI_PASSWORD: known }), 'default-password', known);
  }
  t.equal(rule({ HOTLINE_ARI_USER: 'same-as-the-user', HOTLINE_ARI_PASSWORD: 'same-as-the-user' }), 'default-password');
  t.equal(rule({ HOTLINE_ARI_PASSWORD: PASSWORD }), 'ok');
  t.equal(rule({ HOTLINE_SWITCH: 'simulated' }), 'ok');
  const named = { ...base, switch: { ...base.switch, passwordFile: '/run/ari' } };
  t.ok(settle(named, environment({}), (path) => (path === '/run/ari' ? PASSWORD : null)).ok);
  t.notOk(settle(named, environment({}), () => '').ok, 'an empty file is no password');
});

t.test('nothing listens beyond this machine without tokens', async (t) => {
  const base = await config();
  const rule = (env: Record<string, string>): string => {
    const result = settle(base, environment({ HOTLINE_ARI_PASSWORD: PASSWORD, ...env }), noFile);
    return result.ok ? 'ok' : (result.error[0]?.rule ?? '');
  };
  for (const open of ['0.0.0.0:8080', '[::]:8080', '192.168.1.5:8080', 'pbx.example:8080', '127.evil.example:80']) {
    t.equal(rule({ HOTLINE_HTTP: open }), 'open-to-all', open);
  }
  t.equal(rule({ HOTLINE_HTTP: '0.0.0.0:8080', HOTLINE_API_TOKEN_FILE: '/run/tokens.yaml' }), 'ok');
  for (const own of ['127.0.0.1:1', 'localhost:1', '[::1]:1', '127.0.0.2:1']) t.equal(rule({ HOTLINE_HTTP: own }), 'ok', own);
  t.notOk(isLoopback('::ffff:10.0.0.1'));
});
