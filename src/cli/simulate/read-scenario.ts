import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { AgentConfig, QueueConfig } from '../../acd/config.js';
import { isDay, isTimeZone } from '../../base/calendar.js';
import { asId } from '../../base/ids.js';
import { err, ok, type Result } from '../../base/result.js';
import { HOUR, MINUTE, type Ms } from '../../base/time.js';
import { byPlace, didYouMean, type Finding, quoted } from '../../flow/finding.js';
import { type Path, readSource, type Source } from '../../flow/source.js';
import { readText } from '../../main/config/files.js';
import { buildAcd } from '../../main/config/load.js';
import { checkShape } from '../../main/config/shape-findings.js';
import { hotlineShape } from '../../main/config/shapes.js';
import { constant, type Distribution, exponential, gamma, lognormal, measured } from '../../simulation/scenario/distribution.js';
import { recordedDay } from '../../simulation/scenario/recorded-day.js';
import type { AgentGroup, CallType, RecordedDay, Scenario } from '../../simulation/scenario/scenario.js';
import { readFacts } from './read-facts.js';
import { type DistributionFile, type ScenarioFile, scenarioShape } from './scenario-shape.js';

/** Most seats of all groups together, and most seconds of measured lengths in one file. */
const MOST_AGENTS = 50_000;
const MOST_LENGTHS = 1_000_000;

/** Reads a scenario file and the files that it names. All mistakes are told at once, with file, line and column. */
export async function readScenario(file: string): Promise<Result<Scenario, Finding[]>> {
  const findings: Finding[] = [];
  const text = await readText(file, findings);
  if (text === null) return err(findings);
  const source = readSource(text, file);
  if (!source.ok) return source;
  findings.push(...source.value.findings);
  const checked = checkShape(scenarioShape, source.value, file);
  findings.push(...checked.findings);
  if (!checked.value) return err(findings.sort(byPlace));
  const reader = new ScenarioReader(file, source.value, checked.value, findings);
  const scenario = await reader.build();
  if (findings.some(({ level }) => level === 'error') || !scenario) return err(findings.sort(byPlace));
  return ok(scenario);
}

class ScenarioReader {
  constructor(
    private readonly file: string,
    private readonly source: Source,
    private readonly written: ScenarioFile,
    private readonly findings: Finding[],
  ) {}

  async build(): Promise<Scenario | null> {
    const { written } = this;
    const periodEndsMs = this.periods();
    const periods = periodEndsMs.length;
    const groups: AgentGroup[] = [];
    for (const name of Object.keys(written.groups)) groups.push(await this.group(name, groups.length, periods));
    const seats = groups.reduce((sum, { agentIds }) => sum + agentIds.length, 0);
    if (seats > MOST_AGENTS) this.say(['groups'], 'out-of-range', `${seats} agents; ${MOST_AGENTS} are allowed`);
    const calls: CallType[] = [];
    for (const name of Object.keys(written.calls ?? {})) calls.push(await this.callType(name, periodEndsMs));
    if ((written.calls === undefined) === (written.recorded === undefined)) {
      this.say([], 'contradiction', 'either "calls" or "recorded" is needed, and not both');
    }
    this.queues();
    if (this.findings.some(({ level }) => level === 'error')) return null;
    const day = { fromMs: written.day.from, periodEndsMs };
    return {
      name: written.scenario,
      title: written.title ?? { zh: written.scenario, en: written.scenario },
      acd: this.acd(groups),
      day,
      days: written.days,
      seed: written.seed,
      warmUpMs: written.warmUp,
      busynessShape: written.busyness?.shape ?? null,
      groups,
      calls,
      recorded: await this.recorded(day),
    };
  }

  private periods(): Ms[] {
    const { periods, every, count } = this.written.day;
    const given = periods ?? (every !== undefined && count !== undefined ? Array<Ms>(count).fill(every) : null);
    if (!given || (periods && (every !== undefined || count !== undefined))) {
      this.say(['day'], 'contradiction', 'write either periods: [2h, 2h], or every: 30m and count: 24');
    }
    let end = 0;
    return (given ?? [HOUR]).map((length) => {
      end += length;
      return end;
    });
  }

