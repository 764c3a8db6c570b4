import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { openHistory } from '../adapters/history/open-history.js';
import { dayStartMs, isDay, localTime } from '../base/calendar.js';
import type { Fact } from '../base/facts.js';
import { HOUR, type Ms } from '../base/time.js';
import type { Settings } from '../main/config/environment.js';
import { historyPlace } from '../main/history.js';
import { type Host, processHost } from '../main/host.js';
import { readSite } from '../main/site.js';
import { createLedger } from '../service-level/ledger.js';
import { type Comparison, compareDay, type ShownCounts } from '../service-level/recount-day.js';
import type { QueueCounts } from '../service-level/views.js';
import { factsOfFile, factsOfRedis } from './recount/fact-sources.js';
import { type HistoryCounts, historyCounts } from './recount/history-counts.js';

interface Flags {
  readonly day: string;
  readonly facts?: string;
  readonly url?: string;
  readonly token?: string;
  readonly live: boolean;
  readonly history: boolean;
  readonly config?: string;
  readonly json?: true;
  readonly lang?: 'zh' | 'en';
}

const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;
const EX_CONFIG = 78;
const ANSWER_WITHIN_MS = 10_000;
/** Callers who wait, and talks that go on, over midnight. */
const BEFORE_THE_DAY: Ms = 12 * HOUR;
/** Talks and wrap-ups of the day that end after it. */
const AFTER_THE_DAY: Ms = 12 * HOUR;

/** `hotline recount --day D`: every figure of a day once more from its facts. */
export function addRecountCommand(program: Command, host: Host = processHost()): void {
  program
    .command('recount')
    .description(
      'Count a day again from its facts and compare with the live figures and the history, for every formula; 1 if any differs',
    )
    .requiredOption('--day <day>', 'day of the site, like 2026-11-21')
    .option('--facts <file>', 'facts as JSON lines, instead of those in Redis')
    .option('--url <url>', 'address of the running hotline (else that of the configuration)')
    .option('--token <token>', 'access token (else HOTLINE_TOKEN)')
    .option('--no-live', 'leave the running hotline alone')
    .option('--no-history', 'leave the history alone')
    .option('-c, --config <folder>', 'folder of the configuration (else HOTLINE_CONFIG, else ./config)')
    .option('--json', 'one JSON object, for programs')
    .addOption(new Option('--lang <language>', 'language of what is said').choices(['zh', 'en']))
    .action(async (flags: Flags) => {
      const { code, text } = await recountDay(flags, host.env);
      if (code <= 1) host.write(text);
      else console.error(`hotline: ${text}`);
      host.setExitCode(code);
    });
}

/** Exit code 0: nothing differs. 1: something does. Else what stood in the way. */
export async function recountDay(flags: Flags, env: Host['env']): Promise<{ readonly code: number; readonly text: string }> {
  if (!isDay(flags.day)) return { code: EX_USAGE, text: `"${flags.day.slice(0, 20)}" is not a day; write it like 2026-11-21` };
  const site = await readSite({ env, config: flags.config });
  if (!site.ok) return { code: EX_CONFIG, text: 'the configuration has mistakes; `hotline doctor` names them' };
  const { settings } = site.value;
  const range = rangeOfDay(flags.day, settings.site.timeZone);
  const notes: string[] = [];
  const chinese = languageOf(flags, settings) === 'zh';
  const note = (zh: string, en: string): void => void notes.push(chinese ? zh : en);
  // First what is compared, then the facts: of a day that goes on, the facts reach beyond every figure, and are counted up to it.
  const live = flags.live ? await liveCounts(flags, settings, range, env, note) : [];
  const kept = flags.history ? await keptCounts(settings, range, note) : null;
  let facts: Fact[];
  try {
    facts = flags.facts
      ? await factsOfFile(flags.facts)
      : await factsOfRedis(settings.redis, range.fromMs - BEFORE_THE_DAY, range.toMs + AFTER_THE_DAY);
  } catch (error) {
    return { code: EX_UNAVAILABLE, text: `the facts cannot be read: ${(error as Error).message}` };
  }
  const [first, last] = [facts[0], facts.at(-1)];
  if (!first || !last || first.atMs >= range.toMs || last.atMs < range.fromMs) {
    return { code: EX_UNAVAILABLE, text: `there are no facts of ${flags.day}` };
  }
  const hole = facts.findIndex((fact, index) => index > 0 && fact.seq !== (facts[index - 1] as Fact).seq + 1);
  if (hole > 0) return { code: EX_UNAVAILABLE, text: `facts are missing before ${(facts[hole] as Fact).seq}` };
  // The first fact of all begins the history of a site; any other one may have had facts of the day before it.
  if (first.seq > 1 && first.atMs > range.fromMs) note('当日最早的事实已不在', 'the first facts of the day are gone');
  if (kept && kept.seq < last.seq) note(`历史库写到第 ${kept.seq} 条事实`, `the history stands at fact ${kept.seq}`);
  const shown = [...folded(facts, settings, range), ...live, ...(kept?.counts ?? [])];
  const comparison = compareDay(facts, settings.acd.queues, range, shown);
  const sources = [...new Set(shown.map(({ source }) => source))];
  const code = comparison.differences.length > 0 ? 1 : 0;
  if (flags.json) {
    return { code, text: `${JSON.stringify({ day: flags.day, facts: facts.length, sources, notes, ...comparison })}\n` };
  }
  return { code, text: reportText(flags.day, facts.length, sources, notes, comparison, chinese) };
}

