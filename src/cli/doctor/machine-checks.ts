import type { PromptTexts } from '../../adapters/files/prompt-sources.js';
import { isOpen, localTime } from '../../base/calendar.js';
import type { Settings } from '../../main/config/environment.js';
import { bad, fine, isAtLeast, type Line, odd, words } from './line.js';
import type { Probes, PromptState } from './probes.js';

/** This machine: Node, folders, disk, clock, port, prompts. */

const NODE_LEAST = '20.19.0';
const MB = 1_048_576;

export function checkNode(version: string): Line {
  if (isAtLeast(version, NODE_LEAST)) return fine('node', words(`Node.js ${version}`, `Node.js ${version}`));
  return bad(
    'node',
    words(`Node.js ${version} 太旧`, `Node.js ${version} is too old`),
    words(`请安装 Node.js ${NODE_LEAST} 或更高版本`, `install Node.js ${NODE_LEAST} or newer`),
  );
}

export async function checkFolders(settings: Settings, probes: Probes): Promise<Line[]> {
  const { data, recordings, prompts } = settings.folders;
  const lines: Line[] = [];
  for (const [id, path] of [
    ['folder-data', data],
    ['folder-recordings', recordings],
    ['folder-prompts', prompts],
  ] as const) {
    const state = await probes.folder(path);
    if (state === 'writable') lines.push(fine(id, words(`${path} 可写`, `${path} can be written`)));
    else if (state === 'creatable') lines.push(fine(id, words(`${path} 将在启动时创建`, `${path} will be made at start`)));
    else if (state === 'noFolder') {
      lines.push(
        bad(
          id,
          words(`${path} 不是目录`, `${path} is not a folder`),
          words('请移走该文件，或改用其他路径', 'move that file away, or name another folder'),
        ),
      );
    } else {
      const found =
        state === 'readOnly'
          ? words(`${path} 不可写`, `${path} cannot be written`)
          : words(`${path} 无法创建`, `${path} cannot be made`);
      lines.push(
        bad(
          id,
          found,
          words('请把该目录的写权限交给运行 hotline 的用户', 'give the user that runs hotline the right to write there'),
        ),
      );
    }
  }
  return lines;
}

/** An hour of a call at 8 kHz, 16 bits, is 58 MB. */
export async function checkDisk(settings: Settings, probes: Probes): Promise<Line> {
  const bytes = await probes.freeBytes(settings.folders.recordings);
  const gigabytes = (bytes / (1_024 * MB)).toFixed(1);
  const hours = Math.floor(bytes / (58 * MB));
  const found = words(
    `录音磁盘剩余 ${gigabytes} GB，约可录 ${hours} 小时`,
    `${gigabytes} GB free for recordings, about ${hours} hours of calls`,
  );
  const mend = words('请腾出空间，或缩短队列的 record.keep', 'make room, or shorten record.keep of the queues');
  if (bytes < 512 * MB) return bad('disk', found, mend);
  return bytes < 5 * 1_024 * MB ? odd('disk', found, mend) : fine('disk', found);
}

export async function checkClock(settings: Settings, probes: Probes): Promise<Line[]> {
  const { wallMs, driftMs, synchronised } = await probes.clock();
  const { day, msOfDay } = localTime(settings.site.timeZone, wallMs);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const local = `${day} ${two(msOfDay / 3_600_000)}:${two((msOfDay / 60_000) % 60)} ${settings.site.timeZone}`;
  const lines: Line[] = [];
  const sync = words('请启用 NTP（例如 systemd-timesyncd 或 chrony）', 'switch on NTP (systemd-timesyncd or chrony)');
  if (wallMs < Date.UTC(2026, 0, 1)) {
    lines.push(bad('clock', words(`系统时间明显不对：${local}`, `this machine's clock is clearly wrong: ${local}`), sync));
  } else if (Math.abs(driftMs) > 50) {
    const moved = words(`时钟在检查期间跳动了 ${driftMs} 毫秒`, `the clock jumped by ${driftMs} ms while we looked`);
    lines.push(odd('clock', moved, words('请检查是否有多个程序在校时', 'see whether two programs set the clock')));
  } else lines.push(fine('clock', words(`站点时间 ${local}`, `the site's time is ${local}`)));
  if (synchronised === false) {
    const apart = words('时钟未与 NTP 同步', 'the clock is not synchronised by NTP');
    lines.push(odd('clock-ntp', apart, sync));
  } else if (synchronised) lines.push(fine('clock-ntp', words('时钟已与 NTP 同步', 'the clock is synchronised by NTP')));
  return lines;
}

