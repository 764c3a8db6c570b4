import { SYSTEM_REASONS } from '../../acd/agents.js';
import type { Requirement, RequirementExpression } from '../../acd/config.js';
import { alternativesIn, implies, isTooWide, MAX_ALTERNATIVES } from '../../acd/requirement.js';
import { daysBetween, isDay, isTimeZone } from '../../base/calendar.js';
import { parseDuration } from '../../base/time.js';
import { didYouMean, quoted } from '../../flow/finding.js';
import type { Path, Source } from '../../flow/source.js';
import { accountKey, numberKey } from './customers.js';
import type { ConfigFinding } from './shape-findings.js';

/**
 * What one place of the files says about another: names that must exist, things that must not be there twice. Looks at the files as they
 * were read, not at checked values, so that these mistakes are found in the same run as those of shape. Whatever has the wrong shape is
 * passed over here; the shape says so.
 */

export interface ConfigSources {
  readonly hotline: SourceFile | null;
  readonly queues: SourceFile | null;
  readonly agents: SourceFile | null;
  readonly customers: SourceFile | null;
  readonly endpoints: SourceFile | null;
  readonly emergency: SourceFile | null;
}

export interface SourceFile {
  readonly file: string;
  readonly source: Source;
}

export function checkNames(sources: ConfigSources, flows: readonly string[]): ConfigFinding[] {
  const findings: ConfigFinding[] = [];
  const { hotline, queues, agents, customers, emergency } = sources;
  if (hotline) checkHotline(new Reader(hotline, findings), flows);
  const settings = hotline ? new Reader(hotline, findings) : null;
  if (queues) checkQueues(new Reader(queues, findings), settings, agents ? new Reader(agents, findings) : null);
  if (agents) checkAgents(new Reader(agents, findings), settings, queues ? new Reader(queues, findings) : null);
  if (customers) checkCustomers(new Reader(customers, findings), settings, agents ? new Reader(agents, findings) : null);
  if (emergency) checkEmergency(new Reader(emergency, findings), settings);
  return findings;
}

function checkHotline(hotline: Reader, flows: readonly string[]): void {
  hotline.text(
    ['timeZone'],
    (zone) => isTimeZone(zone) || ['unknown-time-zone', `${quoted(zone)} is not a time zone; write it like Asia/Shanghai`],
  );
  for (const number of hotline.keys(['numbers'])) {
    hotline.text(['numbers', number], (flow) => hotline.known('flow', flow, flows));
  }
  for (const list of ['skills', 'tiers', 'languages', 'notReadyReasons']) hotline.once([list]);
  for (const [index, skill] of hotline.items(['skills']).entries()) {
    if (skill === 'all' || skill === 'any') hotline.say(['skills', index], 'reserved-name', `a skill cannot be called ${skill}`);
  }
  const reasons = hotline.has(['notReadyReasons']) ? hotline.texts(['notReadyReasons']) : ['break', 'training', 'back-office'];
  for (const reason of hotline.keys(['notReadyLimits'])) {
    const known = hotline.known('reason', reason, [...reasons, ...SYSTEM_REASONS]);
    if (known !== true) hotline.sayKey(['notReadyLimits', reason], ...known);
  }
  const languages = hotline.texts(['languages']);
  if (hotline.has(['languages']) && hotline.has(['prompts', 'voices'])) {
    for (const language of languages) {
      if (!hotline.has(['prompts', 'voices', language]))
        hotline.say(['prompts', 'voices'], 'missing-language', `no voice for ${language}`);
    }
  }
  if (hotline.has(['prompts', 'command'])) {
    const words = hotline.texts(['prompts', 'command']).join(' ');
    for (const placeholder of ['{file}', '{text}']) {
      if (!words.includes(placeholder)) {
        hotline.say(['prompts', 'command'], 'missing-placeholder', `${placeholder} stands nowhere in the command`);
      }
    }
  }
  hotline.text(['redis', 'url'], (url) => checkUrl(url, ['redis:', 'rediss:', 'unix:'], 'HOTLINE_REDIS_URL'));
  hotline.text(['switch', 'url'], (url) => checkUrl(url, ['http:', 'https:'], 'HOTLINE_ARI_PASSWORD'));
  for (const name of hotline.keys(['calendars'])) checkCalendar(hotline, ['calendars', name]);
}

