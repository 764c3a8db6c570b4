import { existsSync, readFileSync } from 'node:fs';
import { err, ok } from '../base/result.js';
import type { Ms } from '../base/time.js';
import type { Domain } from '../control/domain.js';
import { buildApp } from '../http/app.js';
import type { AccessToken, HttpDeps, ReplayReading } from '../http/deps.js';
import type { Log } from '../ports/log.js';
import type { RecordingStore } from '../ports/recording-store.js';
import type { Switch } from '../ports/switch.js';
import type { CountingLedger } from '../service-level/ledger.js';
import type { RunningAlarms } from './alarms/running-alarms.js';
import { readTokens } from './config/tokens.js';
import { explanationOf } from './explanation.js';
import { flowMetrics } from './flows/flow-metrics.js';
import { historyCheck, historyMetrics, historyReading, type RunningHistory } from './history.js';
import { numbersReading } from './numbers.js';
import { openSignIns } from './open-sign-ins.js';
import { rosterOf } from './roster.js';
import type { Site } from './site.js';
import type { SpokenPrompts } from './spoken-prompts.js';

export interface HttpParts {
  readonly site: Site;
  readonly log: Log;
  readonly ledger: CountingLedger;
  readonly recordings: RecordingStore;
  readonly flows: Required<Pick<HttpDeps, 'flows' | 'emergency'>>;
  readonly history: RunningHistory;
  readonly alarms: RunningAlarms;
  readonly replay: ReplayReading;
  readonly nowMs: () => Ms;
  readonly onChange: (listener: () => void) => () => void;
  /** Null while this node stands by. */
  readonly domain: () => Domain | null;
  readonly switches: readonly Switch[];
  readonly prompts: Pick<SpokenPrompts, 'isWhole'>;
  readonly faults: () => Record<string, number>;
  readonly webRoot: string;
}

