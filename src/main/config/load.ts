import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { AcdConfig, QueueConfig, RequirementExpression } from '../../acd/config.js';
import { flowIdsOf, listFlowFiles } from '../../adapters/files/flow-files.js';
import { type Calendar, daysBetween, type OpenSpan } from '../../base/calendar.js';
import { asId, type FlowId, type SwitchId } from '../../base/ids.js';
import { err, ok, type Result } from '../../base/result.js';
import { type Ms, SECOND } from '../../base/time.js';
import { formatFinding } from '../../flow/finding.js';
import { readSource } from '../../flow/source.js';
import type { AlarmRule } from '../../service-level/alarms/rules.js';
import { checkAlarmNames } from './alarm-names.js';
import { type AlarmsFile, buildAlarms } from './alarms.js';
import { buildCallback, buildDialOut, type DialOut } from './callback.js';
import { type CustomerDirectory, customerDirectory } from './customers.js';
import { buildEmergency, type EmergencyAnnouncement, type EmergencyFile, emergencyTexts } from './emergency.js';
import { buildEndpoints, type Endpoint, type EndpointsFile } from './endpoints.js';
import { byFileAndPlace, readOptionalText, readText } from './files.js';
import { buildHistory, type HistorySettings } from './history.js';
import { buildMail, type MailSettings } from './mail.js';
import { checkNames, type SourceFile } from './names.js';
import { readOverlay } from './overlay.js';
import { buildAnnouncing, buildQueueRules } from './queue-rules.js';
import { type ConfigFinding, checkShape } from './shape-findings.js';
import {
  type AgentsFile,
  agentsShape,
  type CustomersFile,
  customersShape,
  type HotlineFile,
  hotlineShape,
  type QueuesFile,
  queuesShape,
  SHAPES,
} from './shapes.js';

/** Everything that `config/` says, checked and frozen. What the environment says is put over it by `settle` (environment.ts). */
export interface LoadedConfig {
  /** First 12 hex digits of the SHA-256 of the files. */
  readonly version: string;
  readonly site: { readonly name: string; readonly timeZone: string; readonly languages: readonly string[] };
  readonly node: string;
  readonly redis: { readonly url: string; readonly domain: string };
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly tokenFile: string | null;
    readonly allowedHosts: readonly string[];
    readonly allowedOrigins: readonly string[];
  };
  readonly switch: {
    readonly kind: 'asterisk' | 'simulated';
    readonly id: SwitchId;
    readonly url: string;
    readonly app: string;
    readonly user: string;
    readonly passwordFile: string | null;
  };
  /** Absolute. */
  readonly folders: { readonly data: string; readonly flows: string; readonly prompts: string; readonly recordings: string };
  /** Number dialled -> flow. */
  readonly numbers: Readonly<Record<string, FlowId>>;
  readonly calendars: Readonly<Record<string, Calendar>>;
  /** Program and arguments with {text}, {voice} and {file}; voice per language. */
  readonly prompts: { readonly command: readonly string[]; readonly voices: Readonly<Record<string, string>> };
  readonly skills: readonly string[];
  readonly tiers: readonly string[];
  readonly customers: CustomerDirectory;
  /** Systems that flows may ask and tell, by name. */
  readonly endpoints: Readonly<Record<string, Endpoint>>;
  /** Announcements that can be switched on, by name. */
  readonly emergency: Readonly<Record<string, EmergencyAnnouncement>>;
  readonly acd: AcdConfig;
  /** Whom we may dial outside, and by which trunk; null: nobody. */
  readonly dialOut: DialOut | null;
  readonly maintenance: { readonly everyMs: Ms; readonly keepFactsMs: Ms };
  readonly history: HistorySettings;
  readonly alarms: readonly AlarmRule[];
  /** By which server alarms are mailed; null: by none. */
  readonly mail: MailSettings | null;
  /** What is odd and may be meant so. */
  readonly warnings: readonly ConfigFinding[];
}

