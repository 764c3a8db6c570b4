import type { Json, LookUpFault } from '../../base/look-up.js';
import { err, ok, type Result } from '../../base/result.js';
import { parseDuration } from '../../base/time.js';
import type { TransferResult } from '../contract.js';
import { nearest, quoted, type Said, said } from '../finding.js';
import { parseMoment } from './moment.js';
import { type Action, QUEUE_EXITS, type QueueExitName } from './scene.js';

/** The words for what is done in a rehearsal, the same in a test and in the terminal. */
export const ACTION_FORMS: ReadonlyArray<readonly [form: string, meaning: string]> = [
  ['press 1', 'hear what plays until something is asked, then press (star and hash for * and #)'],
  ['press 1 now', 'press at once, whatever plays'],
  ['type 4111#', 'press one key after the other'],
  ['wait 5s', 'hear the question out, then press nothing for so long'],
  ['listen', 'hear what plays until something is asked'],
  ['agent answers', 'an agent takes the call out of the queue; also: agent 1001 answers'],
  ['agent leaves', 'the agent hangs up, the caller stays'],
  ['queue timedOut', `the queue lets the caller go: ${QUEUE_EXITS.join(', ')}, and the name of an exit after it`],
  ['lookup { "due": 12 }', 'the answer of the system that was asked, as JSON'],
  ['lookup fails timeout', 'no answer: timeout, status, tooLarge, badAnswer, notReached, forbidden, noEndpoint, busy'],
  ['speak 10s', 'leave a message of that length; speak nothing: none'],
  ['transfer talked', 'what came of dialling outside: talked, busy, noAnswer, unreachable, denied, failed'],
  ['time 2026-11-20T10:00+08:00', 'set the clock'],
  ['take over', 'another controller takes over: secure digits are gone'],
  ['hang up', 'the caller hangs up'],
];

export const FAULTS: readonly LookUpFault[] = [
  'timeout',
  'status',
  'tooLarge',
  'badAnswer',
  'notReached',
  'forbidden',
  'noEndpoint',
  'busy',
];
const TRANSFERS: readonly TransferResult[] = ['talked', 'busy', 'noAnswer', 'unreachable', 'denied', 'failed'];
const MAX_KEYS = 200;
const MAX_ANSWER = 64 * 1024;

export const isLookUpFault = (name: unknown): name is LookUpFault => FAULTS.some((fault) => fault === name);

/** Reads one action; the error is for people. */
export function parseAction(text: string): Result<Action, Said> {
  const [word = '', ...rest] = text.trim().split(/\s+/);
  const after = text.trim().slice(word.length).trim();
  switch (word.toLowerCase()) {
    case 'press':
      return rest.at(-1) === 'now' ? keys(rest.slice(0, -1), true) : keys(rest, false);
    case 'type':
      return keys(rest, false);
    case 'wait': {
      const forMs = parseDuration(after);
      return forMs.ok
        ? ok({ kind: 'wait', forMs: forMs.value })
        : err(said('wait for how long? Like: wait 5s', '等多久？例如：wait 5s'));
    }
    case 'listen':
      return alone({ kind: 'listen' }, after);
    case 'agent':
      return agent(rest);
    case 'queue':
      return queueExit(rest);
    case 'lookup':
      return lookUp(after);
    case 'speak': {
      if (after === 'nothing') return ok({ kind: 'speak', forMs: null });
      const forMs = parseDuration(after);
      return forMs.ok
        ? ok({ kind: 'speak', forMs: forMs.value })
        : err(said('speak for how long? Like: speak 10s, or speak nothing', '说多久？例如：speak 10s，或 speak nothing'));
    }
    case 'transfer': {
      const result = TRANSFERS.find((name) => name === after);
      return result === undefined
        ? err(said(`transfer is followed by ${TRANSFERS.join(', ')}`, `transfer 后面是 ${TRANSFERS.join('、')}`))
        : ok({ kind: 'transfer', result });
    }
    case 'time': {
      const atMs = parseMoment(after);
      return atMs === null
        ? err(said('a moment is written like 2026-11-20T10:00+08:00', '时间写成 2026-11-20T10:00+08:00 这样'))
        : ok({ kind: 'clock', atMs });
    }
    case 'take':
      return after === 'over' ? ok({ kind: 'takeOver' }) : unknown(text);
    case 'hang':
      return after === 'up' ? ok({ kind: 'hangUp' }) : unknown(text);
    default:
      return unknown(text);
  }
}