  /** Rules that name others, and rules about what callers of a scenario never do. */
  private queues(): void {
    for (const [name, queue] of Object.entries(this.written.queues)) {
      const at = (...rest: Path): Path => ['queues', name, ...rest];
      for (const rule of ['hours', 'callback', 'redial', 'keys'] as const) {
        const given = queue[rule];
        if (given === undefined || Object.keys(given).length === 0) continue;
        this.say(at(rule), 'not-simulated', `${rule}: this is not played; leave it out`, 'key');
      }
      const groups = (given: readonly string[], path: Path): void =>
        given.forEach((group, i) => {
          this.known('group', group, [...path, i]);
        });
      for (const [i, { from }] of queue.relax.entries()) groups(from, at('relax', i, 'from'));
      for (const [i, rule] of queue.borrow.entries()) groups(rule.groups, at('borrow', i, 'groups'));
      for (const [i, { to }] of queue.overflow.entries()) {
        if (to.queue !== undefined) this.known('queue', to.queue, at('overflow', i, 'to', 'queue'));
        groups(to.groups ?? [], at('overflow', i, 'to', 'groups'));
      }
    }
  }

  private async group(name: string, index: number, periods: number): Promise<AgentGroup> {
    const group = this.written.groups[name] as ScenarioFile['groups'][string];
    for (const queue of Object.keys(group.queueRank)) this.known('queue', queue, ['groups', name, 'queueRank', queue], 'key');
    const onDuty = this.each(group.agents, periods, ['groups', name, 'agents']);
    return {
      name,
      agentIds: Array.from({ length: Math.max(...onDuty) }, (_, seat) => asId(`g${index}-${10_000 + seat}`)),
      onDuty,
      picksUpAfter: await this.distribution(group.picksUp, ['groups', name, 'picksUp']),
      overhears: group.overhears,
      backAfterMs: group.backAfter,
    };
  }

  private async callType(name: string, periodEndsMs: readonly Ms[]): Promise<CallType> {
    const type = (this.written.calls as Record<string, unknown>)[name] as NonNullable<ScenarioFile['calls']>[string];
    const at = (...rest: string[]): Path => ['calls', name, ...rest];
    const periods = periodEndsMs.length;
    this.known('queue', type.queue, at('queue'));
    const all = async <T>(given: readonly T[], key: string, read: (one: T, path: Path) => Promise<Distribution | null>) => {
      const made: (Distribution | null)[] = [];
      for (const [index, one] of given.entries()) made.push(await read(one, given.length > 1 ? [...at(key), index] : at(key)));
      return this.each(made, periods, at(key));
    };
    return {
      name,
      queueId: asId(type.queue),
      ratePerMs: this.rates(type, name, periodEndsMs),
      service: (await all(type.service, 'service', (one, path) => this.distribution(one, path))) as Distribution[],
      patience: await all(type.patience ?? ['never' as const], 'patience', async (one, path) =>
        one === 'never' ? null : this.distribution(one, path),
      ),
      wrapUp: type.wrapUp ? await this.distribution(type.wrapUp, at('wrapUp')) : null,
      vipShare: type.vip,
      priority: type.priority,
      skills: type.skills,
    };
  }

  private rates(type: NonNullable<ScenarioFile['calls']>[string], name: string, periodEndsMs: readonly Ms[]): number[] {
    const ways = [
      ['perMinute', type.perMinute],
      ['perHour', type.perHour],
      ['perPeriod', type.perPeriod],
    ] as const;
    const given = ways.filter(([, rates]) => rates !== undefined);
    const [way] = given;
    if (!way?.[1] || given.length > 1) {
      this.say(['calls', name], 'contradiction', 'exactly one of perMinute, perHour, perPeriod is needed');
      return periodEndsMs.map(() => 0);
    }
    const rates = this.each(way[1], periodEndsMs.length, ['calls', name, way[0]]);
    return rates.map((rate, period) => {
      const length = (periodEndsMs[period] as Ms) - (period === 0 ? 0 : (periodEndsMs[period - 1] as Ms));
      return rate / (way[0] === 'perMinute' ? MINUTE : way[0] === 'perHour' ? HOUR : length);
    });
  }

  private async distribution(given: DistributionFile, path: Path): Promise<Distribution> {
    if (given.exponential !== undefined) return exponential(given.exponential);
    if (given.gamma) return gamma(given.gamma.mean, given.gamma.shape);
    if (given.lognormal) return lognormal(given.lognormal.mean, given.lognormal.cv);
    if (given.constant !== undefined) return constant(given.constant);
    if (given.measured) return measured(given.measured);
    return measured(await this.lengths(given.file ?? '', [...path, 'file']));
  }