export interface LoadOptions {
  /** Folder that relative paths start from; the one around the configuration's unless told. */
  readonly base?: string;
  /** Names of the flows; those of the flows folder unless told. */
  readonly flows?: readonly string[];
  /** Name of the file that is laid over the others, see `overlay.ts`. */
  readonly overlay?: string | null;
}

const FINDINGS_SHOWN = 200;
const FILES = ['hotline', 'queues', 'agents', 'customers'] as const;
/** A site without them has no endpoints, no announcements, no alarms. */
const OPTIONAL_FILES = ['endpoints', 'emergency', 'alarms'] as const;
const ALL_FILES = [...FILES, ...OPTIONAL_FILES];
type FileName = (typeof ALL_FILES)[number];
const isOptional = (name: FileName): boolean => OPTIONAL_FILES.some((optional) => optional === name);

/** Reads the files. All mistakes of all files are found in one run; one error refuses the whole. Never throws for what stands in a file. */
export async function loadConfig(folder: string, options: LoadOptions = {}): Promise<Result<LoadedConfig, ConfigFinding[]>> {
  const base = resolve(options.base ?? join(folder, '..'));
  const findings: ConfigFinding[] = [];
  const texts = await Promise.all(
    ALL_FILES.map((name) => (isOptional(name) ? readOptionalText : readText)(join(folder, `${name}.yaml`), findings)),
  );
  const overlay = await readOverlay(folder, options.overlay ?? null, ALL_FILES, findings);
  const sources = Object.fromEntries(
    ALL_FILES.map((name, index) => {
      const source = parse(join(folder, `${name}.yaml`), texts[index] ?? null, findings);
      return [name, overlay.over(name, source)];
    }),
  ) as Record<FileName, SourceFile | null>;

  const hotline = shaped(hotlineShape, sources.hotline, findings);
  const queues = shaped(queuesShape, sources.queues, findings);
  const agents = shaped(agentsShape, sources.agents, findings);
  const customers = shaped(customersShape, sources.customers, findings);
  const endpoints = shaped(SHAPES.endpoints, sources.endpoints, findings);
  const emergency = shaped(SHAPES.emergency, sources.emergency, findings);
  const alarms = shaped(SHAPES.alarms, sources.alarms, findings);
  const flowsFolder = resolve(base, textAt(sources.hotline, ['folders', 'flows']) ?? 'ivr-flows');
  findings.push(...checkNames(sources, options.flows ?? (await flowsIn(flowsFolder))), ...checkAlarmNames(sources));

  const errors = findings
    .filter((finding) => finding.level === 'error')
    .sort(byFileAndPlace)
    .map(withoutAccount);
  if (errors.length > 0) return err(errors.slice(0, FINDINGS_SHOWN));
  if (!hotline || !queues || !agents || !customers) throw new Error('a file was refused without a finding');
  const version = createHash('sha256')
    .update([...texts, ...(overlay.text === null ? [] : [overlay.text])].join('\u0000'))
    .digest('hex')
    .slice(0, 12);
  return ok(build({ hotline, queues, agents, customers, endpoints, emergency, alarms }, base, version, findings));
}

/** So many digits may be a card that somebody forgot to put in quotes. */
const withoutAccount = (finding: ConfigFinding): ConfigFinding => ({
  ...finding,
  message: finding.message.replace(/\d{12,}/g, '…'),
  ...(finding.messageZh === undefined ? {} : { messageZh: finding.messageZh.replace(/\d{12,}/g, '…') }),
});

/** What the announcements of `emergency.yaml` say, by the ids of their prompts, for who needs no more of the configuration. */
export async function readEmergencyTexts(file: string): Promise<Result<ReturnType<typeof emergencyTexts>, ConfigFinding[]>> {
  const findings: ConfigFinding[] = [];
  const source = parse(file, await readOptionalText(file, findings), findings);
  const checked = shaped(SHAPES.emergency, source, findings);
  return findings.some(({ level }) => level === 'error') ? err(findings) : ok(emergencyTexts(buildEmergency(checked)));
}

