import { isAlias, isCollection, isMap, isScalar, isSeq, Lexer, LineCounter, type ParsedNode, parseDocument } from 'yaml';
import { err, ok, type Result } from '../base/result.js';
import { byPlace, type Finding, quoted, type Said, said, twice } from './finding.js';
import { slipsOf } from './yaml-slips.js';

/**
 * YAML text as plain values with the place of each. This is the gate for hostile files: too big, too deep, aliases, tags,
 * doubled keys and keys that are not text are refused here, so that nobody behind it has to think of them.
 */

export type Path = ReadonlyArray<string | number>;

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Written {
  readonly text: string;
  readonly inQuotes: boolean;
}

export interface Source {
  readonly value: unknown;
  /** Errors that do not make the rest unreadable; the file is refused all the same, after the rest was looked at too. */
  readonly findings: readonly Finding[];
  /** Where the value at `path` begins; the nearest one around it when there is none. */
  at(path: Path): Place;
  /** How the scalar at `path` stands in the file; null: there is none. */
  written(path: Path): Written | null;
  /** Where the key of the pair at `path` begins. */
  atKey(path: Path): Place;
  /** The `index`th character of the text at `path`. Right for texts on one line without escapes. */
  inText(path: Path, index: number): Place;
}

/** In characters. A flow of 500 nodes with its prompts has about 150,000. */
export const MAX_TEXT = 512 * 1024;
export const MAX_DEPTH = 16;
const MAX_FINDINGS = 50;
const GO_ON: ReadonlySet<string> = new Set(['unquoted-number', 'duplicate-key', 'bad-name']);

interface Spot {
  readonly key: number;
  readonly value: number;
  readonly text: number;
  readonly written: Written | null;
}

const pathKey = (path: Path): string => path.join('\u0000');

type RefuseFile = (rule: string, message: Said, place?: Place) => Result<never, Finding[]>;

/** Never throws, whatever the text is. */
export function readSource(text: string, file: string): Result<Source, Finding[]> {
  const refuse: RefuseFile = (rule, message, place = { line: 1, column: 1 }) =>
    err([{ file, ...place, level: 'error', rule, message: message.en, messageZh: message.zh }]);
  if (text.length > MAX_TEXT) {
    const [has, most] = [text.length, MAX_TEXT];
    return refuse('too-big', said(`the file has ${has} characters; ${most} are allowed`, `文件有 ${has} 个字符；最多 ${most}`));
  }
  try {
    return read(text, file, refuse);
  } catch (error) {
    // A parser that overflows its stack or trips over its own feet is no reason for ours to fall.
    const why = error instanceof Error ? error.message : 'unknown reason';
    return refuse('yaml-syntax', said(`the file cannot be read: ${why}`, `文件无法解读：${quoted(why)}`));
  }
}

function read(text: string, file: string, refuse: RefuseFile): Result<Source, Finding[]> {
  const odd = oddCharacter(text);
  if (odd !== null) return refuse('bad-character', oddName(text, odd), placeOf(text, odd));
  const deep = tooDeepAt(text);
  if (deep !== null) return refuse('too-deep', TOO_DEEP, placeOf(text, deep));

  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false, // Quadratic there; the walk below checks it.
    merge: false,
    version: '1.2',
    schema: 'core',
    logLevel: 'error', // 'silent' would also hide a second document.
  });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (document.errors.length > 0) {
    const complaints = document.errors.slice(0, MAX_FINDINGS).map(({ code, pos, message }) => ({ code, at: pos[0], message }));
    return err(
      slipsOf(text, complaints).map(({ at, rule, message }): Finding => {
        return { file, ...place(at), level: 'error', rule, message: message.en, messageZh: message.zh };
      }),
    );
  }
  const walk = new Walk(file, place);
  const value = walk.value(document.contents, [], 0);
  const findings = walk.findings.slice(0, MAX_FINDINGS).sort(byPlace);
  if (findings.some(({ rule }) => !GO_ON.has(rule))) return err(findings);

  const spot = (path: Path): Spot => {
    for (let length = path.length; length > 0; length--) {
      const found = walk.spots.get(pathKey(path.slice(0, length)));
      if (found !== undefined) return found;
    }
    return { key: 0, value: 0, text: 0, written: null };
  };
  return ok({
    value,
    findings,
    at: (path) => place(walk.spots.has(pathKey(path)) ? spot(path).value : spot(path).key),
    written: (path) => walk.spots.get(pathKey(path))?.written ?? null,
    atKey: (path) => place(spot(path).key),
    inText: (path, index) => place(spot(path).text + index),
  });
}

