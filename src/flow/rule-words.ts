/** What the rules of the checker are called for people, and what to do about each, beside the exact message of a finding. */

export type RuleLanguage = 'zh' | 'en';

export interface RuleWords {
  /** A few words. */
  readonly name: string;
  /** One sentence. */
  readonly advice: string;
}

type Row = readonly [zhName: string, zhAdvice: string, enName: string, enAdvice: string];

const ROWS: Readonly<Record<string, Row>> = {
  alias: ['不支持别名', '把内容完整写出来，不要用 & 和 *。', 'alias', 'Write the content out instead of using & and *.'],
  'ambiguous-key': [
    '按键有歧义',
    '用 interDigit 写明等多久，或换别的按键。',
    'ambiguous key',
    'Say by interDigit how long to wait, or take other keys.',
  ],
  'ambiguous-node': [
    '节点做两件事',
    '拆成两个节点，每个只做一件事。',
    'node does two things',
    'Split it into two nodes that each do one thing.',
  ],
  'bad-action': ['测试动作有误', '改成测试能懂的动作。', 'bad action of a test', 'Use an action that tests know.'],
  'bad-answer': [
    '查询应答有误',
    '按查询应答的写法改正。',
    'bad answer of a test',
    'Write the answer of the look-up as the tests expect it.',
  ],
  'bad-character': [
    '含有不可见字符',
    '删掉该字符，重新输入这一行。',
    'odd character',
    'Delete the character and type the line again.',
  ],
  'bad-expression': ['表达式有误', '检查括号、引号和运算符。', 'bad expression', 'Look at brackets, quotes and operators.'],
  'bad-key': ['按键写法有误', '按键只能是 0 到 9、* 和 #，并加引号。', 'bad key', 'Keys are 0 to 9, * and #, in quotes.'],
  'bad-moment': [
    '测试时间有误',
    '写成 2026-11-22 10:00 这样的时间。',
    'bad moment of a test',
    'Write a moment like 2026-11-22 10:00.',
  ],
  'bad-name': [
    '名称不合规',
    '用小写字母、数字和短横线，另取一个名字。',
    'bad name',
    'Use small letters, digits and dashes, or choose another name.',
  ],
  'bad-number': [
    '号码不合规',
    '号码写 3 到 20 位数字，前面可加 +，并加引号。',
    'bad number',
    'Write 3 to 20 digits in quotes, perhaps after a +.',
  ],
  'bad-path': ['应答路径有误', '写成 answer.名称 这样的路径。', 'bad path', 'Write a path like answer.name.'],
  'constant-condition': [
    '条件永远相同',
    '改正条件，或删掉这个分支。',
    'condition never changes',
    'Mend the condition or take the branch away.',
  ],
  contradiction: [
    '设置互相矛盾',
    '两个设置只留一个，或改成一致。',
    'settings contradict',
    'Keep one of the two settings, or make them agree.',
  ],
  'dead-end': ['没有去处', '写上 next、hangup 或缺少的去处。', 'dead end', 'Add next, hangup or the way that is missing.'],
  'duplicate-flow': ['流程重名', '给其中一个文件的流程改名。', 'flow named twice', 'Rename the flow in one of the two files.'],
  'duplicate-key': ['重复', '删掉或改名其中一处。', 'written twice', 'Delete or rename one of the two.'],
  'duplicate-test': ['测试重名', '给其中一个测试改名。', 'test named twice', 'Rename one of the two tests.'],
  'endless-loop': [
    '无限循环',
    '在循环里加上等待来电者的节点，或加 atMost。',
    'endless loop',
    'Put a node into the loop that waits for the caller, or bound it by atMost.',
  ],
  'flow-in-use': [
    '流程仍在使用',
    '先改掉指向它的号码，再删除。',
    'flow in use',
    'Change the number that leads to it before it goes.',
  ],
  'merge-conflict': [
    '合并未完成',
    '留下一个版本，删掉 <<<<<<<、======= 和 >>>>>>> 标记。',
    'merge not finished',
    'Keep one of the two versions and delete the marks.',
  ],
  'missing-field': ['缺少必填项', '补上缺少的项。', 'missing field', 'Add what is missing.'],
  'missing-language': ['缺少语言', '补上这种语言的文字。', 'missing language', 'Add the words in that language.'],
  'missing-parameter': [
    '缺少参数',
    '在 with 里给出参数，或给它默认值。',
    'missing parameter',
    'Give the parameter by with, or give it a default.',
  ],
  'no-exit': [
    '走不出去',
    '加一条通向队列、其他流程或挂机的路。',
    'no way out',
    'Add a way to a queue, another flow or a hang-up.',
  ],
  'no-grammar': ['该语言不会读', '换一种语言，或改用录音。', 'language cannot say it', 'Use another language, or a prompt.'],
  'not-checked': [
    '未能检查',
    '把文件改短或改简单，再试一次。',
    'not checked',
    'Make the file shorter or simpler, and try again.',
  ],
  'not-secure': [
    '未作保密输入',
    '加上 secure: true；可以保存时写 secure: false。',
    'entry is not secure',
    'Add secure: true, or secure: false if the number may be kept.',
  ],
  'other-flow': ['流程名不符', '把 flow 改回原来的名字。', 'another flow', 'Give the flow its own name again.'],
  'out-of-range': ['超出范围', '改成允许范围内的值。', 'out of range', 'Use a value within the bounds.'],
  'secure-value': [
    '用了保密内容',
    '保密输入只能发给查询，不能播报、发送或计算。',
    'secure value used',
    'Secure digits may go to a look-up only: not be said, sent or computed with.',
  ],
  'several-documents': [
    '多个文档',
    '一个文件只写一个流程，删掉 ---。',
    'several documents',
    'One file is one flow: take the --- away.',
  ],
  'silent-loop': [
    '不按键就出不去',
    '让 failed 通向队列、其他流程或挂机。',
    'silence never gets out',
    'Let failed lead to a queue, another flow or a hang-up.',
  ],
  tab: ['用了制表符', '缩进改用空格。', 'tab', 'Indent by spaces.'],
  tag: ['不支持标签', '删掉以 ! 开头的标签。', 'tag', 'Delete the tag that begins with !.'],
  'text-or-value': [
    '是文字还是值',
    '要值就写 { value: ... }，要文字就加引号。',
    'text or value',
    'Write { value: ... } for the value, or quotes for the text.',
  ],
  'too-big': ['文件过大', '拆成几个流程。', 'too big', 'Split it into several flows.'],
  'too-deep': ['嵌套过深', '把里层的节点移出来单独写。', 'too deep', 'Move the inner nodes out and give them names.'],
  'type-mismatch': ['类型不符', '比较或计算同一类型的值。', 'types do not fit', 'Compare and compute values of one type.'],
  'unknown-agent': [
    '没有这个坐席',
    '改正坐席号，或先在配置里加上。',
    'unknown agent',
    'Correct the agent, or add it to the configuration first.',
  ],
  'unknown-announcement': [
    '没有这个播报方案',
    '改正名称，或先在配置里加上。',
    'unknown announcement plan',
    'Correct the name, or add the plan to the configuration first.',
  ],
  'unknown-box': [
    '没有这个留言箱',
    '改正名称，或先在配置里加上。',
    'unknown box',
    'Correct the name, or add the box to the configuration first.',
  ],
  'unknown-calendar': [
    '没有这个日历',
    '改正名称，或先在配置里加上。',
    'unknown calendar',
    'Correct the name, or add the calendar to the configuration first.',
  ],
  'unknown-endpoint': [
    '没有这个查询接口',
    '改正名称，或先在配置里加上。',
    'unknown endpoint',
    'Correct the name, or add the endpoint to the configuration first.',
  ],
  'unknown-field': ['没有这一项', '改正拼写，或删掉。', 'unknown field', 'Correct the spelling, or delete it.'],
  'unknown-flow': [
    '没有这个流程',
    '改正名称，或先加上该流程的文件。',
    'unknown flow',
    'Correct the name, or add the file of that flow first.',
  ],
  'unknown-kind': ['没有这种节点', '改成已有的节点种类。', 'unknown kind of node', 'Use a kind of node that exists.'],
  'unknown-language': [
    '没有这种语言',
    '改正语言，或把它加进 languages。',
    'unknown language',
    'Correct the language, or add it to languages.',
  ],
  'unknown-name': [
    '没有这个名称',
    '改正拼写，或先用 set 设置变量。',
    'unknown name',
    'Correct the spelling, or set the variable first.',
  ],
  'unknown-node': ['没有这个节点', '改正名称，或加上该节点。', 'unknown node', 'Correct the name, or add the node.'],
  'unknown-parameter': [
    '没有这个参数',
    '改正名称，或在 params 里加上。',
    'unknown parameter',
    'Correct the name, or add it to params.',
  ],
  'unknown-prompt': [
    '没有这段提示音',
    '改正名称，或在 prompts 里加上文字。',
    'unknown prompt',
    'Correct the name, or add the words to prompts.',
  ],
  'unknown-queue': [
    '没有这个队列',
    '改正名称，或先在配置里加上。',
    'unknown queue',
    'Correct the name, or add the queue to the configuration first.',
  ],
  'unknown-receiver': [
    '没有这个消息接收方',
    '改正名称，或先在配置里加上。',
    'unknown receiver',
    'Correct the name, or add the receiver to the configuration first.',
  ],
  'unknown-result': [
    '没有这个返回值',
    '改正名称，或让子流程返回它。',
    'unknown result',
    'Correct the name, or let the other flow give it back.',
  ],
  'unknown-skill': [
    '没有这个技能',
    '改正名称，或先在配置里加上。',
    'unknown skill',
    'Correct the name, or add the skill to the configuration first.',
  ],
  'unknown-tier': [
    '没有这个客户等级',
    '改正名称，或先在配置里加上。',
    'unknown tier',
    'Correct the name, or add the tier to the configuration first.',
  ],
  'unquoted-comma': [
    '逗号需要引号',
    '把含逗号的文字放进引号。',
    'comma without quotes',
    'Put the text with the comma in quotes.',
  ],
  'unquoted-number': [
    '号码需要引号',
    '把号码放进引号，否则会丢失开头的零。',
    'number without quotes',
    'Put the number in quotes, or it loses its leading zeros.',
  ],
  'unquoted-word': [
    '词语需要引号',
    '写 true、false 或 null，或加引号。',
    'word without quotes',
    'Write true, false or null, or put the word in quotes.',
  ],
  unreachable: ['到不了的节点', '加一条通向它的路，或删掉它。', 'unreachable', 'Add a way to the node, or delete it.'],
  'unreachable-branch': [
    '到不了的分支',
    '把它移到前面，或删掉它。',
    'unreachable branch',
    'Move the branch further up, or delete it.',
  ],
  unreadable: [
    '文件读不了',
    '检查文件是否存在、有没有读取权限。',
    'unreadable',
    'See whether the file is there and may be read.',
  ],
  'unused-prompt': ['提示音没用到', '用上它，或删掉它。', 'unused prompt', 'Use the prompt, or delete it.'],
  'wrong-type': ['写法不符', '按说明改成所需的写法。', 'wrong kind of value', 'Write the kind of value that is expected here.'],
  'yaml-syntax': ['YAML 格式有误', '检查缩进、冒号和引号。', 'YAML cannot be read', 'Look at indentation, colons and quotes.'],
  'zero-timeout': ['超时为零', '写一个大于零的时间，例如 5s。', 'timeout of zero', 'Write a time above zero, like 5s.'],
};

export const RULES: ReadonlySet<string> = new Set(Object.keys(ROWS));

/** Null: a rule that is not of the checker. */
export function ruleWords(rule: string, language: RuleLanguage): RuleWords | null {
  const row = Object.hasOwn(ROWS, rule) ? ROWS[rule] : undefined;
  if (row === undefined) return null;
  const [zhName, zhAdvice, enName, enAdvice] = row;
  return language === 'zh' ? { name: zhName, advice: zhAdvice } : { name: enName, advice: enAdvice };
}