/** Opens the API and the pages. Rejects when the port is taken or a token is weak. */
export async function openHttp(parts: HttpParts): Promise<{ address: string; close(): Promise<void> }> {
  const { site, log, ledger, recordings, domain } = parts;
  const { http, site: place, node } = site.settings;
  const tokens = tokensOf(http.tokenFile, log);
  const audit = auditInto(domain, log);
  const signIns = await openSignIns({ site, log, audit, tokens: () => tokens, nowMs: parts.nowMs });
  const app = buildApp({
    site: { name: place.name, timeZone: place.timeZone, languages: place.languages },
    version: packageVersion(),
    bind: { host: http.host, port: http.port },
    allowedHosts: http.allowedHosts,
    allowedOrigins: http.allowedOrigins,
    tokens: () => tokens,
    signIns: signIns.desk,
    audit,
    nowMs: parts.nowMs,
    board: () => ledger.board(parts.nowMs()),
    onBoardChange: parts.onChange,
    roster: rosterOf(site.settings.acd),
    ledger,
    flows: parts.flows.flows,
    emergency: parts.flows.emergency,
    history: historyReading(site.settings, parts.history),
    numbers: numbersReading(site.settings, ledger, parts.nowMs),
    alarms: parts.alarms,
    replay: parts.replay,
    explanation: (callId, language) => explanationOf(site.settings, ledger.storyOf(callId), callId, language),
    agentCommand: async (command) => {
      const running = domain();
      if (!running) return err({ id: 'standing-by', message: 'this node stands by; another one is the writer' });
      const refusal = await running.submit(command);
      return refusal ? err(refusal) : ok(null);
    },
    callCommand: async (command) => {
      const running = domain();
      if (!running) return err({ id: 'standing-by', message: 'this node stands by; another one is the writer' });
      const refusal = await running.submit(command);
      return refusal ? err(refusal) : ok(null);
    },
    callbackCommand: async (command) => {
      const running = domain();
      if (!running) return err({ id: 'standing-by', message: 'this node stands by; another one is the writer' });
      const refusal = await running.submit(command);
      return refusal ? err(refusal) : ok(null);
    },
    recordingFile: async (recordingId, by) => {
      const recording = ledger.recordings(5_000).find((each) => each.recordingId === recordingId);
      if (!recording || recording.state === 'missing') return null;
      log.info({ recordingId, by }, 'a recording was opened');
      return recordings.open(recordingId);
    },
    ready: () => readiness(parts, node),
    health: () => ({ ok: true, detail: domain() ? 'serving' : 'standing by' }),
    totals: () => ledger.totals(parts.nowMs()),
    metricsText: () => ownMetrics(parts),
    onFault: (error, route) => log.error({ err: error, route }, 'a request failed'),
    webRoot: existsSync(parts.webRoot) ? parts.webRoot : null,
  });
  const close = async (): Promise<void> => {
    await app.close();
    await signIns.close();
  };
  try {
    return { address: await app.listen({ host: http.host, port: http.port }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What nobody can write down as a fact, because this node stands by, is told in the log alone. */
function auditInto(domain: HttpParts['domain'], log: Log): HttpDeps['audit'] {
  return async (entry) => {
    log.info(entry, 'audit');
    try {
      await domain()?.submit({ kind: 'happened', fact: { kind: 'audited', ...entry } });
    } catch (error) {
      log.error({ error: String(error), action: entry.action, by: entry.by }, 'the audit could not be written');
    }
  };
}

function readiness({ domain, switches, history, prompts }: HttpParts, node: string) {
  const running = domain();
  const checks = [
    { name: 'writer', ok: running !== null, detail: running ? `node ${node}, fence ${running.fence}` : 'standing by' },
    ...switches.map((each) => ({ name: `switch ${each.id}`, ok: each.isUp(), detail: each.isUp() ? 'up' : 'down: connecting' })),
  ];
  // Calls are served from memory while Redis is away, so this is said but makes nobody send the callers elsewhere.
  const store = { name: 'store', ok: true, detail: running?.degraded ? 'away: going on from memory' : 'in step' };
  // Callers are served while the words of values are still being spoken.
  const words = {
    name: 'prompts',
    ok: prompts.isWhole(),
    detail: prompts.isWhole() ? 'all there' : 'the words of values are being spoken',
  };
  return { ok: checks.every((check) => check.ok), checks: [...checks, store, historyCheck(history), words] };
}

function ownMetrics({ domain, faults, history, alarms, flows }: HttpParts): string {
  const running = domain();
  const lines = [
    '# HELP hotline_store_degraded 1 while the writer goes on from memory because Redis is away.',
    '# TYPE hotline_store_degraded gauge',
    `hotline_store_degraded ${running?.degraded ? 1 : 0}`,
    '# HELP hotline_stale_ignored_total Answers and expiries for an offer, timer or playback that is no more.',
    '# TYPE hotline_stale_ignored_total counter',
    `hotline_stale_ignored_total ${running?.hotline.staleIgnored ?? 0}`,
    '# HELP hotline_facts_total Sequence number of the last fact.',
    '# TYPE hotline_facts_total counter',
    `hotline_facts_total ${running?.seq ?? 0}`,
    ...historyMetrics(history),
    ...alarms.metrics(),
    ...flowMetrics(flows.flows),
    '# HELP hotline_switch_faults_total What was dropped or went wrong at the switch, by kind.',
    '# TYPE hotline_switch_faults_total counter',
    ...Object.entries(faults()).map(
      ([kind, count]) => `hotline_switch_faults_total{kind="${kind.replace(/[^\w.-]/g, '_')}"} ${count}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** Tokens are read once; a file that cannot be understood stops the start, because half a list of rights is worse than none. */
function tokensOf(file: string | null, log: Log): readonly AccessToken[] {
  if (file === null) {
    log.warn({}, 'no token file is named: nobody can change anything by the API');
    return [];
  }
  const read = readTokens(readFileSync(file, 'utf8'), file);
  if (read.ok) return read.value;
  throw new Error(read.error.map((finding) => `${finding.file}:${finding.line}: ${finding.message}`).join('\n'));
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
