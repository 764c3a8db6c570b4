import type { Command } from 'commander';
import { formatConfigFinding } from '../main/config/load.js';
import { WrongFlows } from '../main/flows/flow-desk.js';
import { createLog } from '../main/log.js';
import { type RunningHotline, serve } from '../main/serve.js';
import { readSite } from '../main/site.js';

/** Exit codes of sysexits.h: what a supervisor should know. */
const EX_CONFIG = 78;
const EX_SOFTWARE = 70;
const EX_UNAVAILABLE = 69;
const STOP_WITHIN_MS = 10_000;

interface Flags {
  readonly config?: string;
  readonly switch?: 'asterisk' | 'simulated';
  readonly http?: string;
}

/** `hotline serve`: runs until it is told to stop. Calls go on when it ends; the next start finds them. */
export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description('Run hotline: take the calls of the switch, route them, serve the API and the pages')
    .option('-c, --config <folder>', 'folder of the configuration (else HOTLINE_CONFIG, else ./config)')
    .option('--switch <kind>', 'asterisk or simulated, instead of the configured one')
    .option('--http <host:port>', 'where to listen, instead of the configured address')
    .action(async (flags: Flags) => run(flags));
}

async function run(flags: Flags): Promise<void> {
  const env = { ...process.env };
  if (flags.switch) env.HOTLINE_SWITCH = flags.switch;
  if (flags.http) env.HOTLINE_HTTP = flags.http;
  const site = await readSite({ env, config: flags.config, wrongFlows: 'told' });
  if (!site.ok) {
    for (const finding of site.error) console.error(formatConfigFinding(finding));
    console.error(`hotline: the configuration has ${site.error.length} mistake(s); nothing was started`);
    process.exitCode = EX_CONFIG;
    return;
  }
  for (const warning of site.value.warnings) console.error(formatConfigFinding(warning));
  const { settings } = site.value;
  const log = createLog({ level: settings.logLevel, node: settings.node });
  const onFatal = (reason: string, cause?: unknown): void => {
    log.fatal({ err: cause }, reason);
    process.exit(EX_SOFTWARE);
  };
  process.on('uncaughtException', (error) => onFatal('an exception was not caught', error));
  process.on('unhandledRejection', (error) => onFatal('a rejection was not handled', error));
  let running: RunningHotline | null = null;
  let asked = false;
  const stop = async (signal: string): Promise<void> => {
    if (asked) process.exit(130);
    asked = true;
    log.info({ signal }, 'stopping; calls go on');
    setTimeout(() => process.exit(EX_SOFTWARE), STOP_WITHIN_MS).unref();
    await running?.stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(signal));
  try {
    running = await serve({ site: site.value, log, onFatal });
  } catch (error) {
    if (asked) return;
    if (error instanceof WrongFlows) {
      for (const finding of error.findings) console.error(formatConfigFinding(finding));
      console.error(`hotline: ${error.message} and no older version that would do is known; nothing was started`);
      process.exit(EX_CONFIG);
    }
    log.fatal({ err: error }, 'hotline could not be started');
    console.error(`hotline: ${(error as Error).message}\n"hotline doctor" looks at everything that can be wrong.`);
    process.exit(EX_UNAVAILABLE);
  }
}
