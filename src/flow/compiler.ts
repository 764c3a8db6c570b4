import { UNREADABLE } from './conditions.js';
import type { FlowValue } from './contract.js';
import { KNOWN_NAMES, type ValueType } from './expression.js';
import { parseExpression, type TypedExpression } from './expression-reader.js';
import { nearest, quoted, type Said, said, withHint } from './finding.js';
import { colonSlip, type Tell, tellIssues } from './issues.js';
import type { Edge, Graph } from './lint.js';
import type { Build, KnownKind } from './nodes/kind.js';
import { KIND_NAMES, kindOf } from './nodes/kinds.js';
import type { KnownNames, Outside, ParseOptions } from './parse-flow.js';
import { BUILT_IN_NODES, type FlowNode, type FlowShape, type PromptPart, type ValueSource } from './program.js';
import { MAX_VALUE_TEXT, NODE_NAME, type RawNamedValue, type RawPrompts, type RawTarget, type RawValue } from './shapes.js';
import type { Path, Source } from './source.js';
import { Variables } from './variables.js';

const SILENT: Tell = () => {};

/** Turns the nodes of one file into a program, telling what is wrong with each. */
export class Compiler {
  readonly nodes = new Map<string, FlowNode>();
  readonly promptsUsed = new Set<string>();
  readonly leadsTo = new Set<string>();
  private readonly edges: Edge[] = [];
  private readonly paths = new Map<string, Path>();
  private readonly variables: Variables;
  private readonly known: Readonly<Partial<Record<KnownKind | 'prompt', ReadonlySet<string>>>>;
  private readonly flowShapes: ReadonlyMap<string, FlowShape>;
  private tell: Tell = SILENT;

  constructor(
    private readonly outside: Outside,
    private readonly source: Source,
    options: ParseOptions,
    private readonly say: Tell,
  ) {
    this.known = knownNames(options.known, outside.flow);
    this.flowShapes = options.known.flowShapes ?? new Map();
    this.variables = new Variables(outside.shape.params);
  }

  get secrets(): ReadonlyMap<string, readonly string[]> {
    return this.variables.secrets;
  }

  /** Twice: a condition may ask for what is set further down. The first time only says which variables there are. */
  compileAll(): void {
    this.compileNodes();
    for (const each of [this.nodes, this.promptsUsed, this.paths, this.leadsTo]) each.clear();
    this.edges.length = 0;
    this.variables.isComplete = true;
    this.tell = this.say;
    this.compileNodes();
    this.checkTargets();
  }

  private compileNodes(): void {
    for (const [id, raw] of Object.entries(this.outside.nodes)) {
      const path = ['nodes', id];
      if (!NODE_NAME.test(id))
        this.tell(
          'error',
          'bad-name',
          path,
          said('a node is named with small letters, digits and dashes', '节点名只用小写字母、数字和短横线'),
          'key',
        );
      this.compile(id, raw, path);
    }
  }

  private checkTargets(): void {
    const names = Object.keys(this.outside.nodes);
    if (names.length === 0)
      this.tell('error', 'missing-field', ['nodes'], said('a flow needs at least one node', '流程至少要有一个节点'), 'key');
    const missing = new Map<string, Path[]>();
    const note = (name: string, path: Path): unknown => missing.set(name, [...(missing.get(name) ?? []), path]);
    const { start } = this.outside;
    if (start !== '' && !Object.hasOwn(this.outside.nodes, start)) note(start, ['start']);
    for (const { to, path } of this.edges) if (!this.exists(to)) note(to, path);
    for (const [name, paths] of missing) this.tellMissing(name, paths, names);
  }

  /** A node that is gone is one fault, however many lead to it. */
  private tellMissing(name: string, paths: readonly Path[], names: readonly string[]): void {
    const [first = [], ...more] = [...paths].sort((a, b) => this.source.at(a).line - this.source.at(b).line);
    const near = nearest(name, names);
    const lines = Array.from(new Set(more.map((path) => this.source.at(path).line)));
    const also =
      lines.length === 0 ? said('', '') : said(`; also in line ${lines.join(', ')}`, `；还有第 ${lines.join('、')} 行`);
    const told = said(`${quoted(name)} is not a node of this flow`, `本流程没有节点 ${quoted(name)}`);
    this.tell('error', 'unknown-node', first, withHint(withHint(told, also), near));
  }

