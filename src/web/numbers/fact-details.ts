import { formatMean } from '../format.js';
import type { Language } from '../words.js';
import type { Names } from './names.js';
import { siteTime } from './parts.js';

/** What stands in a fact, in words where the page has them; what it has not learnt of is told as the API tells it. */

const FIELDS: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  zh: {
    switchId: '交换机',
    legId: '通道',
    ani: '主叫',
    dnis: '被叫号码',
    flowId: '流程',
    version: '版本',
    node: '节点',
    key: '按键',
    result: '结果',
    length: '位数',
    secure: '保密',
    endpoint: '接口',
    fault: '故障',
    tookMs: '用时',
    messageId: '消息',
    attempts: '尝试次数',
    detail: '说明',
    box: '信箱',
    recordingId: '录音',
    durationMs: '总时长',
    to: '去向',
    number: '号码',
    talkMs: '通话',
    holdMs: '保持',
    agentId: '坐席',
    queueId: '队列',
    score: '评分',
    scale: '分制',
    prompt: '提示音',
    language: '语言',
    customerId: '客户',
    tier: '等级',
    by: '由',
    lane: '通道类别',
    priority: '优先级',
    requirement: '所需技能',
    placeFromMs: '排队位置起于',
    estimateMs: '预估等待',
    eligible: '可服务的坐席',
    reason: '原因',
    rule: '规则',
    value: '数值',
    bound: '界限',
    because: '因为',
    untilMs: '直到',
    waitedMs: '已等待',
    waitMs: '等待',
    outcome: '结果',
    cause: '原因',
    ringMs: '振铃时长',
    exit: '离开方式',
    callbackId: '回呼',
    mode: '方式',
    enteredAtMs: '进入时间',
    expiresAtMs: '失效时间',
    attempt: '第几次',
    endedBy: '结束方',
    complete: '完整',
    bytes: '字节',
    wrapUpMs: '话后处理',
    previousCallId: '上一个来电',
    awayMs: '离开时长',
  },
  en: {
    switchId: 'switch',
    legId: 'leg',
    ani: 'caller',
    dnis: 'number dialled',
    flowId: 'flow',
    version: 'version',
    node: 'node',
    key: 'key',
    result: 'result',
    length: 'digits',
    secure: 'secure',
    endpoint: 'endpoint',
    fault: 'fault',
    tookMs: 'took',
    messageId: 'message',
    attempts: 'attempts',
    detail: 'detail',
    box: 'box',
    recordingId: 'recording',
    durationMs: 'duration',
    to: 'to',
    number: 'number',
    talkMs: 'talk',
    holdMs: 'hold',
    agentId: 'agent',
    queueId: 'queue',
    score: 'score',
    scale: 'scale',
    prompt: 'prompt',
    language: 'language',
    customerId: 'customer',
    tier: 'tier',
    by: 'by',
    lane: 'lane',
    priority: 'priority',
    requirement: 'skills needed',
    placeFromMs: 'place kept since',
    estimateMs: 'expected wait',
    eligible: 'agents who may serve',
    reason: 'reason',
    rule: 'rule',
    value: 'value',
    bound: 'bound',
    because: 'because',
    untilMs: 'until',
    waitedMs: 'has waited',
    waitMs: 'wait',
    outcome: 'outcome',
    cause: 'cause',
    ringMs: 'rang for',
    exit: 'left by',
    callbackId: 'callback',
    mode: 'mode',
    enteredAtMs: 'entered',
    expiresAtMs: 'expires',
    attempt: 'attempt',
    endedBy: 'ended by',
    complete: 'complete',
    bytes: 'bytes',
    wrapUpMs: 'wrap-up',
    previousCallId: 'call before',
    awayMs: 'was away',
  },
};

