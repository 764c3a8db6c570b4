import t from 'tap';
import { EngineHouse } from '../support/engine-house.js';
import { House, HZ, until } from '../support/house.js';
import { agentHz, type HouseRules } from '../support/house-site.js';
import { untilTalking } from '../support/house-sound.js';

/** What a queue does with its callers beside letting them wait: each rule as a caller hears it on a real Asterisk, and the reason that hotline gives. */

const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai' });
const day = (offset: number): string => today.format(Date.now() + offset * 86_400_000);
/** A week around today, so that midnight may pass. */
const days = [-1, 0, 1].map(day);
const week = Object.fromEntries(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((name) => [name, ['00:00-24:00']]));

const rules: HouseRules = {
  skills: ['nobody-has'],
  queues: {
    small: { limits: { waiting: 2, wait: '2m' } },
    holiday: { hours: { calendar: 'holiday' } },
    'make-up': { hours: { calendar: 'make-up' } },
    attended: { empty: { join: 'ready', leave: 'ready', grace: '1s' } },
    patience: { limits: { wait: '2s' } },
    'by-wait': { overflow: [{ wait: '1500ms', to: { queue: 'helping' } }] },
    'to-groups': { overflow: [{ wait: '1s', to: { groups: ['helpers'] } }] },
    'by-estimate': { handle: '1m', overflow: [{ estimate: '90s', to: { exit: 'help' } }] },
    'by-agent': { overflow: [{ perAgent: 1.5, to: { queue: 'helping' } }] },
    'by-level': { target: { within: '1s', shortAbandon: '0s' }, overflow: [{ level: '80%', to: { exit: 'help' } }] },
    helping: {},
    lender: {},
    borrower: {
      borrow: [{ groups: ['lent'], when: { waiting: 2 }, for: '1s', until: { waiting: 0 }, untilFor: '1s' }],
    },
    told: {
      handle: '2m',
      announce: {
        position: 'every 20s',
        first: '1s',
        estimate: 'every 20s',
        estimateFirst: '2s',
        comfort: ['thanks-for-waiting'],
      },
    },
    keyed: { keys: { '1': 'help' } },
    redialled: { redial: { within: '30s' } },
  },
  agents: {
    '1001': { skills: { small: 1 } },
    '1002': { skills: { holiday: 1, 'make-up': 1 } },
    '1003': { skills: { attended: 1 } },
    '1004': { skills: { patience: 1 } },
    '1005': { skills: { 'by-wait': 1 } },
    '1006': { skills: { helping: 1 } },
    '1007': { skills: { 'to-groups': 1 } },
    '1008': { groups: ['helpers'], skills: {} },
    '1009': { skills: { 'by-estimate': 1 } },
    '1010': { skills: { 'by-agent': 1 } },
    '1011': { skills: { 'by-level': 1 } },
    '1012': { skills: { borrower: 1 } },
    '1013': { groups: ['lent'], skills: { lender: 1 } },
    '1014': { skills: { told: 1 } },
    '1015': { skills: { keyed: 1 } },
    '1016': { skills: { redialled: 1 } },
  },
  lines: {
    '8401': { to: 'small', blocked: 'refused', exits: { full: 'full' } },
    '8402': { to: 'holiday', exits: { closed: 'closed' } },
    '8403': { to: 'make-up', exits: { closed: 'closed' } },
    '8404': { to: 'attended', exits: { 'no-agents': 'empty' } },
    '8405': { to: 'patience', timedOut: 'late' },
    '8406': { to: 'by-wait' },
    '8407': { to: 'to-groups' },
    '8408': { to: 'by-estimate', exits: { help: 'help' } },
    '8409': { to: 'by-agent' },
    '8410': { to: 'by-level', exits: { help: 'help' } },
    '8412': { to: 'borrower' },
    '8414': { to: 'told' },
    '8415': { to: 'keyed', exits: { help: 'help' } },
    '8416': { to: 'redialled' },
  },
  hotline: {
    calendars: {
      holiday: { week, holidays: days },
      // A working day in the middle of a holiday.
      'make-up': { week, holidays: days, special: Object.fromEntries(days.map((each) => [each, ['00:00-24:00']])) },
    },
  },
};