/** Nothing is wrong with a hotline that is closed, but who dials it then should know. */
export function checkCalendars({ calendars }: Pick<Settings, 'calendars'>, nowMs: number): Line[] {
  if (Object.keys(calendars).length === 0) return [];
  const named = (open: boolean): string =>
    Object.entries(calendars)
      .flatMap(([name, calendar]) => (isOpen(calendar, nowMs) === open ? [name] : []))
      .join(', ') || '-';
  return [
    fine(
      'calendars',
      words(
        `当前开放的日历：${named(true)}；关闭：${named(false)}`,
        `calendars open now: ${named(true)}; closed: ${named(false)}`,
      ),
    ),
  ];
}

export async function checkPort(settings: Settings, probes: Probes): Promise<Line> {
  const { host, port } = settings.http;
  const at = `${host}:${port}`;
  switch (await probes.port(host, port)) {
    case 'free':
      return fine('port', words(`${at} 空闲`, `${at} is free`));
    case 'hotline':
      return fine('port', words(`hotline 已在 ${at} 运行`, `hotline is running at ${at}`));
    case 'taken':
      return bad(
        'port',
        words(`${at} 被其他程序占用`, `another program listens at ${at}`),
        words(
          '请停止该程序，或用 http.port / HOTLINE_HTTP 换一个端口',
          'stop it, or choose another port by http.port or HOTLINE_HTTP',
        ),
      );
    case 'notAllowed':
      return bad(
        'port',
        words(`没有权限监听 ${at}`, `listening at ${at} is not allowed`),
        words('请使用 1024 以上的端口', 'choose a port above 1024'),
      );
    case 'notHere':
      return bad(
        'port',
        words(`${host} 不是本机地址`, `${host} is not an address of this machine`),
        words('请改正 http.host 或 HOTLINE_HTTP', 'mend http.host or HOTLINE_HTTP'),
      );
  }
}

/** What was never spoken, or in other words, is spoken at the next start; what was spoken and is gone is silence now. */
export async function checkPrompts(settings: Settings, texts: PromptTexts, probes: Probes): Promise<Line[]> {
  const { wanted, missing } = await probes.prompts(texts, settings.folders.prompts);
  const [program = ''] = settings.prompts.command;
  const isThere = await probes.canRun(program);
  return [promptLine(wanted, missing), voiceLine(program, isThere, missing.length > 0)];
}

function promptLine(wanted: number, missing: PromptState['missing']): Line {
  if (missing.length === 0) return fine('prompts', words(`提示音齐全（${wanted} 个）`, `all ${wanted} prompts are there`));
  const names = missing.slice(0, 3).map(({ prompt, language }) => `${prompt} (${language})`);
  const some = `${names.join(', ')}${missing.length > 3 ? ' ...' : ''}`;
  const mend = words('运行 hotline prompts build，或启动 hotline', 'run "hotline prompts build", or start hotline');
  if (missing.length === wanted) return odd('prompts', words('提示音尚未生成', 'the prompts are not built yet'), mend);
  const found = words(`缺少 ${missing.length} 个提示音：${some}`, `${missing.length} prompts are missing: ${some}`);
  return (missing.some(({ why }) => why === 'lost') ? bad : odd)('prompts', found, mend);
}

function voiceLine(program: string, isThere: boolean, isNeeded: boolean): Line {
  if (isThere) return fine('voice', words(`语音合成：${program}`, `prompts are spoken by ${program}`));
  const found = words(`找不到语音合成程序 ${program}`, `${program}, which speaks the prompts, is not on PATH`);
  const mend = words(`请安装 ${program}，或修改 prompts.command`, `install ${program}, or change prompts.command`);
  return (isNeeded ? bad : odd)('voice', found, mend);
}