/** Turns parsed nodes into plain values, noting where each stands and what is not allowed. */
class Walk {
  readonly findings: Finding[] = [];
  readonly spots = new Map<string, Spot>();

  constructor(
    private readonly file: string,
    private readonly place: (offset: number) => Place,
  ) {}

  value(node: ParsedNode | null, path: Path, depth: number): unknown {
    if (node === null) return null;
    const offset = node.range?.[0] ?? 0;
    if (isAlias(node))
      return this.refuse(
        offset,
        'alias',
        said(
          `"*${node.source}": aliases are not part of this language; write it out`,
          `"*${node.source}"：不支持别名；请把内容写出来`,
        ),
      );
    if (depth > MAX_DEPTH) return this.refuse(offset, 'too-deep', TOO_DEEP);
    if (node.anchor !== undefined) {
      const name = `"&${node.anchor}"`;
      this.refuse(offset, 'alias', said(`${name}: anchors are not part of this language`, `${name}：不支持锚点`));
    }
    if (node.tag !== undefined) {
      const name = quoted(node.tag);
      this.refuse(offset, 'tag', said(`${name}: tags are not part of this language`, `${name}：不支持标签`));
    }
    if (isScalar(node)) {
      // "\u0007" in quotes passed the look at the bare text.
      const odd = typeof node.value === 'string' ? oddCharacter(node.value) : null;
      if (odd !== null) return this.refuse(offset, 'bad-character', oddName(node.value as string, odd));
      if (typeof node.value === 'number' || typeof node.value === 'bigint') return this.number(node, Number(node.value), offset);
      return node.value;
    }
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const child = item as ParsedNode;
        this.spot([...path, index], child, child);
        return this.value(child, [...path, index], depth + 1);
      });
    }
    if (isMap(node)) return this.map(node, path, depth);
    return this.refuse(
      offset,
      'yaml-syntax',
      said('neither a text, a number, a list nor a mapping', '既不是文字、数字，也不是列表或映射'),
    );
  }

  /** 0123, 010, 0x10, 1e3, +86..., more than 15 digits: as a number it is not what stands there, so it was meant as a text, or is a slip. */
  private number(node: { source?: string }, value: number, offset: number): number {
    const written = node.source ?? '';
    if (!isExactNumber(written)) {
      const isLong = /^-?[1-9][\d.]*$/.test(written);
      this.refuse(offset, 'unquoted-number', isLong ? tooLong(written) : readAsNumber(written, value));
    }
    return Number.isFinite(value) ? value : 0;
  }

  private map(node: ParsedNode, path: Path, depth: number): Record<string, unknown> {
    const made: Record<string, unknown> = {};
    if (!isMap(node)) return made;
    for (const pair of node.items) {
      const key = pair.key as ParsedNode | null;
      const value = pair.value as ParsedNode | null;
      const offset = key?.range?.[0] ?? node.range?.[0] ?? 0;
      if (key === null || isCollection(key) || isAlias(key)) {
        this.refuse(offset, 'bad-name', said('a name must be a plain text', '名称必须是普通文字'));
        continue;
      }
      const name = this.name(key.value, key.source ?? '', offset);
      if (name === null) continue;
      if (Object.hasOwn(made, name)) {
        const first = this.place(this.spots.get(pathKey([...path, name]))?.key ?? 0).line;
        const told = twice(name);
        this.refuse(offset, 'duplicate-key', said(`${told.en} (first in line ${first})`, `${told.zh}（第一次在第 ${first} 行）`));
        continue;
      }
      this.spot([...path, name], key, value ?? key);
      made[name] = this.value(value, [...path, name], depth + 1);
    }
    return made;
  }

  /** YAML reads `01:` as the number 1, so a key that is a number has lost what it was. */
  private name(value: unknown, written: string, offset: number): string | null {
    if (typeof value === 'number') {
      this.refuse(offset, 'unquoted-number', readAsNumber(written, value));
      return written;
    }
    if (typeof value !== 'string' || value === '') {
      return this.refuse(
        offset,
        'bad-name',
        said(`a name must be a text; put ${quoted(written)} in quotes`, `名称必须是文字；请给 ${quoted(written)} 加引号`),
      );
    }
    if (value === '__proto__' || value.length > 200)
      return this.refuse(offset, 'bad-name', said(`${quoted(value)} cannot be a name`, `${quoted(value)} 不能作名称`));
    return value;
  }

  private spot(path: Path, key: ParsedNode, value: ParsedNode): void {
    const start = value.range?.[0] ?? 0;
    const inQuotes = isScalar(value) && (value.type === 'QUOTE_DOUBLE' || value.type === 'QUOTE_SINGLE');
    const written =
      isScalar(value) && value.source !== undefined ? { text: value.source, inQuotes: value.type !== 'PLAIN' } : null;
    this.spots.set(pathKey(path), { key: key.range?.[0] ?? start, value: start, text: inQuotes ? start + 1 : start, written });
  }

  private refuse(offset: number, rule: string, { en, zh }: Said): null {
    this.findings.push({ file: this.file, ...this.place(offset), level: 'error', rule, message: en, messageZh: zh });
    return null;
  }
}