/** True, or the rule and the sentence. A password in a file that is kept with the project is refused. */
export function checkUrl(url: string, protocols: readonly string[], variable: string): true | [string, string] {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return ['bad-url', `not an address; write it like ${protocols[0]}//127.0.0.1`];
  }
  if (!protocols.includes(parsed.protocol))
    return ['bad-url', `${quoted(parsed.protocol)} is not one of ${protocols.join(', ')}`];
  if (parsed.password !== '') return ['secret-in-file', `no password in this file; give it by ${variable}`];
  return true;
}

function checkCalendar(hotline: Reader, path: Path): void {
  hotline.text([...path, 'timeZone'], (zone) => isTimeZone(zone) || ['unknown-time-zone', `${quoted(zone)} is not a time zone`]);
  const always = hotline.has([...path, 'always']);
  if (!always && !hotline.has([...path, 'week'])) {
    hotline.say(path, 'empty-calendar', 'neither "always: open" nor hours per "week": it would never be open');
  }
  if (always && hotline.keys(path).some((key) => key !== 'always')) {
    hotline.say([...path, 'always'], 'contradiction', '"always: open" and hours stand side by side');
  }
  for (const [index] of hotline.items([...path, 'holidays']).entries()) {
    hotline.text([...path, 'holidays', index], (text) => {
      const [first = '', last = first] = text.split('..');
      const wrong = [first, last].find((day) => /^\d{4}-\d{2}-\d{2}$/.test(day) && !isDay(day));
      if (wrong !== undefined) return ['bad-day', `there is no ${wrong}`];
      if (!isDay(first) || !isDay(last)) return true;
      const days = daysBetween(first, last).length;
      return days === 0 || days > 366 ? ['bad-day', `${text} is not a range of 1 to 366 days`] : true;
    });
  }
  for (const day of hotline.keys([...path, 'special'])) {
    if (/^\d{4}-\d{2}-\d{2}$/.test(day) && !isDay(day))
      hotline.sayKey([...path, 'special', day], 'bad-day', `there is no ${day}`);
  }
}

function checkQueues(queues: Reader, settings: Reader | null, agents: Reader | null): void {
  const skills = settings?.texts(['skills']) ?? null;
  const languages = settings?.has(['languages']) ? settings.texts(['languages']) : ['zh', 'en'];
  const groups = new Set(agents?.keys(['agents']).flatMap((id) => agents.texts(['agents', id, 'groups'])));
  for (const id of queues.keys(['queues'])) {
    const path = ['queues', id];
    checkRequirement(queues, [...path, 'require'], skills);
    const tiers = settings?.has(['tiers']) ? settings.texts(['tiers']) : ['ordinary', 'vip'];
    for (const tier of queues.keys([...path, 'callers', 'credit', 'tiers'])) {
      const known = queues.known('tier', tier, tiers);
      if (known !== true) queues.sayKey([...path, 'callers', 'credit', 'tiers', tier], ...known);
    }
    if (queues.has([...path, 'title'])) {
      for (const language of languages) {
        if (!queues.has([...path, 'title', language]))
          queues.say([...path, 'title'], 'missing-language', `no title for ${language}`);
      }
    }
    checkRules(queues, path, settings, agents ? groups : null, skills);
    let lastMs = -1;
    for (const [index] of queues.items([...path, 'relax']).entries()) {
      const step = [...path, 'relax', index];
      checkRequirement(queues, [...step, 'require'], skills);
      checkSkills(queues, [...step, 'lower'], skills);
      for (const [nth] of skills ? queues.items([...step, 'drop']).entries() : []) {
        queues.text([...step, 'drop', nth], (skill) => queues.known('skill', skill, skills ?? []));
      }
      const softer = queues.items([...step, 'drop']).length + queues.keys([...step, 'lower']).length > 0;
      if (softer && queues.has([...step, 'require']) && queues.items([...step, 'from']).length === 0) {
        queues.say([...step, 'require'], 'contradiction', '"require" replaces what "drop" and "lower" would soften');
      }
      if (agents) {
        for (const [nth] of queues.items([...step, 'from']).entries()) {
          queues.text([...step, 'from', nth], (group) => queues.known('group', group, groups));
        }
      }
      queues.text([...step, 'after'], (text) => {
        const after = parseDuration(text);
        if (!after.ok) return true;
        const rises = after.value > lastMs;
        lastMs = Math.max(lastMs, after.value);
        return rises || ['bad-order', `${text} is not later than the step before`];
      });
    }
    if (
      agents &&
      !agents.keys(['agents']).some((agent) => {
        const skills = levelsAt(agents, ['agents', agent, 'skills']);
        return alternativesIn(expressionAt(queues.at([...path, 'require']))).some((least) => implies(skills, least));
      })
    ) {
      queues.sayKey(path, 'nobody-can-serve', `no agent has what ${quoted(id)} requires`, 'warn');
    }
  }
}