const house = await House.open(t, { rules });
const scene = house.scenes(t);
const engine = new EngineHouse(house);
const come = engine.come.bind(engine);
const wait = engine.wait.bind(engine);
const loud = { toneHz: HZ.caller };

scene('who gets in, who is let go, and who overflows', async (t) => {
  await engine.together(t, {
    'a full queue, with callers by SIPp': async (t) => {
      const sipp = await house.sipp({
        scenario: 'caller-stays',
        service: '8401',
        callers: ['13912350001', '13912350002'],
        ratePerSecond: 10,
        pauses: { stayMs: 4_000 },
      });
      await house.follow.find(
        'two in the queue',
        (facts) => facts.filter((fact) => fact.kind === 'callQueued' && fact.queueId === 'small').length === 2,
      );
      const third = await come('8401', loud);
      await third.call.waitForTone(HZ.full, { withinMs: 4_000 });
      t.match(await engine.fact(third, 'callBlocked'), { reason: 'queueFull' });
      await engine.explains(t, third, /refused by "small" .*the queue was full/);
      t.match(await sipp.done, { successful: 2, failed: 0 });
    },
    'a holiday, and a working day in the middle of a holiday': async (t) => {
      await house.ready('1002');
      const closed = await come('8402', loud);
      await closed.call.waitForTone(HZ.closed, { withinMs: 4_000 });
      await engine.explains(t, closed, /refused by "holiday" .*the queue was closed/);
      const open = await come('8403');
      t.equal(await engine.servedBy(open), '1002');
      await engine.hangUp(open);
    },
    'nobody ready: none gets in; the last agent goes: those who wait are let go': async (t) => {
      const refused = await come('8404', loud);
      await refused.call.waitForTone(HZ.empty, { withinMs: 4_000 });
      t.match(await engine.fact(refused, 'callBlocked'), { reason: 'noAgents' });
      await engine.explains(t, refused, /refused by "attended"/);
      await house.ready('1003');
      const first = await come('8404');
      t.equal(await engine.servedBy(first), '1003');
      const waiting = await wait('8404', loud);
      await engine.notReady('1003');
      await waiting.call.waitForTone(HZ.empty, { withinMs: 4_000 });
      const left = await engine.fact(waiting, 'callLeftQueue');
      t.equal(left.exit, 'flowedOut');
      t.ok(left.waitMs >= 1_000, `after the grace: ${left.waitMs} ms`);
      await engine.explains(t, waiting, /the caller went on elsewhere/);
      await engine.hangUp(first);
    },
    'the longest wait': async (t) => {
      await house.post('/api/v1/agents/1004/sign-in', {});
      const guest = await come('8405', loud);
      await guest.call.waitForTone(HZ.late, { withinMs: 5_000 });
      const { exit, waitMs } = await engine.fact(guest, 'callLeftQueue');
      t.equal(exit, 'timedOut');
      t.ok(waitMs >= 2_000 && waitMs < 3_000, `after ${waitMs} ms`);
      await engine.explains(t, guest, /the longest wait of the queue was over after 2 s/);
    },
    'overflow to another queue: by wait, and by callers per agent': async (t) => {
      house.behave({ '1006': { answerAfterMs: 20 } });
      await house.ready('1006', '1010');
      const guest = await wait('8406', loud);
      const coming = house.nextCall('1006');
      await untilTalking(guest.call, await coming);
      t.match(await engine.fact(guest, 'callOverflowed'), { rule: 'wait', to: 'queue helping' });
      await engine.explains(
        t,
        guest,
        /entered "by-wait"/,
        /overflow to queue helping: waited 1\.5 s, bound 1\.5 s/,
        /entered "helping".*in the place of/,
        /answered by 1006/,
      );
      await engine.hangUp(guest);
      const talking = await come('8409');
      t.equal(await engine.servedBy(talking), '1010');
      const first = await wait('8409');
      await engine.pass(300);
      t.equal((await engine.facts(first, 'callOffered')).length, 0, 'one caller for one agent waits');
      const second = await come('8409');
      t.equal(await engine.servedBy(second), '1006', 'the second is one too many');
      t.match(await engine.fact(second, 'callOverflowed'), { rule: 'perAgent', value: 2 });
      await engine.explains(
        t,
        second,
        /overflow to queue helping: 2 calls per agent, bound 1\.5/,
        /entered "helping"/,
        /answered by 1006/,
      );
      talking.call.hangUp();
      t.equal(await engine.servedBy(first), '1010');
      await Promise.all([engine.hangUp(first), engine.hangUp(second)]);
    },
    'overflow to another group': async (t) => {
      await house.ready('1008');
      const guest = await wait('8407');
      t.equal(await engine.servedBy(guest), '1008');
      const { waitMs } = await engine.fact(guest, 'callAnswered');
      t.ok(waitMs >= 1_000 && waitMs < 2_500, `after ${waitMs} ms`);
      await engine.explains(
        t,
        guest,
        /overflow to groups helpers: waited 1 s, bound 1 s/,
        /overflow let in more agents/,
        /offered to 1008/,
      );
      await engine.hangUp(guest);
    },
    'overflow by the estimated wait, to an exit of the flow': async (t) => {
      await house.ready('1009');
      const talking = await come('8408');
      await engine.servedBy(talking);
      const first = await wait('8408');
      const second = await come('8408', loud);
      await second.call.waitForTone(HZ.help, { withinMs: 4_000 });
      t.match(await engine.fact(second, 'callOverflowed'), { rule: 'estimate', value: 120_000, bound: 90_000 });
      t.same(await engine.facts(first, 'callOverflowed'), [], 'a minute is not too long');
      await engine.explains(t, second, /overflow to exit help: estimated wait 120 s, bound 90 s/, /the caller went on elsewhere/);
      await engine.hangUp(first);
      await engine.hangUp(talking);
    },
    'overflow by the service level': async (t) => {
      await house.ready('1011');
      const talking = await come('8410');
      await engine.servedBy(talking);
      const late = await wait('8410');
      await engine.pass(1_200);
      const next = await come('8410', loud);
      await next.call.waitForTone(HZ.help, { withinMs: 4_000 });
      t.match(await engine.fact(next, 'callOverflowed'), { rule: 'level', bound: 0.8 });
      await engine.explains(t, next, /overflow to exit help: service level .*, bound 80/);
      await engine.hangUp(late);
      await engine.hangUp(talking);
    },
  });
});

