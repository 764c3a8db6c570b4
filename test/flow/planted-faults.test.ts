import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { type Random, seededRandom } from '../../src/base/random.js';
import { namesOf } from '../../src/cli/known-names.js';
import { type Finding, formatFinding } from '../../src/flow/finding.js';
import { parseFlow } from '../../src/flow/parse-flow.js';
import { BUILT_IN_NODES, type CheckedFlow } from '../../src/flow/program.js';
import { Walker, worldOf } from './walker.js';

/** The shipped flows with one fault each, planted by the machine: every one is found, at its line. And whatever is done to their text, the checker lets nothing by that a call falls over. */

const known = { ...(await namesOf('config')), flowShapes: new Map() };
const flows = ['credit-card', 'transport-card', 'after-hours'].map((name) => ({
  name,
  lines: readFileSync(`ivr-flows/${name}.yaml`, 'utf8').split('\n'),
}));
const check = (text: string): { readonly flow: CheckedFlow | null; readonly findings: readonly Finding[] } => {
  const parsed = parseFlow(text, { file: 'f.yaml', known, version: 'v1' });
  return parsed.ok ? { flow: parsed.value, findings: parsed.value.warnings } : { flow: null, findings: parsed.error };
};

interface Fault {
  readonly name: string;
  readonly rule: string;
  /** What is changed in a line, and to what. Comments are left alone. */
  readonly site: RegExp;
  readonly change: (...found: string[]) => string;
  /** The lines below that the finding may stand at, too. */
  readonly below?: number;
  /** It is no fault where this stands one or two lines above. */
  readonly unless?: RegExp;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'a target renamed',
    rule: 'unknown-node',
    site: /\b(next|failed|then|refused|answered|timedOut|blocked|exit): ([a-z][a-z0-9-]*)/,
    change: (_, way, to) => `${way}: ${to}-x`,
  },
  {
    name: 'a target of a key renamed',
    rule: 'unknown-node',
    site: /"([0-9*])": ((?!zh|en)[a-z][a-z-]+)/,
    change: (_, key, to) => `"${key}": ${to}x`,
  },
  { name: 'the start renamed', rule: 'unknown-node', site: /^start: (.*)/, change: (_, to) => `start: ${to}s` },
  {
    name: 'a language dropped',
    rule: 'missing-language',
    site: /^( {2}[a-z-]+: \{ zh: [^,]*), en: .* \}$/,
    change: (_, zh) => `${zh} }`,
  },
  {
    name: 'a language misspelt',
    rule: 'missing-language',
    site: /^( {2}[a-z-]+: \{ zh: [^,]*, )en:/,
    change: (_, zh) => `${zh}fr:`,
  },
  {
    name: 'a prompt renamed where it is played',
    rule: 'unknown-prompt',
    site: /\b(play|prompt): ([a-z][a-z-]*)/,
    change: (_, what, prompt) => `${what}: ${prompt}z`,
  },
  {
    name: 'a timeout of zero',
    rule: 'zero-timeout',
    site: /\b(firstDigit|interDigit|overall|timeout): [0-9]+[sm]/,
    change: (_, what) => `${what}: 0s`,
  },
  {
    name: 'a timeout without a unit',
    rule: 'wrong-type',
    site: /\b(firstDigit|interDigit|overall|timeout): ([0-9]+)[sm]/,
    change: (_, what, n) => `${what}: ${n}`,
  },
  {
    name: 'a timeout in full width',
    rule: 'wrong-type',
    site: /\b(firstDigit|interDigit|overall|timeout): [0-9]+s/,
    change: (_, what) => `${what}: ５s`,
  },
  { name: 'no tries', rule: 'out-of-range', site: /\btries: [0-9]/, change: () => 'tries: 0' },
  { name: 'a queue misspelt', rule: 'unknown-queue', site: /queue: \{ to: ([a-z-]+)/, change: (_, to) => `queue: { to: ${to}l` },
  {
    name: 'a skill misspelt',
    rule: 'unknown-skill',
    site: /skills: \{ ([a-z-]+):/,
    change: (_, skill) => `skills: { ${skill}s:`,
  },
  {
    name: 'an endpoint misspelt',
    rule: 'unknown-endpoint',
    site: /endpoint: core-banking/,
    change: () => 'endpoint: core-bankin',
  },
  {
    name: 'a receiver misspelt',
    rule: 'unknown-receiver',
    site: /\b(to|notify): sms-gateway/,
    change: (_, what) => `${what}: sms`,
  },
  { name: 'a calendar misspelt', rule: 'unknown-calendar', site: /calendar: service/, change: () => 'calendar: services' },
  { name: 'a flow misspelt', rule: 'unknown-flow', site: /flow: after-hours \}/, change: () => 'flow: afterhours }' },
  { name: 'one = in a condition', rule: 'bad-expression', site: / == "/, change: () => ' = "' },
  {
    name: 'a variable misspelt in a condition',
    rule: 'unknown-name',
    site: /when: vars\.([a-z]+)/,
    change: (_, name) => `when: vars.${name}q`,
  },
  {
    name: 'a number for a text in a condition',
    rule: 'type-mismatch',
    site: /caller\.tier == "vip"/,
    change: () => 'caller.tier == 1',
  },
  { name: 'a key without quotes', rule: 'unquoted-number', site: /"([0-9])": /, change: (_, key) => `${key}: ` },
  {
    name: 'a key twice',
    rule: 'duplicate-key',
    site: /keys: \{ "([0-9])": ([a-z-]+),/,
    change: (all, key, to) => `${all} "${key}": ${to},`,
  },
  {
    name: 'a key that no telephone has',
    rule: 'bad-key',
    site: /"([0-9])": ((?!zh|en)[a-z-]+)/,
    change: (_, key, to) => `"${key}x": ${to}`,
  },
  {
    name: 'a field misspelt',
    rule: 'unknown-field',
    site: /\b(firstDigit|serves|priority|onKey):/,
    change: (_, field) => `${field}s:`,
  },
  {
    name: 'a kind misspelt',
    rule: 'unknown-kind',
    site: /^( {2}[a-z-]+: \{ )(play|survey|voicemail|callback):/,
    change: (_, node, kind) => `${node}${kind}s:`,
  },
  { name: 'yes for true', rule: 'wrong-type', site: /\b(serves|hangup|secure): true/, change: (_, field) => `${field}: yes` },
  { name: 'a tab', rule: 'tab', site: /^ {4}([a-z]+: )/, change: (_, rest) => `\t${rest}` },
  { name: 'a Chinese colon', rule: 'yaml-syntax', site: /^( {4}[a-z]+): (?=[a-z])/, change: (_, name) => `${name}：` },
  {
    name: 'a brace never closed',
    rule: 'yaml-syntax',
    site: /^( {2}[a-z-]+: \{ (?:play|zh|say).*) \}$/,
    change: (_, rest) => rest ?? '',
  },
  {
    name: 'a quotation mark never closed',
    rule: 'yaml-syntax',
    site: /^( {2}[a-z-]+: \{ zh: .*en: "[^"]*)" \}$/,
    change: (_, rest) => `${rest} }`,
  },
  {
    name: 'the way of silence taken out',
    rule: 'dead-end',
    site: /^ {4}failed: .*$/,
    change: () => '    # gone',
    below: -20,
    unless: /onKey:/,
  },
  {
    name: 'a node named with capitals',
    rule: 'bad-name',
    site: /^ {2}([a-z])([a-z-]*): \{ (?=play|set|say)/,
    change: (_, first, rest) => `  ${first?.toUpperCase()}${rest}: { `,
  },
  {
    name: 'a line doubled',
    rule: 'duplicate-key',
    site: /^( {4}(?:next|failed|answered|timedOut): .*)$/,
    change: (_, line) => `${line}\n${line}`,
    below: 1,
  },
];

interface Planted {
  readonly what: string;
  readonly text: string;
  readonly line: number;
  readonly fault: Fault;
}

/** All places of all flows where a fault can be planted. */
function sitesOf(fault: Fault): Planted[] {
  return flows.flatMap(({ name, lines }) =>
    lines.flatMap((line, index): Planted[] => {
      if (
        !fault.site.test(line) ||
        /^\s*#/.test(line) ||
        fault.unless?.test(lines.slice(Math.max(0, index - 2), index).join('\n'))
      )
        return [];
      const changed = line.replace(fault.site, fault.change as (found: string) => string);
      const text = lines.with(index, changed).join('\n');
      return [{ what: `${fault.name}: ${name}.yaml:${index + 1}`, text, line: index + 1, fault }];
    }),
  );
}

const isFound = ({ fault, line }: Planted, { rule, line: at }: Finding): boolean => {
  const off = at - line;
  const { below = 0 } = fault;
  return rule === fault.rule && (below < 0 ? off <= 0 && off >= below : off >= 0 && off <= below);
};

const ALL = FAULTS.map(sitesOf);

function plantOne(t: Test, planted: Planted): void {
  const { findings } = check(planted.text);
  const said = findings.map(formatFinding).join(' | ');
  t.ok(
    findings.some((finding) => isFound(planted, finding)),
    `${planted.what}: ${said}`,
  );
  t.ok(findings.length <= 2, `${planted.what}: ${findings.length} findings for one fault: ${said}`);
}

t.test('each kind of fault can be planted, and is found at its line', async (t) => {
  const chance = seededRandom(5);
  for (const [index, sites] of ALL.entries()) {
    t.ok(sites.length > 0, FAULTS[index]?.name ?? '');
    for (let n = 0; n < 2; n++) plantOne(t, sites[chance.below(sites.length)] as Planted);
  }
});

/** From the environment to see a failure again; else another one each time. */
function seedOf(t: Test): number {
  const seed = Number(process.env.FAULT_SEED ?? (process.hrtime.bigint() % 1_000_000n).toString());
  t.comment(`FAULT_SEED=${seed}`);
  return seed;
}

t.test('so it is with thirty faults that nobody has chosen', async (t) => {
  const chance = seededRandom(seedOf(t));
  for (let n = 0; n < 30; n++) {
    const sites = ALL[chance.below(ALL.length)] as Planted[];
    plantOne(t, sites[chance.below(sites.length)] as Planted);
  }
});

const SIGNS = [
  '"',
  "'",
  '{',
  '}',
  '[',
  ']',
  ':',
  ': ',
  '：',
  ',',
  '，',
  '\t',
  '  ',
  '\n',
  '#',
  '*',
  '&',
  '!',
  '- ',
  '\u0000',
  '\u200b',
  '0',
  '%',
  '|',
  '>',
];

/** What a slip of the hand or of an editor does to a text; a word for a word leaves many flows right, and different. */
function spoilt(text: string, chance: Random): string {
  const lines = text.split('\n');
  const at = chance.below(lines.length);
  const line = lines[at] as string;
  const column = chance.below(line.length + 1);
  const words = line.match(/[a-z][a-z-]+/g) ?? [];
  switch (chance.below(8)) {
    case 0:
      return lines.toSpliced(at, 1).join('\n');
    case 1:
      return lines.toSpliced(chance.below(lines.length), 0, line).join('\n');
    case 2:
      return lines.with(at, line.slice(0, column) + SIGNS[chance.below(SIGNS.length)] + line.slice(column)).join('\n');
    case 3:
      return lines.with(at, line.slice(0, column) + line.slice(column + 1)).join('\n');
    case 4:
      return lines.slice(0, at).join('\n');
    default: {
      const others = text.match(/(?<=(?:next|failed|"[0-9*]"): )[a-z][a-z-]+/g) ?? [];
      const word = words[chance.below(Math.max(1, words.length))] ?? '';
      return lines.with(at, line.replace(word, others[chance.below(others.length)] as string)).join('\n');
    }
  }
}

const shipped = new Map(flows.map(({ name, lines }) => [name, check(lines.join('\n')).flow]));

/** Takes every way that comes without a key. True: the call has ended, or an agent or another flow has it. */
function getsOutSilently(flow: CheckedFlow, chance: Random): boolean {
  const walker = new Walker(
    flow,
    worldOf({ flow: (id) => (id === flow.flowId ? flow : null), isOpen: () => chance.below(2) === 0 }),
  );
  for (let step = 0; step < 300; step++) {
    const { waitingFor, node, turn, flowId } = walker.state;
    if (waitingFor === 'ended' || waitingFor === 'queue' || flowId !== flow.flowId) return true;
    if (!flow.nodes.has(node) && !BUILT_IN_NODES.has(node)) throw new Error(`no node ${node}`);
    if (waitingFor === 'play' || waitingFor === 'prompt') walker.heard(1_000);
    else if (waitingFor === 'lookup')
      walker.give({ kind: 'lookupEnded', turn, result: { ok: false, fault: 'timeout', detail: '' } });
    else if (waitingFor === 'message') walker.give({ kind: 'messageEnded', turn, durationMs: 0, kept: false });
    else if (waitingFor === 'callback') walker.give({ kind: 'callbackDecided', refusal: null });
    else walker.timer(60_000);
  }
  return false;
}

/** Presses, hears, waits and is taken over as it comes. Throws when the call is somewhere where nothing is. */
function walkAnyhow(flow: CheckedFlow, chance: Random): void {
  const walker = new Walker(flow, worldOf({ flow: (id) => (id === flow.flowId ? flow : (shipped.get(id) ?? null)) }));
  for (let step = 0; step < 80 && walker.state.waitingFor !== 'ended'; step++) {
    const { turn, flowId, node, waitingFor } = walker.state;
    const here = flowId === flow.flowId ? flow : shipped.get(flowId);
    if (!here?.nodes.has(node) && !BUILT_IN_NODES.has(node)) throw new Error(`no node ${flowId}:${node}`);
    if (waitingFor === 'queue') walker.give({ kind: 'queueLeft', exit: chance.below(2) === 0 ? 'timedOut' : 'exitedByKey' });
    else if (waitingFor === 'lookup')
      walker.give({
        kind: 'lookupEnded',
        turn,
        result: { ok: true, answer: { result: 'ok', due: chance.below(900), status: 'closed' } },
      });
    else if (waitingFor === 'message') walker.give({ kind: 'messageEnded', turn, durationMs: 5_000, kept: true });
    else if (waitingFor === 'callback') walker.give({ kind: 'callbackDecided', refusal: null });
    else if (chance.below(3) === 0) walker.heard(500);
    else if (chance.below(8) === 0) walker.timer(9_000);
    else walker.press('0123456789*#'.charAt(chance.below(12)));
  }
}

function spoilAndWalk(t: Test, seed: number, times: number): number {
  const chance = seededRandom(seed);
  let right = 0;
  for (let n = 0; n < times; n++) {
    const { lines } = flows[chance.below(flows.length)] as (typeof flows)[number];
    let text = lines.join('\n');
    for (let slips = 1 + chance.below(2); slips > 0; slips--) text = spoilt(text, chance);
    const { flow, findings } = check(text);
    const last = text.split('\n').length + 1;
    for (const { line, message, messageZh = '' } of findings)
      if (!(line >= 1 && line <= last) || !/\p{Script=Han}/u.test(messageZh))
        t.fail(`seed ${seed}, text ${n}: ${line} ${message}`);
    if (flow === null) continue;
    right++;
    walkAnyhow(flow, chance);
    if (!getsOutSilently(flow, chance)) t.fail(`seed ${seed}, text ${n}: who presses nothing never gets out\n${text}`);
  }
  return right;
}

t.test('whatever is done to a text: the checker says where, or a call can walk it and get out', async (t) => {
  const right = spoilAndWalk(t, 20261122, 150);
  t.ok(right > 15 && right < 135, `${right} of 150 were still right`);
  t.ok(spoilAndWalk(t, seedOf(t), 50) >= 0, 'of texts that nobody has seen before, too');
});
