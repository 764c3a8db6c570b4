import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { DemoEndpoint } from './demo-bank.js';
import { cacheFolder, projectFolder } from './places.js';

/** What the configuration says that the stack must know. Read by whoever can read it, so that there is one reader only. */
export interface House {
  /** Agent id -> name of the phone (`1001` of `sip:1001`). */
  readonly agents: ReadonlyArray<{ readonly id: string; readonly phone: string; readonly team?: string }>;
  readonly numbers: readonly string[];
  /** Numbers of known customers, so that the demonstration has VIP callers. */
  readonly customerNumbers: readonly string[];
  /** Systems that flows ask and tell and that are said to be on this machine. */
  readonly endpoints?: readonly DemoEndpoint[];
  /** Sound files without ending that callers hear while hotline is away. */
  readonly fallbackAnnouncements?: readonly string[];
  readonly goodbyePrompt?: string;
}

export interface UpOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly config: string;
  /** Name of the file that is laid over the configuration; null: none. */
  readonly overlay: string | null;
  readonly data: string;
  readonly httpHost: string;
  readonly httpPort: number;
  readonly sipHost: string;
  readonly sipPort: number;
  readonly rtp: { readonly from: number; readonly to: number };
  /** Ports that were asked for must be had; the usual ones may give way to the next free ones. */
  readonly fixed: { readonly http: boolean; readonly sip: boolean; readonly rtp: boolean };
  readonly demo: boolean;
  readonly demoCallsPerMinute: number;
  readonly simulated: boolean;
  readonly redisUrl: string | undefined;
  readonly asterisk: string | undefined;
  /** The phone that a person registers; in the demonstration every other one is played. */
  readonly ownPhone: string;
}

const LEAST_RTP = 20;
const USUAL = { http: 8080, sip: 5060, rtpFrom: 20_000, rtpTo: 20_999 } as const;

/** The flags of `hotline up`. `run` gets them checked. */
export function upCommand(env: UpOptions['env'], run: (options: UpOptions) => Promise<void>): Command {
  return new Command('up')
    .summary('start Redis, Asterisk and hotline on this machine')
    .description(
      'Starts a private Redis, a private Asterisk and hotline, says where to dial and look, and ends all of them on Ctrl-C.',
    )
    .option('--demo', 'play callers and agents by SIPp', false)
    .option('--demo-calls <per minute>', 'calls per minute of the demonstration', whole(1, 600), 16)
    .option('--simulated', 'no Asterisk and no phones: the simulated switch', false)
    .option('--config <folder>', 'configuration', env.HOTLINE_CONFIG ?? join(projectFolder, 'config'))
    .option('--data <folder>', 'recordings, prompts, logs, Redis', env.HOTLINE_DATA ?? join(cacheFolder(env), 'data'))
    .option('--http-host <address>', 'where the pages are; beyond this machine needs tokens', '127.0.0.1')
    .option('--http-port <port>', `port of the pages (${USUAL.http}, or the next free one)`, whole(1, 65_535))
    .option('--sip-host <address>', 'where phones register; 0.0.0.0 for phones elsewhere', '127.0.0.1')
    .option('--sip-port <port>', `port of SIP (${USUAL.sip}, or the next free one)`, whole(1, 65_535))
    .option('--rtp-from <port>', `first port of sound (${USUAL.rtpFrom})`, whole(1024, 65_534))
    .option('--rtp-to <port>', `last port of sound (${USUAL.rtpTo})`, whole(1025, 65_535))
    .option('--redis <url>', 'a Redis of your own, instead of a private one')
    .option('--asterisk <path>', 'an Asterisk of your own (20 or newer): its program, or a folder it is unpacked in')
    .option('--own-phone <name>', 'the phone that you register yourself', '1099')
    .action(async (flags: Flags, command: Command) => {
      const options = checked(env, flags);
      const { from, to } = options.rtp;
      if (to - from < LEAST_RTP)
        command.error(`error: the ports for sound, ${from} to ${to}, are too few; ${LEAST_RTP} at least are needed`);
      await run(options);
    });
}

interface Flags {
  demo: boolean;
  demoCalls: number;
  simulated: boolean;
  config: string;
  data: string;
  httpHost: string;
  httpPort?: number;
  sipHost: string;
  sipPort?: number;
  rtpFrom?: number;
  rtpTo?: number;
  redis?: string;
  asterisk?: string;
  ownPhone: string;
}

function checked(env: UpOptions['env'], flags: Flags): UpOptions {
  const from = flags.rtpFrom ?? (flags.rtpTo === undefined ? USUAL.rtpFrom : Math.max(1_024, flags.rtpTo - 999));
  const to = flags.rtpTo ?? (flags.rtpFrom === undefined ? USUAL.rtpTo : Math.min(65_535, flags.rtpFrom + 999));
  return {
    env,
    config: resolve(flags.config),
    overlay: env.HOTLINE_OVERLAY || demoOverlay(resolve(flags.config), flags),
    data: resolve(flags.data),
    httpHost: flags.httpHost,
    httpPort: flags.httpPort ?? USUAL.http,
    sipHost: flags.sipHost,
    sipPort: flags.sipPort ?? USUAL.sip,
    rtp: { from, to },
    fixed: {
      http: flags.httpPort !== undefined,
      sip: flags.sipPort !== undefined,
      rtp: flags.rtpFrom !== undefined || flags.rtpTo !== undefined,
    },
    demo: flags.demo,
    demoCallsPerMinute: flags.demoCalls,
    simulated: flags.simulated,
    redisUrl: flags.redis ?? env.REDIS_URL,
    asterisk: flags.asterisk ?? env.HOTLINE_ASTERISK,
    ownPhone: flags.ownPhone,
  };
}

/** A configuration that says nothing of a demonstration is played as it is. */
const demoOverlay = (config: string, { demo, simulated }: Flags): string | null =>
  (demo || simulated) && existsSync(join(config, 'demo.yaml')) ? 'demo' : null;

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most))
      throw new InvalidArgumentError(`a whole number between ${least} and ${most} is needed`);
    return value;
  };
}
