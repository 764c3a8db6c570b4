import { z } from 'zod';
import { asId, type FlowId } from '../base/ids.js';
import { err, ok, type Result } from '../base/result.js';
import { Compiler } from './compiler.js';
import { byPlace, type Finding, said, twice } from './finding.js';
import { type Tell, tellIssues } from './issues.js';
import { lintGraph } from './lint.js';
import { checkParameters, type RawParameters, rawParameters, resultsOf } from './parameters.js';
import type { CheckedFlow, FlowShape, ParameterShape } from './program.js';
import { SAY_FOLDER } from './say/say.js';
import { SHAPE_WORDS } from './shape-words.js';
import { LANGUAGE_NAME, NODE_NAME } from './shapes.js';
import { type Path, readSource, type Source } from './source.js';
import { linesOf, waysOf } from './ways.js';

/** What the rest of the configuration offers. A list that is left out is not checked. */
export interface KnownNames {
  readonly queues?: ReadonlySet<string> | readonly string[] | undefined;
  readonly skills?: ReadonlySet<string> | readonly string[] | undefined;
  readonly calendars?: ReadonlySet<string> | readonly string[] | undefined;
  readonly flows?: ReadonlySet<string> | readonly string[] | undefined;
  /** What other flows take and give back, as far as it is known: then calls of them are checked. See `readFlowShape`. */
  readonly flowShapes?: ReadonlyMap<string, FlowShape> | undefined;
  /** Endpoints that may be asked. */
  readonly endpoints?: ReadonlySet<string> | readonly string[] | undefined;
  /** Endpoints that take messages. */
  readonly receivers?: ReadonlySet<string> | readonly string[] | undefined;
  readonly agents?: ReadonlySet<string> | readonly string[] | undefined;
  /** Boxes for messages of callers. */
  readonly boxes?: ReadonlySet<string> | readonly string[] | undefined;
  /** Plans of announcements for waiting callers. */
  readonly announcements?: ReadonlySet<string> | readonly string[] | undefined;
  readonly tiers?: ReadonlySet<string> | readonly string[] | undefined;
  /** Full ids of prompts that are not the flow's own: `system/goodbye`. */
  readonly prompts?: ReadonlySet<string> | readonly string[] | undefined;
}

export interface ParseOptions {
  /** For findings only. */
  readonly file: string;
  readonly known: KnownNames;
  /** First 12 hex digits of the SHA-256 of the text. */
  readonly version?: string;
}

const MAX_PROMPT_TEXT = 1_000;
const MAX_FINDINGS = 200;

const languageName = z.string().regex(LANGUAGE_NAME, SHAPE_WORDS.language.en);
const texts = z.record(languageName, z.string().min(1).max(MAX_PROMPT_TEXT));
/** The outside of a flow file; nodes have shapes of their own. */
export const flowShape = z.strictObject({
  flow: z.string().regex(NODE_NAME, SHAPE_WORDS.flowName.en),
  title: texts.optional(),
  languages: z.array(languageName).min(1).max(20),
  start: z.string(),
  params: rawParameters.optional(),
  prompts: z.record(z.string(), texts).optional(),
  nodes: z.record(z.string(), z.unknown()),
});

/**
 * Reads and checks a flow. On success ready to run, with its warnings; else all that was found wrong, in the order of the file,
 * at least one of them an error. Never throws for anything that a file can hold.
 */
export function parseFlow(text: string, options: ParseOptions): Result<CheckedFlow, Finding[]> {
  const read = readSource(text, options.file);
  if (!read.ok) return read;
  const source = read.value;
  const findings: Finding[] = [...source.findings];
  const tell: Tell = (level, rule, path, message, at = 'value') => {
    if (findings.length >= MAX_FINDINGS) return;
    const place = at === 'key' ? source.atKey(path) : at === 'value' ? source.at(path) : source.inText(path, at);
    findings.push({ file: options.file, ...place, level, rule, message: message.en, messageZh: message.zh });
  };
  const lost = lostHash(text);
  if (lost !== null) {
    const { en, zh } = said(
      'this line is a comment; for the key # put it in quotes: "#"',
      '这一行成了注释；按键 # 请加引号："#"',
    );
    findings.push({ file: options.file, ...lost, level: 'error', rule: 'bad-key', message: en, messageZh: zh });
  }
  const outside = readOutside(source, tell);
  if (outside === null) return err(findings.sort(byPlace));
  checkPrompts(outside, tell);
  const compiler = new Compiler(outside, source, options, tell);
  compiler.compileAll();
  if (!findings.some(({ level }) => level === 'error')) {
    lintGraph(compiler.graph(), tell);
    for (const name of Object.keys(outside.prompts)) {
      if (compiler.promptsUsed.has(`${outside.flow}/${name}`)) continue;
      tell('warn', 'unused-prompt', ['prompts', name], said(`no node plays "${name}"`, `没有节点播放 "${name}"`), 'key');
    }
  }
  findings.sort(byPlace);
  if (findings.some(({ level }) => level === 'error')) return err(findings);
  const prompts = new Map(Object.entries(outside.prompts).map(([name, words]) => [`${outside.flow}/${name}`, words]));
  return ok({
    flowId: asId<FlowId>(outside.flow),
    version: options.version ?? 'unversioned',
    title: outside.title,
    languages: outside.languages,
    start: outside.start,
    nodes: compiler.nodes,
    prompts,
    promptsUsed: compiler.promptsUsed,
    shape: outside.shape,
    secrets: compiler.secrets,
    leadsTo: [...compiler.leadsTo],
    warnings: findings,
    ways: waysOf(compiler.graph(), source),
    lines: linesOf(compiler.graph(), source),
  });
}

