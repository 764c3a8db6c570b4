import type { Settings } from '../../main/config/environment.js';
import { formatConfigFinding } from '../../main/config/load.js';
import type { ConfigFinding } from '../../main/config/shape-findings.js';
import { bad, fine, isAtLeast, type Line, odd, type Words, words } from './line.js';
import type { AriAnswer, Probes, RedisState } from './probes.js';

/** What hotline leans on: its configuration, Redis, the switch. */

const FINDINGS_SHOWN = 20;

const MENDING: Readonly<Record<string, Words>> = {
  'no-password': words(
    '在本机试用：scripts/up 会启动并配好密码；接自己的交换机：设置 HOTLINE_ARI_PASSWORD 或 switch.passwordFile',
    'to try it on this machine, scripts/up starts a switch and gives it a password; for a switch of your own name HOTLINE_ARI_PASSWORD or switch.passwordFile',
  ),
};

/** One line per finding, and one that all is well when there is none that stops a start. */
export function checkFindings(id: string, findings: readonly ConfigFinding[], well: Line): Line[] {
  const lines = findings.slice(0, FINDINGS_SHOWN).map((finding): Line => {
    const text = formatConfigFinding(finding);
    return finding.level === 'error'
      ? bad(id, words(text, text), MENDING[finding.rule] ?? words('请改正此处', 'mend this place'))
      : odd(id, words(text, text), words('若非有意，请改正此处', 'mend this place unless it is meant so'));
  });
  return findings.some((finding) => finding.level === 'error') ? lines : [well, ...lines];
}

const REDIS_LEAST = '6.2';

export async function checkRedis(settings: Settings, probes: Probes): Promise<Line[]> {
  const where = withoutPassword(settings.redis.url);
  let state: RedisState;
  try {
    state = await probes.redis(settings.redis.url);
  } catch (error) {
    const reason = reasonOf(error);
    const found = words(`无法连接 Redis ${where}：${reason}`, `Redis at ${where} does not answer: ${reason}`);
    const start = words(
      '请启动 Redis（在本机试用：scripts/up 会启动一个），或用 HOTLINE_REDIS_URL 指明地址',
      'start Redis (to try it on this machine: scripts/up starts one), or say where it is by HOTLINE_REDIS_URL',
    );
    const password = words('请在 HOTLINE_REDIS_URL 中给出正确的密码', 'give the right password in HOTLINE_REDIS_URL');
    return [bad('redis', found, /NOAUTH|WRONGPASS|AUTH/.test(reason) ? password : start)];
  }
  return [
    fine('redis', words(`Redis ${where} 可用`, `Redis at ${where} answers`)),
    redisVersion(state),
    redisPolicy(state),
    redisAof(state),
    ...redisRole(state),
    ...redisMemory(state),
    ...skew('redis-clock', 'Redis', state.skewMs, 1_000),
  ];
}

function redisVersion({ version }: RedisState): Line {
  if (isAtLeast(version, REDIS_LEAST))
    return fine('redis-version', words(`Redis 版本 ${version}`, `Redis is version ${version}`));
  const found = words(`Redis 版本 ${version} 太旧`, `Redis ${version} is too old`);
  return bad('redis-version', found, words(`请升级到 ${REDIS_LEAST} 或更高版本`, `install ${REDIS_LEAST} or newer`));
}

function redisPolicy({ policy }: RedisState): Line {
  const found = words(`maxmemory-policy 为 ${policy}`, `maxmemory-policy is ${policy}`);
  if (policy === 'noeviction') return fine('redis-policy', found);
  return bad(
    'redis-policy',
    words(`${found.zh}：内存不足时 Redis 会丢弃通话`, `${found.en}: short of memory, Redis would throw calls away`),
    words(
      '执行 CONFIG SET maxmemory-policy noeviction 并写入 redis.conf',
      'CONFIG SET maxmemory-policy noeviction, and put it in redis.conf',
    ),
  );
}

function redisAof({ aof }: RedisState): Line {
  if (aof) return fine('redis-aof', words('Redis 已开启 AOF', 'Redis keeps an append-only file'));
  return odd(
    'redis-aof',
    words('Redis 未开启 AOF：Redis 重启会丢失通话状态', 'Redis keeps no append-only file: its restart loses the state of calls'),
    words('执行 CONFIG SET appendonly yes 并写入 redis.conf', 'CONFIG SET appendonly yes, and put it in redis.conf'),
  );
}

