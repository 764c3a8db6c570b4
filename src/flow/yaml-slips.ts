import type { ErrorCode } from 'yaml';
import { quoted, type Said, said } from './finding.js';

/** What the YAML parser complains of, as the slip of the hand that it most often comes from: at its line, and in words that say what to do. */

export interface Complaint {
  readonly code: ErrorCode;
  /** Index in the text. */
  readonly at: number;
  readonly message: string;
}

export interface Slip {
  readonly at: number;
  readonly rule: string;
  readonly message: Said;
}

/** Never empty for complaints that are not. What only follows from a slip further up is not told. */
export function slipsOf(text: string, complaints: readonly Complaint[]): Slip[] {
  const page = new Page(text);
  const merge = mergeMarks(page);
  if (merge.length > 0) return merge;
  const tabs = complaints.filter(({ code }) => code === 'TAB_AS_INDENT');
  if (tabs[0] !== undefined) return [tab(tabs[0].at, tabs.length)];
  const documents = complaints.find(({ code }) => code === 'MULTIPLE_DOCS');
  const slips: Slip[] = [];
  const lines = new Set<number>();
  for (const complaint of [...complaints].sort((a, b) => a.at - b.at)) {
    if (complaint.code === 'MULTIPLE_DOCS') continue;
    const certain = CERTAIN.map((look) => look(page, complaint)).find((slip) => slip !== null);
    // Of what cannot be explained only the first is told: the parser has lost its way.
    if (certain === undefined && slips.length > 0) continue;
    const slip = certain ?? explained(page, complaint);
    const line = page.lineAt(slip.at);
    if (!lines.has(line)) slips.push(slip);
    lines.add(line);
  }
  if (documents !== undefined && slips.length === 0) slips.push({ at: documents.at, rule: 'several-documents', message: SECOND });
  return slips;
}

const SECOND = said('a second document begins here (---): a file is one', '第二个文档从这里开始（---）：一个文件只能有一个');

/** The text by lines, counted from 0. */
class Page {
  readonly lines: readonly string[];
  private readonly starts: number[] = [];

  constructor(readonly text: string) {
    this.lines = text.split(/\r?\n/);
    let at = 0;
    for (const line of text.split('\n')) {
      this.starts.push(at);
      at += line.length + 1;
    }
  }

