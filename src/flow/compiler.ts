import type { Expression } from './expression.js';
import { parseExpression } from './expression.js';
import { didYouMean, quoted } from './finding.js';
import { type Tell, tellIssues } from './issues.js';
import type { Edge, Graph } from './lint.js';
import type { Build } from './nodes/kind.js';
import { KIND_NAMES, kindOf } from './nodes/kinds.js';
import type { KnownNames, Outside, ParseOptions } from './parse-flow.js';
import { BUILT_IN_NODES, type FlowNode, type PromptPart } from './program.js';
import { NODE_NAME, type RawPrompts, type RawTarget, VARIABLE_NAME } from './shapes.js';
import type { Path, Source } from './source.js';

/** Turns the nodes of one file into a program, telling what is wrong with each. */
export class Compiler {
  readonly nodes = new Map<string, FlowNode>();
  readonly promptsUsed = new Set<string>();
  private readonly edges: Edge[] = [];
  private readonly paths = new Map<string, Path>();
  private readonly variables = new Set<string>();
  private readonly known: { readonly [K in keyof KnownNames]-?: ReadonlySet<string> | null };

  constructor(
    private readonly outside: Outside,
    private readonly source: Source,
    options: ParseOptions,
    private readonly tell: Tell,
  ) {
    const set = (names: Iterable<string> | undefined): ReadonlySet<string> | null =>
      names === undefined ? null : new Set(names);
    const { queues, skills, calendars, flows, prompts } = options.known;
    this.known = {
      queues: set(queues),
      skills: set(skills),
      calendars: set(calendars),
      flows: flows === undefined ? null : new Set([...flows, outside.flow]),
      prompts: set(prompts),
    };
  }

  compileAll(): void {
    this.collectVariables(this.outside.nodes);
    for (const [id, raw] of Object.entries(this.outside.nodes)) {
      const path = ['nodes', id];
      if (!NODE_NAME.test(id))
        this.tell('error', 'bad-name', path, 'a node is named with small letters, digits and dashes', 'key');
      this.compile(id, raw, path);
    }
    const names = Object.keys(this.outside.nodes);
    if (names.length === 0) this.tell('error', 'missing-field', ['nodes'], 'a flow needs at least one node', 'key');
    const unknown = (name: string, path: Path): void => {
      this.tell('error', 'unknown-node', path, `${quoted(name)} is not a node of this flow${didYouMean(name, names)}`);
    };
    for (const { to, path } of this.edges) if (!this.exists(to)) unknown(to, path);
    const { start } = this.outside;
    if (start !== '' && !Object.hasOwn(this.outside.nodes, start)) unknown(start, ['start']);
  }

  graph(): Graph {
    return { nodes: this.nodes, edges: this.edges, start: this.outside.start, paths: this.paths };
  }

  private exists(id: string): boolean {
    return Object.hasOwn(this.outside.nodes, id) || this.paths.has(id) || BUILT_IN_NODES.has(id);
  }

  /** Which variables are set at all, so that a condition on another one is found to be a slip of the pen. */
  private collectVariables(raw: unknown): void {
    if (typeof raw !== 'object' || raw === null) return;
    for (const [name, value] of Object.entries(raw)) {
      if (name === 'set' && typeof value === 'object' && value !== null && !Array.isArray(value)) {
        for (const variable of Object.keys(value)) {
          if (variable !== 'language' && VARIABLE_NAME.test(variable)) this.variables.add(variable);
        }
      } else this.collectVariables(value);
    }
  }

  private compile(id: string, raw: unknown, path: Path): void {
    this.paths.set(id, path);
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
      this.tell('error', 'wrong-type', path, 'a node is a mapping, like { play: welcome, next: main }');
      return;
    }
    const name = this.kindName(raw as Record<string, unknown>, path);
    if (name === null) return;
    const kind = kindOf(name);
    const parsed = kind.shape.safeParse(raw);
    if (!parsed.success) {
      tellIssues(kind.shape, parsed.error.issues, path, this.source, this.tell);
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
        `a node does one thing: this one has ${first} and ${second}`,
        'key',
      );
      return null;
    }
    if (first !== undefined) return first;
    if (Object.hasOwn(raw, 'hangup')) return 'hangup';
    if (Object.hasOwn(raw, 'next') && Object.keys(raw).length === 1) return 'next';
    const odd = Object.keys(raw).filter((name) => name !== 'next');
    const hint = odd.map((name) => didYouMean(name, KIND_NAMES)).find((text) => text !== '') ?? '';
    const what = odd[0] === undefined ? 'an empty node' : `no kind of node is called ${odd.map(quoted).join(' or ')}`;
    this.tell('error', 'unknown-kind', path, `${what}${hint === '' ? `; kinds are ${KIND_NAMES.join(', ')}` : hint}`, 'key');
    return null;
  }

  private build(id: string, base: Path): Build {
    const at = (path: Path): Path => [...base, ...path];
    return {
      target: (path, raw, label, what) => this.target(id, base, path, raw, label, what),
      prompts: (path, raw) => this.prompts(at(path), raw),
      condition: (path, text) => this.condition(at(path), text),
      known: (what, path, name) => this.checkKnown(what, at(path), name),
      language: (path, name) => this.checkLanguage(at(path), name),
      error: (rule, path, message) => this.tell('error', rule, at(path), message),
      warn: (rule, path, message) => this.tell('warn', rule, at(path), message),
      errorAtKey: (rule, path, message) => this.tell('error', rule, at(path), message, 'key'),
    };
  }

  private target(from: string, base: Path, path: Path, raw: RawTarget | undefined, label: string, what: string): string {
    const full = [...base, ...path];
    if (raw === undefined) {
      this.tell('error', 'dead-end', base, `"${from}" leads nowhere: ${what}`, 'key');
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
    const isKnown = own || this.known.prompts === null || this.known.prompts.has(id);
    if (!isKnown) {
      const names = [
        ...Object.keys(this.outside.prompts),
        ...Array.from(this.known.prompts ?? [], (full) => full.replace(/^system\//, '')),
      ];
      this.tell('error', 'unknown-prompt', path, `there is no prompt ${quoted(name)}${didYouMean(name, names)}`);
    }
    this.promptsUsed.add(id);
    return id;
  }

  private condition(path: Path, text: string): Expression {
    const parsed = parseExpression(text, this.variables);
    if (parsed.ok) return parsed.value;
    this.tell('error', parsed.error.rule, path, parsed.error.message, parsed.error.at);
    return { op: 'value', value: false };
  }

  private checkKnown(what: 'queue' | 'skill' | 'calendar' | 'flow', path: Path, name: string): void {
    const names = this.known[`${what}s`];
    if (names === null || names.has(name)) return;
    const at = what === 'skill' ? 'key' : 'value';
    this.tell('error', `unknown-${what}`, path, `there is no ${what} ${quoted(name)}${didYouMean(name, names)}`, at);
  }

  private checkLanguage(path: Path, name: string): void {
    const { languages } = this.outside;
    if (languages.length === 0 || languages.includes(name)) return;
    this.tell('error', 'unknown-language', path, `${quoted(name)} is not a language of this flow${didYouMean(name, languages)}`);
  }
}
