import { type Said, said } from './finding.js';
import { ENTRY_CHECKS } from './nodes/entry-checks.js';

/** What shapes say of a value that they refuse. The library that checks shapes carries one text only: it carries the English one, and the pair is found by it. */
export const SHAPE_WORDS = {
  language: said('a language is written like zh, en or zh-TW', '语言写成 zh、en 或 zh-TW 这样'),
  range: said('a range is written like 1..20', '范围写成 1..20 这样'),
  flowName: said('a flow is named with small letters, digits and dashes', '流程名只用小写字母、数字和短横线'),
  key: said('a single key is expected here: 0 to 9, *, # or A to D', '这里要一个按键：0 到 9、*、# 或 A 到 D'),
  endKey: said('a single key is expected here, like "#", or none', '这里要一个按键，如 "#"，或写 none'),
  checks: said(
    `expected ${ENTRY_CHECKS.join(', ')}, or a list of them`,
    `这里要写 ${ENTRY_CHECKS.join('、')}，或由它们组成的列表`,
  ),
  keysInRow: said('one to 31 keys are expected here, in quotes', '这里要 1 到 31 个按键，并加引号'),
  fieldName: said('a field is named with letters, digits, _ and -', '字段名只用字母、数字、_ 和 -'),
  result: said('a result is written result.NAME', '返回值写成 result.NAME'),
  call: said(
    'the name of a flow is expected here, or { to: NAME, with: { ... }, take: { ... } }',
    '这里要流程名，或 { to: NAME, with: { ... }, take: { ... } }',
  ),
  returned: said('true is expected here, or the results: { NAME: value }', '这里要写 true，或返回值 { NAME: value }'),
  choice: said(
    'a language is expected here, caller, or { ask: PROMPT, keys: { "1": zh, "2": en } }',
    '这里要一种语言、caller，或 { ask: PROMPT, keys: { "1": zh, "2": en } }',
  ),
  target: said('the name of a node is expected here, or a small node in braces', '这里要节点名，或写在花括号里的小节点'),
  prompts: said(
    'the name of a prompt is expected here, { prompt: NAME, in: LANGUAGE }, or a list of them',
    '这里要提示音的名称、{ prompt: NAME, in: LANGUAGE }，或由它们组成的列表',
  ),
  value: said(
    'a text, a number, true, false, null or { value: EXPRESSION } is expected here',
    '这里要文字、数字、true、false、null 或 { value: EXPRESSION }',
  ),
  namedValue: said(
    'the name of a variable is expected here, { value: EXPRESSION } or { text: "..." }',
    '这里要变量名、{ value: EXPRESSION } 或 { text: "..." }',
  ),
  parameterType: said(
    'a type is expected here: text, number or boolean, or { type: text, default: "..." }',
    '这里要类型：text、number 或 boolean，或 { type: text, default: "..." }',
  ),
} as const;

const BY_ENGLISH: ReadonlyMap<string, Said> = new Map(Object.values(SHAPE_WORDS).map((words) => [words.en, words]));

/** The pair that an English sentence of a shape belongs to. */
export const pairOf = (en: string): Said | null => BY_ENGLISH.get(en) ?? null;