function keys(words: readonly string[], now: boolean): Result<Action, Said> {
  const pressed = words.map((word) => (word === 'star' ? '*' : word === 'hash' ? '#' : word)).join('');
  if (pressed.length > MAX_KEYS) return err(said(`more than ${MAX_KEYS} keys at once`, `一次超过 ${MAX_KEYS} 个按键`));
  return /^[0-9*#A-D]+$/.test(pressed)
    ? ok({ kind: 'press', keys: pressed, now })
    : err(
        said(
          `${quoted(words.join(' '))} are no keys: 0 to 9, star (*), hash (#), A to D`,
          `${quoted(words.join(' '))} 不是按键：0 到 9、star（*）、hash（#）、A 到 D`,
        ),
      );
}

function agent(words: readonly string[]): Result<Action, Said> {
  const what = words.at(-1);
  const name = words.length === 2 ? (words[0] ?? null) : null;
  if (what === 'answers' && words.length <= 2) return ok({ kind: 'agentAnswers', agent: name });
  if (what === 'leaves' && words.length <= 2) return ok({ kind: 'agentLeaves' });
  return err(said('an agent answers or leaves', '坐席只会 answers 或 leaves'));
}

function queueExit([exit = '', branch, ...more]: readonly string[]): Result<Action, Said> {
  const known = QUEUE_EXITS.find((name): name is QueueExitName => name === exit);
  if (known === undefined || more.length > 0) {
    const near = nearest(exit, QUEUE_EXITS);
    return err(
      said(`queue is followed by ${QUEUE_EXITS.join(', ')}${near.en}`, `queue 后面是 ${QUEUE_EXITS.join('、')}${near.zh}`),
    );
  }
  return ok({ kind: 'queueLeaves', exit: known, branch: branch ?? null });
}

function lookUp(text: string): Result<Action, Said> {
  const fails = /^fails\s+(\S+)$/.exec(text);
  if (fails !== null) {
    const fault = fails[1];
    if (isLookUpFault(fault)) return ok({ kind: 'lookUp', result: { ok: false, fault, detail: 'as told' } });
    const near = nearest(fault ?? '', FAULTS);
    return err(
      said(`a look-up fails with ${FAULTS.join(', ')}${near.en}`, `查询失败的原因可以是 ${FAULTS.join('、')}${near.zh}`),
    );
  }
  if (text.length > MAX_ANSWER)
    return err(said(`an answer has at most ${MAX_ANSWER} characters`, `应答最多 ${MAX_ANSWER} 个字符`));
  try {
    return ok({ kind: 'lookUp', result: { ok: true, answer: JSON.parse(text) as Json } });
  } catch {
    return err(
      said(
        'an answer is JSON: lookup { "due": 12 }, or: lookup fails timeout',
        '应答是 JSON：lookup { "due": 12 }，或 lookup fails timeout',
      ),
    );
  }
}

const alone = (action: Action, rest: string): Result<Action, Said> =>
  rest === '' ? ok(action) : err(said(`${quoted(rest)} is too much here`, `${quoted(rest)} 在这里是多余的`));

function unknown(text: string): Result<never, Said> {
  const forms = ACTION_FORMS.map(([form]) => form);
  const words = forms.map((form) => form.split(' ')[0] as string);
  const near = nearest(text.trim().split(/\s+/)[0] ?? '', words);
  const some = forms.slice(0, 6);
  const hint = near.en === '' ? said(`; for example: ${some.join(', ')}`, `；例如：${some.join('、')}`) : near;
  return err(said(`${quoted(text)} cannot be done${hint.en}`, `做不了 ${quoted(text)}${hint.zh}`));
}