/** `config/queues.yaml:7:13  error  unknown-skill  there is no skill "servce"; did you mean "service"?` */
export const formatConfigFinding = (finding: ConfigFinding): string =>
  finding.line > 0 ? formatFinding(finding) : `${finding.file}  ${finding.level}  ${finding.rule}  ${finding.message}`;

function parse(file: string, text: string | null, findings: ConfigFinding[]): SourceFile | null {
  if (text === null) return null;
  const source = readSource(text, file);
  findings.push(...(source.ok ? source.value.findings : source.error));
  return source.ok ? { file, source: source.value } : null;
}

function shaped<S extends Parameters<typeof checkShape>[0]>(shape: S, file: SourceFile | null, findings: ConfigFinding[]) {
  if (!file) return null;
  const checked = checkShape<S>(shape, file.source, file.file);
  findings.push(...checked.findings);
  return checked.value;
}

/** No folder, no flows: each number that names one is told. */
const flowsIn = async (folder: string): Promise<string[]> => flowIdsOf(await listFlowFiles(folder).catch(() => []));

function textAt(file: SourceFile | null, path: readonly string[]): string | null {
  let at: unknown = file?.source.value;
  for (const step of path) at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[step] : undefined;
  return typeof at === 'string' && at !== '' ? at : null;
}

interface Files {
  readonly hotline: HotlineFile;
  readonly queues: QueuesFile;
  readonly agents: AgentsFile;
  readonly customers: CustomersFile;
  readonly endpoints: EndpointsFile | null;
  readonly emergency: EmergencyFile | null;
  readonly alarms: AlarmsFile | null;
}

function build(files: Files, base: string, version: string, warnings: readonly ConfigFinding[]): LoadedConfig {
  const { hotline } = files;
  const data = resolve(base, hotline.folders.data);
  return deepFreeze<LoadedConfig>({
    version,
    site: { name: hotline.site, timeZone: hotline.timeZone, languages: hotline.languages },
    node: hotline.node,
    redis: hotline.redis,
    http: { ...hotline.http, tokenFile: hotline.http.tokenFile === undefined ? null : resolve(base, hotline.http.tokenFile) },
    switch: {
      ...hotline.switch,
      id: asId(hotline.switch.id),
      passwordFile: hotline.switch.passwordFile === undefined ? null : resolve(base, hotline.switch.passwordFile),
    },
    folders: {
      data,
      flows: resolve(base, hotline.folders.flows),
      prompts: resolve(data, hotline.folders.prompts),
      recordings: resolve(data, hotline.folders.recordings),
    },
    numbers: hotline.numbers as Record<string, FlowId>,
    calendars: buildCalendars(hotline),
    prompts: hotline.prompts,
    skills: hotline.skills,
    tiers: hotline.tiers,
    customers: customerDirectory(files.customers, hotline.countryCode),
    endpoints: buildEndpoints(files.endpoints, base),
    emergency: buildEmergency(files.emergency),
    acd: buildAcd(files),
    dialOut: hotline.dialOut === undefined ? null : buildDialOut(hotline.dialOut, hotline.countryCode),
    maintenance: { everyMs: hotline.maintenance.every, keepFactsMs: hotline.maintenance.keepFacts },
    history: buildHistory(hotline, data),
    alarms: buildAlarms(files.alarms),
    mail: buildMail(hotline.mail, base),
    warnings,
  });
}

const buildCalendars = (hotline: HotlineFile): Record<string, Calendar> =>
  Object.fromEntries(
    Object.entries(hotline.calendars).map(([name, calendar]) => [name, buildCalendar(calendar, hotline.timeZone)]),
  );