/** The requirement at a path as an expression; whatever has the wrong shape is left out, the shape says so. */
function expressionAt(value: unknown): RequirementExpression {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const entries = Object.entries(value).flatMap(([name, entry]): [string, RequirementExpression[string]][] => {
    if (typeof entry === 'number') return [[name, entry]];
    return Array.isArray(entry) && (name === 'all' || name === 'any') ? [[name, entry.map(expressionAt)]] : [];
  });
  return Object.fromEntries(entries);
}

function levelsAt(reader: Reader, path: Path): Requirement {
  return Object.fromEntries(
    reader.keys(path).flatMap((skill) => {
      const level = reader.at([...path, skill]);
      return typeof level === 'number' ? [[skill, level]] : [];
    }),
  );
}

function checkRequirement(reader: Reader, path: Path, skills: readonly string[] | null): void {
  if (isTooWide(expressionAt(reader.at(path)))) {
    reader.say(path, 'too-many-alternatives', `this comes to more than ${MAX_ALTERNATIVES} ways to be eligible`);
  }
  checkNamedSkills(reader, path, skills);
}

function checkNamedSkills(reader: Reader, path: Path, skills: readonly string[] | null): void {
  for (const key of reader.keys(path)) {
    const items = reader.items([...path, key]);
    if ((key === 'all' || key === 'any') && items.length > 0) {
      for (const index of items.keys()) checkNamedSkills(reader, [...path, key, index], skills);
    } else if (skills && key !== 'all' && key !== 'any') {
      const known = reader.known('skill', key, skills);
      if (known !== true) reader.sayKey([...path, key], ...known);
    }
  }
}

/** The calendars, queues and groups that a queue's rules name. */
function checkRules(
  queues: Reader,
  path: Path,
  settings: Reader | null,
  groups: ReadonlySet<string> | null,
  skills: readonly string[] | null,
): void {
  const others = queues.keys(['queues']).filter((id) => id !== path.at(-1));
  if (settings) {
    queues.text([...path, 'callback', 'calendar'], (calendar) =>
      queues.known('calendar', calendar, settings.keys(['calendars'])),
    );
    if (queues.has([...path, 'callback']) && !settings.has(['dialOut']))
      queues.sayKey([...path, 'callback'], 'no-trunk', 'nobody can be called back: hotline.yaml has no dialOut');
    queues.text([...path, 'hours', 'calendar'], (calendar) => queues.known('calendar', calendar, settings.keys(['calendars'])));
  }
  const checkGroups = (at: Path): void => {
    for (const [nth] of groups ? queues.items(at).entries() : []) {
      queues.text([...at, nth], (group) => queues.known('group', group, groups ?? []));
    }
  };
  for (const [index] of queues.items([...path, 'overflow']).entries()) {
    const to = [...path, 'overflow', index, 'to'];
    queues.text([...to, 'queue'], (queue) => queues.known('queue', queue, others));
    checkGroups([...to, 'groups']);
  }
  for (const [index] of queues.items([...path, 'borrow']).entries()) {
    checkGroups([...path, 'borrow', index, 'groups']);
    checkRequirement(queues, [...path, 'borrow', index, 'require'], skills);
  }
}

function checkSkills(reader: Reader, path: Path, skills: readonly string[] | null): void {
  if (!skills) return;
  for (const skill of reader.keys(path)) {
    const known = reader.known('skill', skill, skills);
    if (known !== true) reader.sayKey([...path, skill], ...known);
  }
}

function checkAgents(agents: Reader, settings: Reader | null, queues: Reader | null): void {
  const skills = settings?.texts(['skills']) ?? null;
  const phones = new Map<string, string>();
  for (const id of agents.keys(['agents'])) {
    const path = ['agents', id];
    checkSkills(agents, [...path, 'skills'], skills);
    if (queues) {
      for (const queue of agents.keys([...path, 'queueRank'])) {
        const known = agents.known('queue', queue, queues.keys(['queues']));
        if (known !== true) agents.sayKey([...path, 'queueRank', queue], ...known);
      }
    }
    agents.text([...path, 'phone'], (phone) => {
      const owner = phones.get(phone);
      phones.set(phone, owner ?? id);
      return owner === undefined || ['duplicate-phone', `${quoted(phone)} is the phone of ${quoted(owner)} already`];
    });
  }
}