function rangeOfDay(day: string, timeZone: string): { readonly fromMs: Ms; readonly toMs: Ms } {
  const noon = Date.parse(`${day}T12:00:00Z`);
  const inside = [noon, noon - 12 * HOUR, noon + 11 * HOUR].find((atMs) => localTime(timeZone, atMs).day === day) ?? noon;
  const fromMs = dayStartMs(timeZone, inside);
  return { fromMs, toMs: dayStartMs(timeZone, fromMs + 36 * HOUR) };
}

/** The fold that a running hotline makes, made here of the same facts. */
function folded(facts: readonly Fact[], { acd, site }: Settings, range: { fromMs: Ms; toMs: Ms }): ShownCounts[] {
  const { seq, atMs } = facts.at(-1) as Fact;
  const ledger = createLedger({
    queues: acd.queues,
    agents: acd.agents,
    dayStartMs: (each) => dayStartMs(site.timeZone, each),
    dayName: (each) => localTime(site.timeZone, each).day,
  });
  for (const fact of facts) ledger.add(fact);
  return acd.queues.map(({ id }) => {
    const counts = ledger.counts(id, range.fromMs, range.toMs, atMs);
    return { source: 'fold', queueId: id, seq, atMs, counts };
  });
}

type Note = (zh: string, en: string) => void;

/** The board of the running hotline, when it shows this day. */
async function liveCounts(flags: Flags, { http, site }: Settings, range: { fromMs: Ms; toMs: Ms }, env: Host['env'], note: Note) {
  const name =
    http.host === '0.0.0.0' || http.host === '::' ? '127.0.0.1' : http.host.includes(':') ? `[${http.host}]` : http.host;
  const token = flags.token ?? env.HOTLINE_TOKEN;
  let board: unknown;
  try {
    const answer = await fetch(new URL('/api/v1/board', flags.url ?? `http://${name}:${http.port}`), {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      redirect: 'error',
    });
    board = answer.ok ? await answer.json() : null;
  } catch {
    board = null;
  }
  const { seq, atMs, queues } = (board ?? {}) as { seq?: unknown; atMs?: unknown; queues?: unknown };
  if (!Number.isSafeInteger(seq) || !Number.isSafeInteger(atMs) || !Array.isArray(queues)) {
    note('没有正在运行的服务可比较', 'no running hotline answered, so nothing live was compared');
    return [];
  }
  if (dayStartMs(site.timeZone, atMs as Ms) !== range.fromMs) {
    note('实时看板显示的是另一天', 'the live board shows another day');
    return [];
  }
  return (queues as { queueId: string; today: QueueCounts }[]).map(
    ({ queueId, today }): ShownCounts => ({ source: 'live', queueId, seq: seq as number, atMs: atMs as Ms, counts: today }),
  );
}

async function keptCounts(
  { history, acd }: Settings,
  range: { fromMs: Ms; toMs: Ms },
  note: Note,
): Promise<HistoryCounts | null> {
  const place = historyPlace(history);
  if (place.kind === 'sqlite' && !existsSync(place.file)) {
    note('没有历史库', 'there is no history yet');
    return null;
  }
  const store = openHistory(place);
  try {
    const kept = await historyCounts(store, acd.queues, range);
    if (kept === null) note('历史库一直在写入，未作比较', 'the history was written to all the time, so it was not compared');
    return kept;
  } catch {
    note('历史库无法读取', 'the history cannot be read');
    return null;
  } finally {
    await store.close();
  }
}

const languageOf = ({ lang }: Flags, { site }: Settings): string => lang ?? site.languages[0] ?? 'en';

function reportText(
  day: string,
  facts: number,
  sources: readonly string[],
  notes: readonly string[],
  { compared, differences }: Comparison,
  chinese: boolean,
): string {
  const lines = differences.map(({ source, queueId, what, shown, recounted }) =>
    chinese
      ? `${source}  ${queueId}  ${what}：显示 ${shown}，重新计数 ${recounted}`
      : `${source}  ${queueId}  ${what}: shown ${shown}, recounted ${recounted}`,
  );
  const sum = chinese
    ? `${day}：${facts} 条事实，比较 ${compared} 项数字（${sources.join('，')}），${differences.length} 项不同`
    : `${day}: ${facts} facts, ${compared} figures compared (${sources.join(', ')}), ${differences.length} differ`;
  return `${[...lines, ...notes.map((each) => `! ${each}`), sum].join('\n')}\n`;
}