  /** Seconds, one a line; empty lines and lines that begin with # are passed over. */
  private async lengths(name: string, path: Path): Promise<Ms[]> {
    const lengths: Ms[] = [];
    const wrong = (message: string): Ms[] => {
      this.say(path, 'bad-file', message);
      return [0];
    };
    try {
      const file = resolve(dirname(this.file), name);
      const { size } = await stat(file);
      if (size > 16 * MOST_LENGTHS) return wrong(`${quoted(name)} is larger than ${16 * MOST_LENGTHS} bytes`);
      for (const [index, text] of (await readFile(file, 'utf8')).split(/\r?\n/).entries()) {
        if (text.trim() === '' || text.startsWith('#')) continue;
        const seconds = Number(text);
        if (!(seconds >= 0 && seconds <= 86_400)) {
          return wrong(`${quoted(name)} line ${index + 1}: ${quoted(text)} is not a number of seconds up to a day`);
        }
        lengths.push(Math.round(seconds * 1_000));
      }
    } catch (error) {
      return wrong(`${quoted(name)} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
    }
    return lengths.length > 0 ? lengths : wrong(`${quoted(name)} holds no length`);
  }

  private async recorded(day: Scenario['day']): Promise<RecordedDay | null> {
    const { recorded, queues } = this.written;
    if (!recorded) return null;
    if (!isTimeZone(recorded.timeZone)) {
      this.say(['recorded', 'timeZone'], 'unknown-time-zone', `${quoted(recorded.timeZone)} is not a time zone`);
      return null;
    }
    if (recorded.day !== undefined && !isDay(recorded.day)) {
      this.say(['recorded', 'day'], 'bad-day', `there is no ${recorded.day}`);
      return null;
    }
    const facts = await readFacts(resolve(dirname(this.file), recorded.facts));
    if (!facts.ok) {
      this.say(['recorded', 'facts'], 'bad-file', facts.error);
      return null;
    }
    const made = recordedDay(facts.value, {
      timeZone: recorded.timeZone,
      day: recorded.day ?? null,
      queues: new Set(Object.keys(queues).map((id) => asId(id))),
      clock: day,
    });
    if (made.arrivals.length === 0) this.say(['recorded'], 'nobody', 'no caller of that day entered one of these queues');
    return made;
  }

  /** Through the builder of the house, so that what a policy means here is what it means there. */
  private acd(groups: readonly AgentGroup[]): Scenario['acd'] {
    const { queues, groups: written } = this.written;
    const agents: Record<string, unknown> = {};
    for (const { name, agentIds } of groups) {
      const { skills, queueRank } = written[name] as ScenarioFile['groups'][string];
      for (const id of agentIds) {
        agents[id] = { name: id, team: name, groups: [name], phone: `sip:${id}`, skills, queueRank, autoAnswer: false };
      }
    }
    const hotline = hotlineShape.parse({
      site: basename(this.file),
      timeZone: 'UTC',
      switch: { kind: 'simulated' },
      numbers: {},
      skills: ['any'],
    });
    const titled = Object.fromEntries(
      Object.entries(queues).map(([id, queue]) => [id, { ...queue, title: queue.title ?? { zh: id, en: id } }]),
    );
    const acd = buildAcd({
      hotline,
      queues: { announcePlans: {}, queues: titled },
      agents: { agents: agents as never },
    });
    return { ...acd, queues: acd.queues.map(silent), agents: acd.agents as readonly AgentConfig[] };
  }

  private each<T>(given: readonly T[], periods: number, path: Path): T[] {
    if (given.length === 1) return Array<T>(periods).fill(given[0] as T);
    if (given.length === periods) return [...given];
    this.say(path, 'wrong-count', `${given.length} values for ${periods} periods`);
    return Array<T>(periods).fill(given[0] as T);
  }

  private known(what: 'queue' | 'group', name: string, path: Path, at: 'key' | 'value' = 'value'): void {
    const names = Object.keys(what === 'queue' ? this.written.queues : this.written.groups);
    if (names.includes(name)) return;
    this.say(path, `unknown-${what}`, `there is no ${what} ${quoted(name)}${didYouMean(name, names)}`, at);
  }

  private say(path: Path, rule: string, message: string, at: 'key' | 'value' = 'value'): void {
    const place = at === 'key' ? this.source.atKey(path) : this.source.at(path);
    this.findings.push({ file: this.file, ...place, level: 'error', rule, message });
  }
}

/** Nobody listens to announcements here, and their timers cost time. */
function silent({ estimate: _estimate, comfortEvery: _comfort, ...queue }: QueueConfig): QueueConfig {
  return { ...queue, announce: { ...queue.announce, positionEveryMs: 0, positionFirstMs: 0, comfort: [] } };
}