  lineAt(offset: number): number {
    let [low, high] = [0, this.starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  line(index: number): string {
    return this.lines[index] ?? '';
  }

  offset(line: number, column: number): number {
    return (this.starts[line] ?? 0) + column;
  }

  /** The nearest line in that direction that says something, or null. */
  next(from: number, step: 1 | -1): number | null {
    for (let at = from + step; at >= 0 && at < this.lines.length; at += step) {
      if (!/^\s*(#|$)/.test(this.line(at))) return at;
    }
    return null;
  }

  indent(line: number): number {
    return /^ */.exec(this.line(line))?.[0].length ?? 0;
  }
}

function tab(at: number, count: number): Slip {
  const message =
    count === 1
      ? said('a tab stands here: indent by spaces', '这里用了制表符：缩进请用空格')
      : said(
          `a tab stands here and in ${count - 1} more lines: indent by spaces`,
          `这里和另外 ${count - 1} 行用了制表符：缩进请用空格`,
        );
  return { at, rule: 'tab', message };
}

/** A merge that nobody has finished: the two versions stand between marks. */
function mergeMarks(page: Page): Slip[] {
  const slips: Slip[] = [];
  page.lines.forEach((line, index) => {
    if (!/^\s*<{7}( |$)/.test(line)) return;
    const end = page.lines.findIndex((other, at) => at > index && /^\s*>{7}( |$)/.test(other));
    const until = end === -1 ? '' : `-${end + 1}`;
    slips.push({
      at: page.offset(index, line.indexOf('<')),
      rule: 'merge-conflict',
      message: said(
        `a merge was not finished: lines ${index + 1}${until} hold two versions; keep one and delete the marks`,
        `合并没有完成：第 ${index + 1}${until} 行有两个版本；留下一个，删掉标记`,
      ),
    });
  });
  return slips;
}

type Look = (page: Page, complaint: Complaint) => Slip | null;
const syntax = (at: number, message: Said): Slip => ({ at, rule: 'yaml-syntax', message });

const NAME = String.raw`["'“”]?[\w-]+["'“”]?`;

/** Slips that show by themselves. Each looks at the line of the complaint. */
const CERTAIN: readonly Look[] = [
  (page, { at }) => {
    const line = page.lineAt(at);
    const found = new RegExp(String.raw`^\s*(?:- )?${NAME}\s*(?=：)|[{,，]\s*${NAME}\s*(?=：)`).exec(page.line(line));
    if (found === null) return null;
    return syntax(page.offset(line, found.index + found[0].length), WIDE_COLON);
  },
  (page, { at }) => {
    const line = page.lineAt(at);
    const column = wideCommaIn(page.line(line));
    return column === null ? null : syntax(page.offset(line, column), WIDE_COMMA);
  },
  (page, { at }) => {
    const line = page.lineAt(at);
    const space = [line, page.next(line, 1) ?? line].find((each) => /^ *[\u00a0\u2000-\u200a\u202f\u3000]/.test(page.line(each)));
    if (space === undefined) return null;
    return { at: page.offset(space, page.indent(space)), rule: 'bad-character', message: WIDE_SPACE };
  },
  (page, { at, code }) => {
    const line = page.lineAt(at);
    const found = /^(\s*(?:- )?[\w-]+):(?=[^\s:])(?!\/\/)/.exec(page.line(line));
    if (found === null || code !== 'MISSING_CHAR') return null;
    return syntax(page.offset(line, found[0].length - 1), NO_SPACE);
  },
  (page, { at }) => {
    const line = page.lineAt(at);
    const found = /^(\s*)([*])\s*:/.exec(page.line(line));
    if (found === null) return null;
    return {
      at: page.offset(line, (found[1] as string).length),
      rule: 'bad-key',
      message: said('put * in quotes: "*"', '请给 * 加引号："*"'),
    };
  },
];

export const NO_SPACE = said('a space is missing after the colon', '冒号后面缺一个空格');
export const WIDE_COLON = said(
  'a Chinese colon (：) stands here; write an English one and a space (: )',
  '这里是中文冒号（：）；请改成英文冒号加空格（: ）',
);
const WIDE_COMMA = said(
  'a Chinese comma (，) stands here; write an English one (,), or put the text in quotes',
  '这里是中文逗号（，）；请改成英文逗号（,），或给文字加引号',
);
const WIDE_SPACE = said(
  'a wide or no-break space stands here; indent by ordinary spaces',
  '这里是全角空格或不间断空格；缩进请用普通空格',
);

/** A Chinese comma between two fields in braces: `{ prompt: ask， tries: 2 }`. */
function wideCommaIn(line: string): number | null {
  const found = /[{,][^"'{}]*?(，)\s*[\w-]+:\s/.exec(line);
  return found === null ? null : found.index + found[0].lastIndexOf('，');
}

function explained(page: Page, complaint: Complaint): Slip {
  const slip = EXPLAINED[complaint.code]?.(page, complaint) ?? syntax(complaint.at, otherwise(complaint));
  const isLast = page.next(page.lineAt(slip.at), 1) === null && !page.text.endsWith('\n');
  if (!isLast) return slip;
  const { en, zh } = slip.message;
  return { ...slip, message: said(`${en}; the file ends here: was it saved whole?`, `${zh}；文件到此结束：是否保存完整？`) };
}

const otherwise = ({ message }: Complaint): Said => {
  const plain = (message.split('\n')[0] as string).slice(0, 200);
  return said(`this cannot be read: ${plain}`, `这里无法解读：${quoted(plain)}`);
};

const EXPLAINED: Readonly<Partial<Record<ErrorCode, Look>>> = {
  BAD_INDENT: (page, complaint) => {
    const flow = /^Flow (map|seq)/.exec(complaint.message);
    return flow === null ? badIndent(page, complaint) : unclosed(page, complaint.at, flow[1] === 'map' ? '{' : '[');
  },
  BLOCK_AS_IMPLICIT_KEY: (page, { at }) => {
    const line = page.lineAt(at);
    const below = page.next(line, 1);
    const deeper = below !== null && page.indent(below) > page.indent(line) && /^\s*[\w-]+:\s+\S/.test(page.line(line));
    if (deeper && !/:\s.*:\s/.test(page.line(line))) {
      return syntax(
        page.offset(below, page.indent(below)),
        said(
          `this line is indented deeper than line ${line + 1}, which has its value already; let both begin at the same column`,
          `这一行比第 ${line + 1} 行缩进更深，而那一行已经有值；两行请从同一列开始`,
        ),
      );
    }
    return syntax(at, /:\s.*,\s*[\w-]+:(\s|$)/.test(page.line(line)) ? SEVERAL_FIELDS : COLON_IN_TEXT);
  },
  MULTILINE_IMPLICIT_KEY: (page, { at }) => syntax(at, colonMissing(page, at)),
  MISSING_CHAR: (page, { at, message }) => {
    if (/closing/.test(message)) return syntax(openQuote(page, at), QUOTE_OPEN);
    return /comma|,/i.test(message) ? syntax(at, COMMA_MISSING) : syntax(at, colonMissing(page, at));
  },
  UNEXPECTED_TOKEN: (_, { at }) => syntax(at, AFTER_THE_END),
  BLOCK_IN_FLOW: (_, { at }) => syntax(at, COMMA_MISSING),
  BAD_DQ_ESCAPE: (_, { at }) => syntax(at, BACKSLASH),
  BAD_SCALAR_START: (page, { at }) => {
    const sign = quoted(page.text[at] ?? '');
    return syntax(at, said(`a text that begins with ${sign} stands in quotes`, `以 ${sign} 开头的文字要加引号`));
  },
  BAD_ALIAS: (_, { at }) => ({
    at,
    rule: 'alias',
    message: said('a text that begins with * or & stands in quotes', '以 * 或 & 开头的文字要加引号'),
  }),
};

const SEVERAL_FIELDS = said(
  'several fields stand on one line; give each a line of its own, or put braces { } around them',
  '一行里有几个字段；请各写一行，或用花括号 { } 括起来',
);
const COLON_IN_TEXT = said('a text with a colon and a space in it stands in quotes', '文字里有冒号加空格，要放进引号');
const QUOTE_OPEN = said('the quotation mark that opens here is never closed', '这里的引号没有结束');
const COMMA_MISSING = said('a comma is missing before this', '这里前面缺一个逗号');
const AFTER_THE_END = said(
  'something stands here after the end of a value; a quotation mark inside of quotes is written \\"',
  '值已经结束，这里还有内容；引号里面的引号要写成 \\"',
);
const BACKSLASH = said(
  'a backslash in double quotes begins a special character; write \\\\, or take single quotes',
  '双引号里的反斜杠表示特殊字符；请写 \\\\，或改用单引号',
);

function colonMissing(page: Page, at: number): Said {
  const word = quoted(/^[^\s]*/.exec(page.text.slice(at, at + 60))?.[0] ?? '');
  return said(`a colon is missing after ${word}: name: value`, `${word} 后面缺冒号：name: value`);
}

/** The line fits neither of the levels around it: which are they? */
function badIndent(page: Page, { at }: Complaint): Slip {
  const line = page.lineAt(at);
  const own = page.indent(line);
  const start = page.offset(line, own);
  let above = page.next(line, -1);
  while (above !== null && page.indent(above) > own) above = page.next(above, -1);
  if (above === null)
    return syntax(start, said('this line begins further to the left than the first one', '这一行比第一行更靠左'));
  if (page.indent(above) === own) return listAmongNames(page, above, line);
  const parent = page.indent(above);
  const under = page.indent(page.next(above, 1) ?? line);
  const name = quoted(page.line(above).trim());
  const en = `this line begins after ${spaces(own)}; it must begin after ${parent} like line ${above + 1} (${name})`;
  const zh = `这一行前面有 ${own} 个空格；应像第 ${above + 1} 行（${name}）那样空 ${parent} 个`;
  if (under === own) return syntax(start, said(en, zh));
  return syntax(start, said(`${en}, or after ${under} like the line below that`, `${zh}，或像它下面一行那样空 ${under} 个`));
}

const spaces = (count: number): string => (count === 1 ? '1 space' : `${count} spaces`);

/** Lines of one level of which some begin with a dash and some do not. */
function listAmongNames(page: Page, first: number, line: number): Slip {
  let dash = [line, first].find((each) => /^\s*- /.test(page.line(each))) ?? line;
  for (let at = page.next(dash, -1); at !== null && page.indent(at) >= page.indent(line); at = page.next(at, -1)) {
    if (page.indent(at) === page.indent(line) && /^\s*- /.test(page.line(at))) dash = at;
  }
  return syntax(
    page.offset(dash, page.indent(dash)),
    said(
      'a dash begins a list here, but other lines of this level have none; take it away, or give each line one',
      '这里的短横线表示列表，但同一层的其他行没有；请去掉，或每行都加',
    ),
  );
}

/** Where the bracket stands that was not closed before `until`. */
function unclosed(page: Page, until: number, bracket: '{' | '['): Slip {
  const close = bracket === '{' ? '}' : ']';
  let open = 0;
  for (let at = Math.min(until, page.text.length) - 1; at >= 0; at--) {
    if (page.text[at] === close) open--;
    else if (page.text[at] === bracket && ++open > 0) {
      return syntax(
        at,
        said(`the ${bracket} that opens here is never closed: a ${close} is missing`, `这里的 ${bracket} 没有结束：缺 ${close}`),
      );
    }
  }
  return syntax(until, said(`a ${close} is missing`, `缺 ${close}`));
}

/** Where the quotation mark stands whose end is missed at `until`: the last one of the first line that has an odd number of them, or the nearest before. */
function openQuote(page: Page, until: number): number {
  const last = page.lineAt(until);
  for (let line = 0; line <= last; line++) {
    const quotes = /^\s*#/.test(page.line(line)) ? [] : Array.from(page.line(line).matchAll(/(?<!\\)"/g));
    if (quotes.length % 2 === 1) return page.offset(line, (quotes.at(-1) as RegExpExecArray).index);
  }
  const before = page.text.slice(0, until + 1);
  const at = Math.max(before.lastIndexOf('"'), before.lastIndexOf("'"));
  return at === -1 ? until : at;
}