const TOO_DEEP = said(`nested deeper than ${MAX_DEPTH} levels`, `嵌套超过 ${MAX_DEPTH} 层`);

const readAsNumber = (written: string, value: number): Said =>
  said(
    `put ${bare(written)} in quotes: "${bare(written)}" (YAML reads it as the number ${value})`,
    `请给 ${bare(written)} 加引号："${bare(written)}"（YAML 会把它读成数字 ${value}）`,
  );
const tooLong = (written: string): Said =>
  said(
    `put ${bare(written)} in quotes: "${bare(written)}" (a number has at most 15 digits)`,
    `请给 ${bare(written)} 加引号："${bare(written)}"（数字最多 15 位）`,
  );
const bare = (written: string): string => quoted(written).slice(1, -1);

/** True when a number in YAML is what it looks like, so that its text can be had back from its value. */
export const isExactNumber = (written: string): boolean =>
  /^-?(0|[1-9]\d*)?(\.\d*)?$/.test(written) && written.replace(/[^0-9]/g, '').length <= 15;

/** Looks at the tokens only, because the composer behind them is recursive and would run out of stack. */
function tooDeepAt(text: string): number | null {
  let offset = 0;
  let brackets = 0;
  let inLine = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') brackets++;
    else if (token === ']' || token === '}') brackets--;
    else if (token === '-' || token === '?') inLine++;
    else if (token.startsWith('\n') || token.startsWith('\r')) inLine = 0;
    if (brackets > MAX_DEPTH || inLine > MAX_DEPTH) return offset;
    // The lexer's own marks (document start, flow error end, scalar follows) take no room in the text.
    if (token !== '\u0002' && token !== '\u0018' && token !== '\u001f') offset += token.length;
  }
  return null;
}

/** Control characters, halves of characters, and those that change the direction of writing: with them a text can look like another one. */
const ODD_RANGES: ReadonlyArray<readonly [from: number, to: number]> = [
  [0x00, 0x08],
  [0x0b, 0x0c],
  [0x0e, 0x1f],
  [0x7f, 0x84],
  [0x86, 0x9f],
  [0x200b, 0x200b],
  [0x202a, 0x202e],
  [0x2060, 0x2060],
  [0x2066, 0x2069],
  [0xfeff, 0xfeff],
  [0xfffd, 0xffff],
];

function oddCharacter(text: string): number | null {
  // Before the first character the mark of byte order is the editor's.
  for (let at = text.startsWith('\ufeff') ? 1 : 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x20 && code < 0x7f) continue;
    if (ODD_RANGES.some(([from, to]) => code >= from && code <= to)) return at;
    if (code >= 0xd800 && code <= 0xdfff && isHalf(text, at, code)) return at;
  }
  return null;
}

/** One half of a character beyond the first 65,536, without its other half. */
function isHalf(text: string, at: number, code: number): boolean {
  const other = code < 0xdc00 ? text.charCodeAt(at + 1) : text.charCodeAt(at - 1);
  return code < 0xdc00 ? !(other >= 0xdc00 && other <= 0xdfff) : !(other >= 0xd800 && other < 0xdc00);
}

function oddName(text: string, at: number): Said {
  const code = text.charCodeAt(at);
  if (code === 0xfffd) return said('this is no UTF-8 text: save the file as UTF-8', '这不是 UTF-8 文字：请把文件存成 UTF-8');
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  if (code === 0x200b || code === 0x2060)
    return said(`an invisible character stands here (${name}): delete it`, `这里有看不见的字符（${name}）：请删掉`);
  return code >= 0x2000 && code < 0xd800
    ? said(`a character that changes the direction of writing stands here (${name})`, `这里有改变书写方向的字符（${name}）`)
    : said(`a control character stands here (${name})`, `这里有控制字符（${name}）`);
}

function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}