function redisRole({ role }: RedisState): Line[] {
  if (role === 'master') return [];
  const found = words(`该 Redis 是 ${role}，不能写入`, `this Redis is a ${role} and cannot be written`);
  return [bad('redis-role', found, words('请指向主节点', 'name the master'))];
}

function redisMemory({ usedBytes, maxBytes }: RedisState): Line[] {
  if (maxBytes === 0 || usedBytes < maxBytes * 0.9) return [];
  const share = Math.round((usedBytes / maxBytes) * 100);
  const found = words(`Redis 内存已用 ${share}%`, `Redis has used ${share} % of its memory`);
  return [odd('redis-memory', found, words('请调大 maxmemory', 'raise maxmemory'))];
}

const ASTERISK_LEAST = '20';

export async function checkSwitch(settings: Settings, probes: Probes): Promise<Line[]> {
  if (settings.switch.kind === 'simulated') {
    return [fine('switch', words('使用模拟交换机，没有真实电话', 'the simulated switch: no real phones'))];
  }
  const { url, user } = settings.switch;
  let answer: AriAnswer;
  try {
    answer = await probes.ari({ url, user, password: settings.switchPassword ?? '' });
  } catch (error) {
    const reason = reasonOf(error);
    const found = words(`无法连接 Asterisk ${url}：${reason}`, `Asterisk at ${url} does not answer: ${reason}`);
    const mend = words(
      '请启动 Asterisk，并检查 http.conf 与 HOTLINE_ARI_URL',
      'start Asterisk; look at its http.conf and at HOTLINE_ARI_URL',
    );
    return [bad('switch', found, mend)];
  }
  const refused = refusal(answer.status, url, user);
  if (refused) return [refused];
  return [
    fine('switch', words(`Asterisk ${url} 可用`, `Asterisk at ${url} answers`)),
    switchVersion(answer.version),
    ...(answer.skewMs === null ? [] : skew('switch-clock', 'Asterisk', answer.skewMs, 2_000)),
  ];
}

function refusal(status: number, url: string, user: string): Line | null {
  if (status >= 200 && status < 300) return null;
  if (status === 401 || status === 403) {
    const found = words(`Asterisk 拒绝了用户 ${user}`, `Asterisk refuses the user ${user}`);
    return bad('switch', found, words('请核对 ari.conf 与 HOTLINE_ARI_PASSWORD', 'compare ari.conf with HOTLINE_ARI_PASSWORD'));
  }
  if (status === 404) {
    const found = words(`${url} 不是 ARI`, `there is no ARI at ${url}`);
    const mend = words(
      '请在 ari.conf 中设 enabled=yes；地址通常以 /ari 结尾',
      'set enabled=yes in ari.conf; the address usually ends in /ari',
    );
    return bad('switch', found, mend);
  }
  const found = words(`Asterisk 返回 HTTP ${status}`, `Asterisk answers with HTTP ${status}`);
  return bad('switch', found, words('Asterisk 可能仍在启动；请查看其日志', 'it may still be starting; look at its log'));
}

function switchVersion(version: string | null): Line {
  if (version === null) {
    const found = words('Asterisk 没有说明版本', 'Asterisk does not tell its version');
    return odd('switch-version', found, words('请确认该地址是 Asterisk', 'see whether this address is Asterisk'));
  }
  const found = words(`Asterisk 版本 ${version}`, `Asterisk is version ${version}`);
  if (isAtLeast(version, ASTERISK_LEAST)) return fine('switch-version', found);
  return bad('switch-version', found, words(`请升级到 ${ASTERISK_LEAST} 或更高版本`, `install ${ASTERISK_LEAST} or newer`));
}

function skew(id: string, name: string, skewMs: number, allowedMs: number): Line[] {
  if (Math.abs(skewMs) <= allowedMs) return [];
  const seconds = (skewMs / 1_000).toFixed(1);
  const found = words(`${name} 的时钟与本机相差 ${seconds} 秒`, `${name}'s clock is ${seconds} s off ours`);
  return [odd(id, found, words('请让两台机器都使用 NTP', 'let both machines use NTP'))];
}

/** `redis://:secret@host` without the secret; whatever cannot be read is not shown at all. */
function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return '(?)';
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}

export function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (inner as NodeJS.ErrnoException | null)?.code;
  const text = typeof code === 'string' ? code : inner instanceof Error ? inner.message : String(inner);
  return (text || 'no reason given').replace(/(\w:\/\/)[^\s/@]*@/g, '$1').slice(0, 200);
}