scene('a borrowed group, what is told while waiting, a key, and a place kept for who dials again', async (t) => {
  await engine.together(t, {
    'a group is borrowed and given back': async (t) => {
      house.behave({ '1013': { answerAfterMs: 20, hangUpAfterMs: 300 } });
      await house.ready('1012', '1013');
      const talking = await come('8412');
      t.equal(await engine.servedBy(talking), '1012');
      const first = await wait('8412');
      await engine.pass(700);
      t.same(await engine.facts(first, 'callOffered'), [], 'one who waits is no cause to borrow');
      const second = await wait('8412');
      t.same(await Promise.all([first, second].map((guest) => engine.servedBy(guest))), ['1013', '1013'], 'the lent agent helps');
      const lent = await house.follow.find('the loan', (facts) => facts.find((fact) => fact.kind === 'groupBorrowed'));
      t.match(lent, { queueId: 'borrower', groups: ['lent'], waiting: 2 });
      await engine.explains(t, first, /agent 1013 became idle.*"borrower"/, /answered by 1013/);
      await house.follow.find('the return', (facts) => facts.some((fact) => fact.kind === 'groupReturned'));
      const after = await wait('8412');
      await engine.pass(500);
      t.same(await engine.facts(after, 'callOffered'), [], 'and is not rung any more');
      await engine.hangUp(after);
      await engine.hangUp(talking);
    },
    'place, minutes and comfort are told, and cut at the answer': async (t) => {
      await house.ready('1014');
      const talking = await come('8414');
      await engine.servedBy(talking);
      const ahead = await wait('8414');
      const guest = await wait('8414', loud);
      const sinceMs = performance.now();
      const comfortAt = await guest.call.waitForTone(HZ.comfort, { withinMs: 5_000, sinceMs });
      const positionAt = await guest.call.waitForTone(HZ.position, { withinMs: 4_000, sinceMs });
      const minutesAt = await guest.call.waitForTone(HZ.minutes, { withinMs: 4_000, sinceMs });
      t.ok(comfortAt < positionAt && positionAt < minutesAt, 'thanks, then the place, then the wait');
      await engine.hangUp(ahead);
      const coming = house.nextCall('1014');
      talking.call.hangUp();
      await untilTalking(guest.call, await coming);
      const talkAt = guest.call.heard({ hz: agentHz('1014') }).firstAtMs ?? 0;
      t.ok(talkAt - minutesAt < 1_100, `the agent is there ${Math.round(talkAt - minutesAt)} ms into the last sentence`);
      t.equal(guest.call.heard({ hz: HZ.minutes, sinceMs: talkAt + 150 }).frames, 0, 'of which nothing is heard any more');
      await engine.hangUp(guest);
    },
    'a key leads out of the queue': async (t) => {
      await house.post('/api/v1/agents/1015/sign-in', {});
      const guest = await wait('8415', loud);
      await guest.call.waitForTone(HZ.music, { withinMs: 4_000 });
      await guest.call.press('7', { by: 'rtp' });
      await engine.pass(500);
      t.same(await engine.facts(guest, 'callLeftQueue'), [], 'a key without an exit changes nothing');
      await guest.call.press('1', { by: 'rtp' });
      await guest.call.waitForTone(HZ.help, { withinMs: 4_000 });
      t.match(await engine.fact(guest, 'callLeftQueue'), { exit: 'exitedByKey' });
      await engine.explains(t, guest, /the caller left the queue by key/);
    },
    'who drops and dials again stands where they stood; who does not is on the list of abandoned calls': async (t) => {
      house.behave({ '1016': { answerAfterMs: 20, hangUpAfterMs: 300 } });
      const from = house.number();
      const first = await wait('8416', { from });
      const patient = await wait('8416');
      const lost = await wait('8416');
      await engine.pass(300);
      await Promise.all([engine.hangUp(first), engine.hangUp(lost)]);
      const again = await wait('8416', { from });
      t.match(await engine.fact(again, 'placeRestored'), { previousCallId: first.callId });
      await house.ready('1016');
      t.same(await engine.orderOf({ patient, again }), ['again', 'patient']);
      await engine.explains(t, again, /back after .*: stands again in the place of call/, /answered by 1016/);
      await Promise.all([engine.over(patient), engine.over(again)]);
      interface Abandoned {
        readonly callId: string;
        readonly ani: string;
        readonly back: { readonly callId: string; readonly answered: boolean } | null;
      }
      const listed = await until('the list', async () => {
        const { calls } = await house.get<{ calls: Abandoned[] }>('/api/v1/abandoned-calls');
        const of = (callId: string) => calls.find((each) => each.callId === callId);
        return of(first.callId) && of(lost.callId) && { first: of(first.callId), lost: of(lost.callId) };
      });
      t.match(listed.first, { back: { callId: again.callId, answered: true } }, 'has been served since');
      t.match(listed.lost, { back: null, ani: /^\*+\d{4}$/ }, 'has not; the number is masked');
    },
  });
});