function buildCalendar(calendar: HotlineFile['calendars'][string], siteZone: string): Calendar {
  const week = calendar.week;
  const days: Record<string, readonly OpenSpan[]> = {};
  for (const holiday of calendar.holidays ?? []) {
    const [first = '', last = first] = holiday.split('..');
    for (const day of daysBetween(first, last)) days[day] = [];
  }
  // A make-up working day inside a range of holidays wins.
  Object.assign(days, calendar.special);
  return {
    timeZone: calendar.timeZone ?? siteZone,
    always: calendar.always === 'open',
    week: [week?.mon, week?.tue, week?.wed, week?.thu, week?.fri, week?.sat, week?.sun].map((hours) => hours ?? []),
    days,
  };
}

/** What the engine is told, from checked files. */
export function buildAcd({ hotline, queues, agents }: Pick<Files, 'hotline' | 'queues' | 'agents'>): AcdConfig {
  const calendars = buildCalendars(hotline);
  return {
    queues: Object.entries(queues.queues).map(([id, queue]) => ({
      id: asId(id),
      title: queue.title,
      target: {
        share: queue.target.share,
        withinMs: queue.target.within,
        formula: queue.target.formula,
        shortAbandonMs: queue.target.shortAbandon,
      },
      require: queue.require as RequirementExpression,
      relax: queue.relax.map((step) => ({
        afterMs: step.after,
        require: step.require as RequirementExpression,
        groups: step.from,
        drop: step.drop,
        lower: step.lower,
      })),
      agents: buildAgentChoice(queue.agents),
      callers: buildCallerOrder(queue.callers),
      limits: { waiting: queue.limits.waiting, waitMs: queue.limits.wait },
      ...buildAnnouncing(queue.announce),
      ...buildQueueRules(queue, calendars),
      ...(queue.callback && { callback: buildCallback(queue.callback) }),
      music: queue.music,
      record: { share: queue.record.share, keepMs: queue.record.keep },
    })),
    agents: Object.entries(agents.agents).map(([id, agent]) => ({ id: asId(id), ...agent })),
    announcePlans: Object.fromEntries(Object.entries(queues.announcePlans).map(([name, plan]) => [name, buildAnnouncing(plan)])),
    notReadyReasons: hotline.notReadyReasons,
    notReadyLimitMs: hotline.notReadyLimits,
    phoneFailuresAllowed: hotline.phones.failuresAllowed,
    backOffMs: hotline.phones.backOff,
    rona: hotline.phones.rona,
    offersAtOnce: hotline.phones.offersAtOnce,
    seed: hotline.redis.domain,
  };
}

function buildAgentChoice(agents: QueueFile['agents']): QueueConfig['agents'] {
  const { choose, ring, wrapUp, wrapUpAtMost, atOnce, preferredWait, lastAgent, autoAnswer } = agents;
  return {
    choose,
    ringMs: ring,
    wrapUpMs: wrapUp,
    ...(wrapUpAtMost === undefined ? {} : { wrapUpAtMostMs: wrapUpAtMost }),
    offersAtOnce: atOnce,
    preferredWaitMs: preferredWait,
    ...(lastAgent ? { lastAgent: { rememberMs: lastAgent.remember, waitMs: lastAgent.wait } } : {}),
    autoAnswer,
  };
}

/** Nobody waits longer than this behind others where the file does not say. */
const WAITS_AT_MOST_MS = 90 * SECOND;

function buildCallerOrder({ order, waitsAtMost, credit, ageing }: QueueFile['callers']): QueueConfig['callers'] {
  return {
    order,
    waitsAtMostMs: waitsAtMost ?? WAITS_AT_MOST_MS,
    ...(credit ? { credit: { vipMs: credit.vip, perPriorityMs: credit.perPriority, tiersMs: credit.tiers } } : {}),
    ...(ageing === undefined ? {} : { ageingMs: ageing }),
  };
}

type QueueFile = QueuesFile['queues'][string];

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}
