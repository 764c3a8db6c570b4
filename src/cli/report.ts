import { type Command, Option } from 'commander';
import { type Host, processHost } from '../main/host.js';
import { readSite } from '../main/site.js';
import { csvOf, tableOf } from './report/print-report.js';
import { type ReportLanguage, STILL } from './report/words.js';

/** The reports of the API by their names there. */
export const REPORTS: readonly string[] = [
  ...['queues', 'intervals', 'agents', 'reasons', 'outcomes', 'repeat-callers', 'dispositions', 'survey'],
];
const ASKED = ['from', 'to', 'queue', 'agent', 'lane', 'tier', 'language', 'by'] as const;

export interface ReportFlags extends Partial<Readonly<Record<(typeof ASKED)[number], string>>> {
  readonly csv?: true;
  /** For people to read. */
  readonly table?: true;
  /** With `csv`: headings and values for people, in this language. */
  readonly lang?: ReportLanguage;
  readonly url?: string;
  readonly token?: string;
  readonly config?: string;
}

const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;
const EX_CONFIG = 78;
/** A report over a year of stays may take its time. */
const ANSWER_WITHIN_MS = 60_000;
const STILL_AFTER_MS = 3_000;

/** `hotline report NAME`: a report of the running hotline, for a file or another program. */
export function addReportCommand(program: Command, host: Host = processHost()): void {
  program
    .command('report')
    .description('Print a report of the running hotline as JSON, CSV or a table; it reads and changes nothing')
    .argument('<name>', REPORTS.join(', '))
    .option('--from <day>', "day of the site like 2026-11-21, or a moment; today's start unless told")
    .option('--to <day>', 'the end, itself left out; a day after --from unless told')
    .option('--queue <id>', 'of this queue alone')
    .option('--agent <id>', 'of this agent alone')
    .option('--lane <lane>', 'queues: of callers in this lane alone')
    .option('--tier <tier>', 'queues: of callers of this tier alone')
    .option('--language <language>', 'queues: of callers in this language alone')
    .addOption(new Option('--by <interval>', 'one row per interval').choices(['1m', '15m', '30m', '60m', 'day']))
    .option('--csv', 'comma-separated values instead of JSON, with the names of the API; with --lang, with headings for people')
    .option('--table', 'a table to read, with the formulas below, instead of JSON')
    .addOption(new Option('--lang <language>', 'language of the table, or of the CSV').choices(['zh', 'en']))
    .option('--url <url>', 'address of the running hotline (else that of the configuration)')
    .option('--token <token>', 'access token (else HOTLINE_TOKEN)')
    .option('-c, --config <folder>', 'folder of the configuration (else HOTLINE_CONFIG, else ./config)')
    .action(async (name: string, flags: ReportFlags) => {
      const still = setTimeout(() => console.error(`hotline: ${STILL[languageOf(flags, host.env)]}`), STILL_AFTER_MS);
      const { code, text } = await report(name, flags, host.env).finally(() => clearTimeout(still));
      if (code === 0) host.write(text);
      else console.error(`hotline: ${text}`);
      host.setExitCode(code);
    })
    .addHelpText('after', EXAMPLES);
}

const EXAMPLES = `
Examples:
  hotline report queues --table                          today, queue by queue
  hotline report intervals --by 30m --queue cards --table
  hotline report agents --from 2026-11-01 --to 2026-12-01 --by day --csv --lang zh > agents.csv
Today's rows grow while calls go on. A disposition is what an agent filed a call under.`;

const languageOf = ({ lang }: ReportFlags, env: Host['env']): ReportLanguage =>
  lang ?? ((env.LANG ?? '').startsWith('zh') ? 'zh' : 'en');

/** Exit code 0 and the report, or what stood in the way: 1 refused, 64 no such report, 69 nobody answers, 78 the configuration. */
export async function report(name: string, flags: ReportFlags, env: Host['env']): Promise<{ code: number; text: string }> {
  if (!REPORTS.includes(name))
    return { code: EX_USAGE, text: `there is no report "${name.slice(0, 40)}": ${REPORTS.join(', ')}` };
  const base = flags.url ?? (await addressOf(env, flags.config));
  if (base === null)
    return { code: EX_CONFIG, text: 'the configuration has mistakes; `hotline doctor` names them, or give --url' };
  if (!URL.canParse(`/api/v1/reports/${name}`, base)) return { code: EX_USAGE, text: '--url is not an address' };
  const url = new URL(`/api/v1/reports/${name}`, base);
  for (const each of ASKED) if (flags[each] !== undefined) url.searchParams.set(each, flags[each]);
  const forPeople = flags.table === true || (flags.csv === true && flags.lang !== undefined);
  if (flags.csv && !forPeople) url.searchParams.set('format', 'csv');
  const token = flags.token ?? env.HOTLINE_TOKEN;
  try {
    const answer = await fetch(url, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      redirect: 'error',
    });
    const text = await answer.text();
    if (answer.ok && forPeople) return { code: 0, text: forReading(name, flags, text, env) };
    if (answer.ok) return { code: 0, text: text.endsWith('\n') ? text : `${text}\n` };
    return { code: 1, text: refusalOf(text) ?? `the answer was ${answer.status}` };
  } catch {
    return { code: EX_UNAVAILABLE, text: `no hotline answers at ${url.origin}` };
  }
}

function forReading(name: string, flags: ReportFlags, json: string, env: Host['env']): string {
  const { rows, timeZone } = JSON.parse(json) as { rows: readonly Record<string, unknown>[]; timeZone?: string };
  const print = flags.table ? tableOf : csvOf;
  return print(name, rows, timeZone, languageOf(flags, env));
}

async function addressOf(env: Host['env'], config: string | undefined): Promise<string | null> {
  const site = await readSite({ env, config });
  if (!site.ok) return null;
  const { host, port } = site.value.settings.http;
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function refusalOf(text: string): string | null {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : null;
  } catch {
    return null;
  }
}