  graph(): Graph {
    return { nodes: this.nodes, edges: this.edges, start: this.outside.start, flow: this.outside.flow, paths: this.paths };
  }

  private exists(id: string): boolean {
    return Object.hasOwn(this.outside.nodes, id) || this.paths.has(id) || BUILT_IN_NODES.has(id);
  }

  private compile(id: string, raw: unknown, path: Path): void {
    this.paths.set(id, path);
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
      this.tell(
        'error',
        'wrong-type',
        path,
        said('a node is a mapping, like { play: welcome, next: main }', '节点要写成映射，如 { play: welcome, next: main }'),
      );
      return;
    }
    const name = this.kindName(raw as Record<string, unknown>, path);
    if (name === null) return;
    const kind = kindOf(name);
    const parsed = kind.shape.safeParse(raw);
    if (!parsed.success) {
      tellIssues(kind.shape, parsed.error.issues, path, this.source, this.tell);
      this.variables.guessFrom(raw);
      return;
    }
    this.nodes.set(id, kind.compile(parsed.data, this.build(id, path)));
  }

  private kindName(raw: Record<string, unknown>, path: Path): FlowNode['kind'] | null {
    const [first, second] = KIND_NAMES.filter((name) => name !== 'hangup' && name !== 'next' && Object.hasOwn(raw, name));
    if (first !== undefined && second !== undefined) {
      this.tell(
        'error',
        'ambiguous-node',
        [...path, second],
        said(
          `a node does one thing: this one has ${first} and ${second}`,
          `一个节点只做一件事：这里既有 ${first} 又有 ${second}`,
        ),
        'key',
      );
      return null;
    }
    if (first !== undefined) return first;
    const isMisspelt = Object.keys(raw).some(
      (name) => !KIND_NAMES.some((kind) => kind === name) && nearest(name, KIND_NAMES).en !== '',
    );
    if (Object.hasOwn(raw, 'hangup') && !isMisspelt) return 'hangup';
    if (Object.hasOwn(raw, 'next') && Object.keys(raw).length === 1) return 'next';
    const odd = Object.keys(raw).filter((name) => name !== 'next' && name !== 'hangup');
    const slip = odd.find((name) => raw[name] === null && colonSlip(name) !== null);
    if (slip !== undefined) {
      this.tell('error', 'yaml-syntax', [...path, slip], colonSlip(slip) as Said, 'key');
      return null;
    }
    const near = odd.map((name) => nearest(name, KIND_NAMES)).find(({ en }) => en !== '');
    const hint = near ?? said(`; kinds are ${KIND_NAMES.join(', ')}`, `；可用的种类：${KIND_NAMES.join('、')}`);
    const what =
      odd[0] === undefined
        ? said('an empty node', '节点是空的')
        : said(`no kind of node is called ${odd.map(quoted).join(' or ')}`, `没有叫 ${odd.map(quoted).join(' 或 ')} 的节点种类`);
    this.tell('error', 'unknown-kind', path, said(what.en + hint.en, what.zh + hint.zh), 'key');
    return null;
  }

  private build(id: string, base: Path): Build {
    const at = (path: Path): Path => [...base, ...path];
    return {
      target: (path, raw, label, what) => this.target(id, base, path, raw, label, what),
      prompts: (path, raw) => this.prompts(at(path), raw),
      fragments: (prompts) => {
        for (const prompt of prompts) this.promptsUsed.add(prompt);
      },
      languages: this.outside.languages,
      condition: (path, text) => this.expression(at(path), text)?.expression ?? UNREADABLE,
      variable: (path, name, type) => this.variables.declare(id, at(path), name, type, this.tell),
      secretOf: (name) => this.secrets.has(name),
      value: (path, raw) => this.value(at(path), raw),
      named: (path, raw, secure) => this.named(at(path), raw, secure),
      typeOf: (source) => typeOf(source),
      shapeOf: (flow) => (flow === this.outside.flow ? this.outside.shape : (this.flowShapes.get(flow) ?? null)),
      known: (what, path, name) => this.checkKnown(what, at(path), name),
      language: (path, name) => this.checkLanguage(at(path), name),
      error: (rule, path, message) => this.tell('error', rule, at(path), message),
      warn: (rule, path, message) => this.tell('warn', rule, at(path), message),
      errorAtKey: (rule, path, message) => this.tell('error', rule, at(path), message, 'key'),
    };
  }

  private target(from: string, base: Path, path: Path, raw: RawTarget | undefined, label: string, missing?: Said): string {
    const full = [...base, ...path];
    if (raw === undefined) {
      const what = missing ?? said(`give it ${label}`, `请写上 ${label}`);
      this.tell('error', 'dead-end', base, said(`"${from}" leads nowhere: ${what.en}`, `"${from}" 没有去处：${what.zh}`), 'key');
      return from;
    }
    if (typeof raw === 'string') {
      this.edges.push({ from, to: raw, path: full });
      return raw;
    }
    const inner = `${from}/${label}`;
    this.edges.push({ from, to: inner, path: full });
    this.compile(inner, raw, full);
    return inner;
  }

  /** A name without a folder is the flow's own prompt, else the system's. */
  private prompts(path: Path, raw: RawPrompts): readonly PromptPart[] {
    const list = Array.isArray(raw) ? (raw as ReadonlyArray<string | { prompt: string; in: string }>) : [raw as string];
    return list.map((item, index): PromptPart => {
      const here = Array.isArray(raw) ? [...path, index] : path;
      if (typeof item === 'string') return { prompt: this.promptId(here, item), language: null };
      this.checkLanguage([...here, 'in'], item.in);
      return { prompt: this.promptId([...here, 'prompt'], item.prompt), language: item.in };
    });
  }

  private promptId(path: Path, name: string): string {
    const own = Object.hasOwn(this.outside.prompts, name);
    const id = own ? `${this.outside.flow}/${name}` : name.includes('/') ? name : `system/${name}`;
    const isKnown = own || this.known.prompt === undefined || this.known.prompt.has(id);
    if (!isKnown) {
      const names = [
        ...Object.keys(this.outside.prompts),
        ...Array.from(this.known.prompt ?? [], (full) => full.replace(/^system\//, '')),
      ];
      const near = nearest(name, names);
      this.tell(
        'error',
        'unknown-prompt',
        path,
        said(`there is no prompt ${quoted(name)}${near.en}`, `没有提示音 ${quoted(name)}${near.zh}`),
      );
    }
    this.promptsUsed.add(id);
    return id;
  }

  private expression(path: Path, text: string): TypedExpression | null {
    // While variables are still being looked for, nothing can be said of a name.
    if (!this.variables.isComplete) return null;
    const parsed = parseExpression(text, this.variables.names());
    if (parsed.ok) return parsed.value;
    this.tell('error', parsed.error.rule, path, parsed.error.message, parsed.error.at);
    return null;
  }

  private computed(path: Path, text: string): ValueSource {
    const parsed = this.expression(path, text);
    return parsed === null ? NOTHING : { from: 'expression', ...parsed };
  }

  private value(path: Path, raw: RawValue): ValueSource {
    if (typeof raw === 'object' && raw !== null) return this.computed([...path, 'value'], raw.value);
    if (typeof raw === 'string') {
      this.checkLength(path, raw);
      this.checkWord(path, raw);
      if (/^(vars|params|caller|call|result)\.[A-Za-z]\w*$/.test(raw) && this.isPlain(path))
        this.tell(
          'error',
          'text-or-value',
          path,
          said(
            `this is the text "${raw}"; write { value: ${raw} } for the value, or put the text in quotes`,
            `这里是文字 "${raw}"；要它的值就写 { value: ${raw} }，要文字就加引号`,
          ),
        );
    }
    return { from: 'fixed', value: raw };
  }

  private named(path: Path, raw: RawNamedValue, secure: 'allowed' | 'refused'): ValueSource {
    if (typeof raw === 'object' && raw !== null) {
      if ('value' in raw) return this.computed([...path, 'value'], raw.value);
      this.checkLength([...path, 'text'], raw.text);
      return { from: 'fixed', value: raw.text };
    }
    if (typeof raw !== 'string') return { from: 'fixed', value: raw };
    const own = raw.startsWith('vars.') ? raw.slice('vars.'.length) : raw;
    if (this.secrets.has(own) && secure === 'allowed') return { from: 'secret', name: own };
    if (KNOWN_NAMES.includes(raw) || raw.startsWith('params.')) return this.computed(path, raw);
    if (!/^[A-Za-z]\w*$/.test(own)) {
      this.tell(
        'error',
        'unknown-name',
        path,
        said(
          `${quoted(raw)} is no name of a variable; a text is written { text: "..." }, a sum { value: "..." }`,
          `${quoted(raw)} 不是变量名；文字写 { text: "..." }，算式写 { value: "..." }`,
        ),
      );
      return NOTHING;
    }
    return this.computed(path, `vars.${own}`);
  }

  private checkLength(path: Path, text: string): void {
    if (text.length > MAX_VALUE_TEXT)
      this.tell(
        'error',
        'out-of-range',
        path,
        said(`the text is longer than ${MAX_VALUE_TEXT} characters`, `文字超过 ${MAX_VALUE_TEXT} 个字符`),
      );
  }

  /** In this YAML yes and no are texts; who writes them without quotes most often means something else. */
  private checkWord(path: Path, text: string): void {
    if (/^(y|n|yes|no|on|off|none|nil)$/i.test(text) && this.isPlain(path))
      this.tell(
        'error',
        'unquoted-word',
        path,
        said(
          `write true, false or null, or put the text in quotes: "${text}"`,
          `请写 true、false 或 null；要文字就加引号："${text}"`,
        ),
      );
  }

  private isPlain(path: Path): boolean {
    return this.source.written(path)?.inQuotes === false;
  }

  private checkKnown(what: KnownKind, path: Path, name: string): void {
    if (what === 'flow') this.leadsTo.add(name);
    const names = this.known[what];
    if (names === undefined || names.has(name)) return;
    const at = what === 'skill' ? 'key' : 'value';
    const near = nearest(name, names);
    const told = said(`there is no ${what} ${quoted(name)}${near.en}`, `没有${KNOWN_ZH[what]} ${quoted(name)}${near.zh}`);
    this.tell('error', `unknown-${what}`, path, told, at);
  }

  private checkLanguage(path: Path, name: string): void {
    const { languages } = this.outside;
    if (languages.length === 0 || languages.includes(name)) return;
    const near = nearest(name, languages);
    const told = said(`${quoted(name)} is not a language of this flow${near.en}`, `本流程没有语言 ${quoted(name)}${near.zh}`);
    this.tell('error', 'unknown-language', path, told);
  }
}

const KNOWN_ZH: Readonly<Record<KnownKind, string>> = {
  queue: '队列',
  skill: '技能',
  calendar: '日历',
  flow: '流程',
  endpoint: '查询接口',
  receiver: '消息接收方',
  agent: '坐席',
  box: '留言箱',
  announcement: '播报方案',
  tier: '客户等级',
};
const NOTHING: ValueSource = { from: 'fixed', value: null };

function typeOf(source: ValueSource): ValueType {
  if (source.from === 'secret') return 'text';
  return source.from === 'expression' ? source.type : typeOfValue(source.value);
}

function typeOfValue(value: FlowValue): ValueType {
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'boolean' : 'any';
}

function knownNames(known: KnownNames, flow: string): Partial<Record<KnownKind | 'prompt', ReadonlySet<string>>> {
  const lists: Array<[KnownKind | 'prompt', Iterable<string> | undefined]> = [
    ['queue', known.queues],
    ['skill', known.skills],
    ['calendar', known.calendars],
    ['flow', known.flows === undefined ? undefined : [...known.flows, flow]],
    ['prompt', known.prompts],
    ['endpoint', known.endpoints],
    ['receiver', known.receivers],
    ['agent', known.agents],
    ['box', known.boxes],
    ['announcement', known.announcements],
    ['tier', known.tiers],
  ];
  return Object.fromEntries(lists.flatMap(([what, names]) => (names === undefined ? [] : [[what, new Set(names)]])));
}