/** `#: agent` among the keys of a menu says nothing to the reader of YAML, and a caller would find no such key. */
function lostHash(text: string): { readonly line: number; readonly column: number } | null {
  const lines = text.split('\n');
  const line = lines.findIndex((each) => /^\s+#\s*:\s+[a-z{]/.test(each));
  return line === -1 ? null : { line: line + 1, column: (lines[line] as string).indexOf('#') + 1 };
}

export interface Outside {
  readonly flow: string;
  readonly title: Readonly<Record<string, string>>;
  readonly languages: readonly string[];
  readonly start: string;
  readonly shape: FlowShape;
  readonly prompts: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly nodes: Readonly<Record<string, unknown>>;
}

/** Reads what can be read, so that one mistake at the top does not hide those below. Null: there are no nodes to look at. */
function readOutside(source: Source, tell: Tell): Outside | null {
  const whole = flowShape.safeParse(source.value);
  const shaped = <T extends object>(outside: T, nodes: unknown, params?: RawParameters): T & { shape: FlowShape } => ({
    ...outside,
    shape: { params: checkParameters(params, tell), results: resultsOf(nodes) },
  });
  if (whole.success) {
    const { params, ...outside } = withoutUndefined(whole.data);
    return shaped({ title: {}, prompts: {}, ...outside }, outside.nodes, params);
  }
  tellIssues(flowShape, whole.error.issues, [], source, tell);
  const value = source.value;
  if (typeof value !== 'object' || value === null) return null;
  const part = <T>(name: keyof typeof flowShape.shape, orElse: T): T => {
    const parsed = flowShape.shape[name].safeParse((value as Record<string, unknown>)[name]);
    return parsed.success && parsed.data !== undefined ? (parsed.data as T) : orElse;
  };
  const nodes = part<Record<string, unknown> | null>('nodes', null);
  if (nodes === null) return null;
  const outside = {
    flow: part('flow', 'flow'),
    title: part('title', {}),
    languages: part<string[]>('languages', []),
    start: part('start', ''),
    prompts: readableTexts((value as Record<string, unknown>).prompts),
    nodes,
  };
  return shaped(outside, nodes, part<RawParameters>('params', {}));
}

/** Name and shape of a flow from the plain values of its file, checked or not; null when it has no readable name. For `KnownNames.flowShapes`. */
export function readFlowShape(value: unknown): { readonly flow: string; readonly shape: FlowShape } | null {
  if (typeof value !== 'object' || value === null) return null;
  const { flow, params, nodes } = value as Record<string, unknown>;
  if (typeof flow !== 'string') return null;
  const parsed = rawParameters.safeParse(params ?? {});
  const known: ReadonlyMap<string, ParameterShape> = checkParameters(parsed.success ? parsed.data : {}, () => {});
  return { flow, shape: { params: known, results: resultsOf(nodes) } };
}

/** The prompts as far as they can be read, so that a slip in one does not make all of them unknown. */
function readableTexts(raw: unknown): Record<string, Record<string, string>> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return {};
  const made: Record<string, Record<string, string>> = {};
  for (const [name, words] of Object.entries(raw)) {
    const entries = typeof words === 'object' && words !== null ? Object.entries(words) : [];
    made[name] = Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  }
  return made;
}

function checkPrompts(outside: Outside, tell: Tell): void {
  if (outside.flow === 'system' || outside.flow === SAY_FOLDER)
    tell(
      'error',
      'bad-name',
      ['flow'],
      said(`"${outside.flow}" is the name of the prompts that all flows share`, `"${outside.flow}" 是所有流程共用的提示音的名称`),
    );
  const seen = new Set<string>();
  outside.languages.forEach((language, index) => {
    if (seen.has(language)) tell('error', 'duplicate-key', ['languages', index], twice(language));
    seen.add(language);
  });
  for (const [name, words] of Object.entries(outside.prompts)) {
    const path: Path = ['prompts', name];
    if (!NODE_NAME.test(name))
      tell(
        'error',
        'bad-name',
        path,
        said('a prompt is named with small letters, digits and dashes', '提示音的名称只用小写字母、数字和短横线'),
        'key',
      );
    for (const language of outside.languages) {
      if (!Object.hasOwn(words, language))
        tell(
          'error',
          'missing-language',
          path,
          said(`prompt "${name}" has no text for ${language}`, `提示音 "${name}" 缺少 ${language} 的文字`),
          'key',
        );
    }
    for (const language of Object.keys(words)) {
      if (outside.languages.length > 0 && !seen.has(language)) {
        tell(
          'warn',
          'unknown-language',
          [...path, language],
          said(`${language} is not a language of this flow`, `本流程没有语言 ${language}`),
          'key',
        );
      }
    }
  }
}

function withoutUndefined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