function checkCustomers(customers: Reader, settings: Reader | null, agents: Reader | null): void {
  const tiers = settings?.has(['tiers']) ? settings.texts(['tiers']) : ['ordinary', 'vip'];
  const languages = settings?.has(['languages']) ? settings.texts(['languages']) : ['zh', 'en'];
  const countryCode = settings?.at(['countryCode']);
  const owners = new Map<string, string>();
  const holders = new Map<string, string>();
  for (const id of customers.keys(['customers'])) {
    const path = ['customers', id];
    customers.text([...path, 'tier'], (tier) => customers.known('tier', tier, tiers));
    if (agents) customers.text([...path, 'agent'], (agent) => customers.known('agent', agent, agents.keys(['agents'])));
    customers.text([...path, 'language'], (language) => customers.known('language', language, languages));
    for (const [index] of customers.items([...path, 'numbers']).entries()) {
      customers.text([...path, 'numbers', index], (number) => {
        const key = numberKey(number, typeof countryCode === 'string' ? countryCode : '86');
        const owner = owners.get(key);
        owners.set(key, owner ?? id);
        return owner === undefined || ['duplicate-number', `this number is one of ${quoted(owner)} already`];
      });
    }
    for (const [index] of customers.items([...path, 'accounts']).entries()) {
      customers.text([...path, 'accounts', index], (account) => {
        const key = accountKey(account);
        const holder = holders.get(key);
        holders.set(key, holder ?? id);
        return holder === undefined || ['duplicate-account', `this account is one of ${quoted(holder)} already`];
      });
    }
  }
}

/** What callers hear must be there in each language that a flow may speak. */
function checkEmergency(emergency: Reader, settings: Reader | null): void {
  const languages = settings?.has(['languages']) ? settings.texts(['languages']) : ['zh', 'en'];
  for (const id of emergency.keys(['announcements'])) {
    for (const part of ['title', 'text']) {
      const path = ['announcements', id, part];
      const missing = emergency.has(path) ? languages.filter((language) => !emergency.has([...path, language])) : [];
      for (const language of missing) emergency.say(path, 'missing-language', `no ${part} for ${language}`);
    }
  }
}

type Verdict = true | readonly [rule: string, message: string];

/** Looks into a file that may have any shape. */
export class Reader {
  constructor(
    private readonly file: SourceFile,
    private readonly findings: ConfigFinding[],
  ) {}

  at(path: Path): unknown {
    let at = this.file.source.value;
    for (const step of path) {
      if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
      at = (at as Record<string | number, unknown>)[step];
    }
    return at;
  }

  has(path: Path): boolean {
    return this.at(path) !== undefined;
  }

  keys(path: Path): string[] {
    const at = this.at(path);
    return typeof at === 'object' && at !== null && !Array.isArray(at) ? Object.keys(at) : [];
  }

  items(path: Path): unknown[] {
    const at = this.at(path);
    return Array.isArray(at) ? at : [];
  }

  texts(path: Path): string[] {
    return this.items(path).filter((item) => typeof item === 'string');
  }

  /** Judges the text at a path, if there is one. */
  text(path: Path, judge: (text: string) => Verdict): void {
    const at = this.at(path);
    if (typeof at !== 'string') return;
    const verdict = judge(at);
    if (verdict !== true) this.say(path, ...verdict);
  }

  known(what: string, name: string, known: Iterable<string>): Verdict {
    const all = [...known];
    if (all.includes(name)) return true;
    const hint = didYouMean(name, all) || (all.length > 0 ? `; known are ${all.slice(0, 20).join(', ')}` : '; there is none');
    return [`unknown-${what}`, `there is no ${what} ${quoted(name)}${hint}`];
  }

  once(path: Path): void {
    const seen = new Set<unknown>();
    for (const [index, item] of this.items(path).entries()) {
      if (seen.has(item)) this.say([...path, index], 'duplicate-name', `${quoted(String(item))} stands here for the second time`);
      seen.add(item);
    }
  }

  say(path: Path, rule: string, message: string): void {
    this.findings.push({ file: this.file.file, ...this.file.source.at(path), level: 'error', rule, message });
  }

  sayKey(path: Path, rule: string, message: string, level: ConfigFinding['level'] = 'error'): void {
    this.findings.push({ file: this.file.file, ...this.file.source.atKey(path), level, rule, message });
  }
}