const VALUES_ZH: Readonly<Record<string, string>> = {
  accepted: '已接听',
  declined: '拒接',
  noAnswer: '未应答',
  failed: '失败',
  withdrawn: '撤回',
  answered: '已接通',
  busy: '忙',
  unreachable: '无法接通',
  switchError: '交换机错误',
  legLost: '通道丢失',
  callerLeft: '主叫已离开',
  agentLeft: '坐席已离开',
  calledOff: '已取消',
  abandoned: '放弃',
  flowedOut: '溢出',
  timedOut: '等待超限',
  exitedByKey: '按键退出',
  calledBack: '转回呼',
  queueFull: '队列已满',
  queueClosed: '队列已关闭',
  noAgents: '无坐席',
  noSuchQueue: '没有此队列',
  abandonedInQueue: '排队中放弃',
  abandonedInFlow: '流程中放弃',
  contained: '自助完成',
  blocked: '未能入队',
  switchLost: '交换机中断',
  notReached: '未联系上',
  caller: '主叫',
  agent: '坐席',
  system: '系统',
  timer: '到时',
  ordinary: '普通',
  chosen: '已选择',
  noInput: '未按键',
  invalid: '按键无效',
  collected: '已收号',
  outside: '外部',
  preferred: '首选坐席',
  lastAgent: '上次坐席',
  assigned: '指派',
  account: '账号',
  idle: '就绪',
  ringing: '振铃',
  talking: '通话',
  wrapUp: '话后处理',
  notReady: '示忙',
  resting: '暂缓',
  true: '是',
  false: '否',
};

const VALUES_EN: Readonly<Record<string, string>> = {
  noAnswer: 'no answer',
  switchError: 'switch error',
  legLost: 'leg lost',
  callerLeft: 'the caller left',
  agentLeft: 'the agent left',
  calledOff: 'called off',
  flowedOut: 'flowed out',
  timedOut: 'timed out',
  exitedByKey: 'left by key',
  calledBack: 'called back',
  abandonedInQueue: 'gave up waiting',
  abandonedInFlow: 'gave up in the flow',
  switchLost: 'switch lost',
  notReached: 'not reached',
  noInput: 'no key',
  lastAgent: 'last agent',
  wrapUp: 'wrap-up',
  notReady: 'not ready',
  true: 'yes',
  false: 'no',
};
/** Fields whose values are words of ours; other texts are names and stay as they are. */
const OF_WORDS = new Set(['outcome', 'cause', 'exit', 'result', 'endedBy', 'lane', 'reason', 'because', 'to', 'by']);
/** Told elsewhere on the page, or by the heading of the fact. */
const LEFT_OUT = new Set(['seq', 'atMs', 'kind', 'callId', 'why', 'offerId']);
const TEXT_AT_MOST = 120;

/** `queue: General · wait: 36.8s`; lengths and moments as people write them, agents and queues by name. */
export function factDetails(fact: object, language: Language, names: Names): string {
  return Object.entries(fact)
    .filter(([name, value]) => !LEFT_OUT.has(name) && value !== null && value !== '')
    .map(
      ([name, value]) => `${wordOf(FIELDS[language], name)}: ${valueText(name, value, language, names).slice(0, TEXT_AT_MOST)}`,
    )
    .join(' · ');
}

export const valueWord = (value: string, language: Language): string => wordOf(language === 'zh' ? VALUES_ZH : VALUES_EN, value);

function valueText(name: string, value: unknown, language: Language, names: Names): string {
  if (name === 'agentId') return names.agent(String(value));
  if (name === 'queueId') return names.queue(String(value));
  if (typeof value === 'number' && MOMENTS.has(name)) return siteTime(value, true);
  if (typeof value === 'number' && name.endsWith('Ms')) return formatMean(value);
  if (name === 'eligible' && typeof value === 'object') {
    const counts = Object.entries(value as Record<string, number>).filter(([, count]) => count > 0);
    return counts.length === 0 ? '0' : counts.map(([state, count]) => `${valueWord(state, language)} ${count}`).join(', ');
  }
  if (typeof value === 'boolean' || (typeof value === 'string' && OF_WORDS.has(name))) return valueWord(String(value), language);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const MOMENTS = new Set(['untilMs', 'placeFromMs', 'enteredAtMs', 'expiresAtMs']);

const wordOf = (words: Readonly<Record<string, string>>, name: string): string =>
  Object.hasOwn(words, name) ? (words[name] as string) : name;
