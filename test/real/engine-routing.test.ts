import t from 'tap';
import { seededRandom } from '../../src/base/random.js';
import { EngineHouse } from '../support/engine-house.js';
import { House, HZ, until } from '../support/house.js';
import type { HouseRules } from '../support/house-site.js';
import { untilTalking } from '../support/house-sound.js';

/** Who is rung, who is served first, and what agents and supervisors may do: each rule on a real Asterisk, and the reason that hotline gives for it. */

const rules: HouseRules = {
  skills: ['service', 'english', 'cantonese'],
  queues: {
    longest: {},
    fewest: { agents: { choose: 'fewest-calls' } },
    occupied: { agents: { choose: 'least-occupied' } },
    best: { agents: { choose: 'best-skill' } },
    robin: { agents: { choose: 'round-robin' } },
    drawn: { agents: { choose: 'random' } },
    'all-three': { agents: { choose: 'ring-all', atOnce: 3 } },
    'all-two': { agents: { choose: 'ring-all', atOnce: 2 } },
    either: { require: { service: 1, any: [{ english: 2 }, { cantonese: 1 }] } },
    relaxed: {
      require: { relaxed: 5 },
      relax: [
        { after: '1s', lower: { relaxed: 3 } },
        { after: '2500ms', from: ['helpers'] },
      ],
    },
    again: { agents: { lastAgent: { wait: '1500ms' } } },
    preferred: { agents: { preferredWait: '1500ms' } },
    'rank-a': {},
    'rank-b': {},
    resting: { agents: { ring: '2s' } },
    auto: { agents: { autoAnswer: true } },
    priority: { callers: { order: 'priority' } },
    vips: { callers: { order: 'vip-first', waitsAtMost: '3s' } },
    credit: { callers: { order: 'credit', credit: { vip: '1s', perPriority: '2s', tiers: { vip: '5s' } } } },
    ageing: { callers: { order: 'ageing', ageing: '2s' } },
    'left-long': { target: { within: '30s' }, callers: { order: 'time-left', waitsAtMost: '4s' } },
    'left-short': { target: { within: '6s' }, callers: { order: 'time-left', waitsAtMost: '60s' } },
    kept: {},
    wrapped: { agents: { wrapUp: '3s', wrapUpAtMost: '20s' } },
    desk: {},
    forced: {},
    reasons: {},
    worth: { callers: { order: 'priority' } },
    assigned: {},
    pulled: {},
    'moved-from': {},
    'moved-to': {},
    'more-skill': {},
  },
  agents: {
    '1001': { skills: { longest: 1, priority: 1, kept: 1 } },
    '1002': { skills: { longest: 1, vips: 1, wrapped: 1 } },
    '1003': { skills: { fewest: 1, credit: 1, desk: 1 } },
    '1004': { skills: { fewest: 1, ageing: 1 } },
    '1005': { skills: { occupied: 1, 'left-long': 1, 'left-short': 1, forced: 1 } },
    '1006': { skills: { occupied: 1, forced: 1 } },
    '1007': { skills: { best: 3, reasons: 1 } },
    '1008': { skills: { best: 8, worth: 1 } },
    '1009': { skills: { robin: 1, assigned: 1 } },
    '1010': { skills: { robin: 1 } },
    '1011': { skills: { robin: 1, pulled: 1 } },
    '1012': { skills: { drawn: 1, 'moved-from': 1 } },
    '1013': { skills: { drawn: 1, 'moved-to': 1 } },
    '1014': { skills: { drawn: 1, 'more-skill': 1 } },
    '1015': { skills: { 'all-three': 1, 'all-two': 1, 'more-skill': 1, english: 3 } },
    '1016': { skills: { 'all-three': 1, 'all-two': 1 } },
    '1017': { skills: { 'all-three': 1, 'all-two': 1 } },
    '1018': { skills: { service: 1, english: 1 } },
    '1019': { skills: { service: 1, cantonese: 1 } },
    '1020': { skills: { relaxed: 3 } },
    '1021': { groups: ['helpers'], skills: {} },
    '1022': { skills: { again: 1 } },
    '1023': { skills: { again: 1, auto: 1 } },
    '1024': { skills: { 'rank-a': 1, 'rank-b': 1, preferred: 1 }, queueRank: { 'rank-a': 2, 'rank-b': 1 } },
    '1025': { skills: { preferred: 1 } },
    '2001': { skills: { resting: 1 }, sipp: true },
    '2002': { skills: { resting: 1 }, sipp: true },
    '2003': { skills: { resting: 1 }, sipp: true },
  },
  lines: {
    '8001': { to: 'longest' },
    '8002': { to: 'fewest' },
    '8003': { to: 'occupied' },
    '8004': { to: 'best' },
    '8005': { to: 'robin' },
    '8006': { to: 'drawn' },
    '8007': { to: 'all-three' },
    '8008': { to: 'all-two' },
    '8009': { to: 'either' },
    '8010': { to: 'relaxed' },
    '8011': { to: 'again' },
    '8012': { to: 'rank-a' },
    '8013': { to: 'rank-b' },
    '8014': { to: 'resting' },
    '8015': { to: 'preferred' },
    '8016': { to: 'auto' },
    '8100': { to: 'priority' },
    '8105': { to: 'priority', priority: 5 },
    '8110': { to: 'vips' },
    '8111': { to: 'vips', lane: 'vip' },
    '8120': { to: 'credit' },
    '8121': { to: 'credit', priority: 1 },
    '8130': { to: 'ageing' },
    '8131': { to: 'ageing', priority: 1 },
    '8140': { to: 'left-long' },
    '8141': { to: 'left-short' },
    '8201': { to: 'kept' },
    '8202': { to: 'wrapped' },
    '8203': { to: 'desk' },
    '8204': { to: 'forced' },
    '8205': { to: 'reasons' },
    '8301': { to: 'worth' },
    '8302': { to: 'assigned' },
    '8303': { to: 'pulled' },
    '8304': { to: 'moved-from' },
    '8305': { to: 'moved-to' },
    '8306': { to: 'more-skill' },
  },
  customers: {
    known: { name: 'Known', tier: 'ordinary', numbers: ['13700000001'], agent: '1025' },
    dear: { name: 'Dear', tier: 'vip', numbers: ['13700000002'] },
  },
  hotline: {
    notReadyReasons: ['break', 'training'],
    notReadyLimits: { break: '1s' },
    phones: { failuresAllowed: 2, backOff: { busy: '1s', declined: '2s', unreachable: '1s' } },
  },
};

const house = await House.open(t, { rules });
const scene = house.scenes(t);
const engine = new EngineHouse(house);
const { come, wait, visit } = {
  come: engine.come.bind(engine),
  wait: engine.wait.bind(engine),
  visit: engine.visit.bind(engine),
};
/** Picks up, says a word, hangs up. */
const brief = { answerAfterMs: 20, hangUpAfterMs: 250 };
const briefly = (...names: string[]): void => house.behave(Object.fromEntries(names.map((name) => [name, brief])));

scene('each order of agents rings the agent whom it names, and says why', async (t) => {
  await engine.together(t, {
    'longest idle': async (t) => {
      briefly('1001', '1002');
      await house.ready('1002', '1001');
      const first = await visit('8001');
      const second = await visit('8001');
      t.same([first.agent, second.agent], ['1002', '1001']);
      await engine.explains(t, first, /offered to 1002 \(longest idle of 2\)/, /candidates: 1002 \(idle .*\), 1001 \(idle/);
    },
    'fewest calls: the newcomer, though idle for less long': async (t) => {
      briefly('1003', '1004');
      await house.ready('1003');
      t.equal((await visit('8002')).agent, '1003');
      await house.ready('1004');
      const second = await visit('8002');
      t.equal(second.agent, '1004');
      await engine.explains(t, second, /offered to 1004 \(fewest calls of 2\)/, /1004 \(0 calls, idle .*1003 \(1 calls, idle/);
    },
    'least occupied: two short calls weigh less than one long one': async (t) => {
      house.behave({ '1005': { answerAfterMs: 20, hangUpAfterMs: 2_500 }, '1006': brief });
      await house.ready('1005', '1006');
      await engine.notReady('1006');
      t.equal((await visit('8003')).agent, '1005');
      await engine.notReady('1005');
      await house.ready('1006');
      t.equal((await visit('8003')).agent, '1006');
      await engine.pass(700);
      t.equal((await visit('8003')).agent, '1006');
      await house.ready('1005');
      const last = await visit('8003');
      t.equal(last.agent, '1006', 'though 1005 has had fewer calls and is idle for longer');
      await engine.explains(t, last, /offered to 1006 \(least occupied of 2\)/, /1006 \(occupied [\d.]+ %, idle/);
    },
    'best skill, then the next best': async (t) => {
      await house.ready('1007', '1008');
      const first = await come('8004');
      t.equal(await engine.servedBy(first), '1008', 'level 8, though idle for less long');
      const second = await come('8004');
      t.equal(await engine.servedBy(second), '1007', 'level 3 when there is no better one');
      await engine.explains(t, first, /offered to 1008 \(best skill of 2\)/, /1008 \(skill 8, .*1007 \(skill 3/);
      await engine.explains(t, second, /offered to 1007 \(the only idle agent who may serve\)/);
      await Promise.all([engine.hangUp(first), engine.hangUp(second)]);
    },
    'round robin: the turn counts, not how long somebody is idle': async (t) => {
      briefly('1010', '1011');
      house.behave({ '1009': { answerAfterMs: 20, hangUpAfterMs: 2_000 } });
      await house.ready('1009', '1010', '1011');
      const first = await come('8005');
      t.equal(await engine.servedBy(first), '1009');
      t.equal((await visit('8005')).agent, '1010');
      t.equal((await visit('8005')).agent, '1011');
      await engine.over(first);
      const fourth = await visit('8005');
      t.equal(fourth.agent, '1009', 'who hung up last');
      await engine.explains(t, fourth, /offered to 1009 \(next in turn of 3\)/);
    },
    'random: drawn by seed and call, so that it can be drawn again': async (t) => {
      const crew = ['1012', '1013', '1014'];
      briefly(...crew);
      await house.ready(...crew);
      for (let i = 0; i < 4; i++) {
        const guest = await visit('8006');
        const drawn = crew[seededRandom(`house/${guest.callId}/0`).below(3)];
        t.equal(guest.agent, drawn, 'the seed and the call decide');
        await engine.idle(...crew);
        await engine.explains(t, guest, new RegExp(`offered to ${drawn} \\(drawn at random of 3\\)`));
      }
    },
    'ring-all: all phones ring, the first to pick up has the call, the others stop': async (t) => {
      const crew = ['1015', '1016', '1017'];
      house.behave(Object.fromEntries(crew.map((name) => [name, { answerAfterMs: null }])));
      await house.ready(...crew);
      const rung = crew.map((name) => house.nextCall(name));
      const guest = await come('8007', { toneHz: HZ.caller });
      const phones = await Promise.all(rung);
      await Promise.all(phones.map((phone) => phone.ringing()));
      const [left, quick, right] = phones as [(typeof phones)[0], (typeof phones)[0], (typeof phones)[0]];
      await quick.answer();
      await Promise.all([left.ended(3_000), right.ended(3_000)]);
      t.same([left.status, right.status], [487, 487], 'the others stop ringing');
      await untilTalking(guest.call, quick);
      const ends = await engine.facts(guest, 'offerEnded');
      t.same(Object.fromEntries(ends.map(({ agentId, cause }) => [agentId, cause])), {
        '1015': 'calledOff',
        '1016': 'answered',
        '1017': 'calledOff',
      });
      t.match(await house.agent('1015'), { status: 'ready', state: 'idle' }, 'and nobody is to blame');
      await engine.explains(
        t,
        guest,
        /offered to 1015 \(rung with others at once, 3 idle\)/,
        /answered by 1016/,
        /offer to 1015 was called off/,
      );
      // The next caller rings the two who are left; no more than two ring at once for this queue.
      const two = [house.nextCall('1015'), house.nextCall('1017')];
      const next = await come('8008');
      await Promise.all(two);
      next.call.hangUp();
      await engine.over(next);
      quick.hangUp();
      await engine.over(guest);
      const third = await come('8008');
      await until('two offers', async () => (await engine.facts(third, 'callOffered')).length === 2);
      await engine.pass(500);
      t.equal((await engine.facts(third, 'callOffered')).length, 2, 'two of three idle agents, as configured');
      third.call.hangUp();
      await engine.over(third);
    },
  });
});

scene('who may serve: requirements, relaxation, the agent a caller knows, ranks, and phones that need a rest', async (t) => {
  await engine.together(t, {
    'a requirement of all and any': async (t) => {
      await house.ready('1018', '1019');
      const first = await come('8009');
      t.equal(await engine.servedBy(first), '1019', 'not 1018, who is idle longer and has too little English');
      const second = await wait('8009');
      await engine.pass(1_000);
      t.same(await engine.facts(second, 'callOffered'), [], 'the second waits on beside the idle 1018');
      await engine.explains(
        t,
        second,
        /needs cantonese>=1 service>=1 \| english>=2 service>=1/,
        /no eligible agent was idle \(1 eligible: 1 talking\)/,
      );
      await engine.explains(t, first, /offered to 1019 \(the only idle agent who may serve\)/);
      await engine.hangUp(second);
      await engine.hangUp(first);
    },
    'waiting lowers the level, then lets in another group': async (t) => {
      await house.ready('1021');
      const guest = await wait('8010');
      t.equal(await engine.servedBy(guest), '1021');
      const { waitMs } = await engine.fact(guest, 'callAnswered');
      t.ok(waitMs > 2_400 && waitMs < 4_000, `a helper after ${waitMs} ms`);
      await engine.explains(
        t,
        guest,
        /relaxation step 1 let in more agents/,
        /after 2\.5 s .*relaxation step 2/,
        /offered to 1021/,
      );
      await house.ready('1020');
      const second = await wait('8010');
      t.equal(await engine.servedBy(second), '1020', 'level 3 will do after a second');
      const again = await engine.fact(second, 'callAnswered');
      t.ok(again.waitMs > 900 && again.waitMs < 2_300, `after ${again.waitMs} ms`);
      await Promise.all([engine.hangUp(guest), engine.hangUp(second)]);
    },
    'the last agent has the caller again; after the grace somebody else': async (t) => {
      await house.ready('1022', '1023');
      const from = house.number();
      const first = await come('8011', { from });
      t.equal(await engine.servedBy(first), '1022');
      await engine.hangUp(first);
      const again = await come('8011', { from });
      t.equal(await engine.servedBy(again), '1022', 'not 1023, who is idle longer');
      await engine.explains(t, again, /offered to 1022 \(last agent of this caller\)/);
      const third = await come('8011', { from });
      t.equal(await engine.servedBy(third), '1023', 'while 1022 talks');
      const { waitMs } = await engine.fact(third, 'callAnswered');
      t.ok(waitMs > 1_400 && waitMs < 3_500, `after the grace: ${waitMs} ms`);
      t.match(await engine.fact(third, 'callWaitsForAgent'), { agentId: '1022', because: 'lastAgent' });
      await engine.explains(t, third, /kept for 1022, the last agent of this caller, until/, /offered to 1023/);
      await Promise.all([engine.hangUp(again), engine.hangUp(third)]);
    },
    'the agent whom the directory names for a customer': async (t) => {
      await house.ready('1024', '1025');
      const stranger = await come('8015');
      t.equal(await engine.servedBy(stranger), '1024', 'who is idle longest');
      await engine.hangUp(stranger);
      await house.ready('1024');
      const customer = await come('8015', { from: '13700000001' });
      t.equal(await engine.servedBy(customer), '1025');
      await engine.explains(t, customer, /offered to 1025 \(preferred agent of this call\)/);
      await engine.hangUp(customer);
      await engine.notReady('1025');
      // Then the rank of a queue: the agent serves the queue of the smaller rank first, whoever has waited longer.
      await engine.notReady('1024');
      const early = await wait('8012');
      const late = await wait('8013');
      briefly('1024');
      await house.ready('1024');
      t.same(await engine.orderOf({ early, late }), ['late', 'early'], 'rank 1 goes before rank 2');
      await engine.explains(t, late, /agent 1024 became idle/, /the agent's rank of the queue/);
      await engine.explains(t, early, /was given to/);
      await Promise.all([engine.over(early), engine.over(late)]);
    },
    'SIPp agents who are busy or decline get a rest, each cause its own': async (t) => {
      await house.sippAgent('2001', 'agent-busy');
      await house.sippAgent('2002', 'agent-declines');
      await house.ready('2001', '2002');
      const sipp = await house.sipp({
        scenario: 'caller-stays',
        service: '8014',
        callers: ['13912340001'],
        pauses: { stayMs: 20_000 },
      });
      const arrived = await house.follow.find('the caller of SIPp', (facts) =>
        facts.find((fact) => fact.kind === 'callArrived' && fact.ani === '13912340001'),
      );
      const callId = 'callId' in arrived ? arrived.callId : null;
      const all = await house.follow.find('two rests of each', (facts) => {
        const own = facts.filter((fact) => fact.kind === 'callOffered' && fact.callId === callId);
        const of = (agent: string) => own.filter((fact) => 'agentId' in fact && fact.agentId === agent);
        return of('2001').length >= 2 && of('2002').length >= 2 && { busy: of('2001'), declined: of('2002') };
      });
      const gap = ([a, b]: { atMs: number }[]): number => (b?.atMs ?? 0) - (a?.atMs ?? 0);
      t.ok(gap(all.busy) > 1_000 && gap(all.busy) < 1_900, `rung again ${gap(all.busy)} ms after it was busy`);
      t.ok(gap(all.declined) > 2_000 && gap(all.declined) < 3_200, `rung again ${gap(all.declined)} ms after it declined`);
      await house.untilAgent('2001', { status: 'notReady', reason: 'phoneFailed' });
      await house.sippAgent('2003', 'agent-answers', { talkMs: 300 });
      await house.ready('2003');
      t.match(await sipp.done, { successful: 1, failed: 0 }, 'the third phone answers, the caller has kept the place');
      const guest = { callId } as Parameters<typeof engine.why>[0];
      await engine.explains(t, guest, /phone of 2001 was busy; place kept/, /declined by 2002/, /answered by 2003/);
      // As the command says it, for somebody at the machine.
      const { text } = await house.hotlineSays('explain', callId as string, '--url', house.url, '--lang', 'zh');
      t.match(text, /2001 的话机占线；位置保留[\s\S]*2003 接听/, 'and in Chinese, by the command');
    },
  });
});

scene('each order of callers serves whom it names first', async (t) => {
  briefly('1001', '1002', '1003', '1004', '1005');
  await engine.together(t, {
    priority: async (t) => {
      const early = await wait('8100');
      const urgent = await wait('8105');
      await house.ready('1001');
      t.same(await engine.orderOf({ early, urgent }), ['urgent', 'early']);
      await engine.explains(t, urgent, /chosen .* by priority: higher priority/);
    },
    'vip first, but nobody waits past the guard': async (t) => {
      const ordinary = await wait('8110');
      const vip = await wait('8111');
      await house.ready('1002');
      t.same(await engine.orderOf({ ordinary, vip }), ['vip', 'ordinary'], 'before the guard');
      await engine.explains(t, vip, /by vip-first/, /guard at 3 s not reached/);
      await engine.over(ordinary);
      await engine.notReady('1002');
      const patient = await wait('8110');
      await engine.pass(3_000);
      const second = await wait('8111');
      await house.ready('1002');
      t.same(await engine.orderOf({ second, patient }), ['patient', 'second'], 'past the guard');
      await engine.explains(t, patient, /by wait-guard/, /guard at 3 s reached/);
      await engine.explains(t, second, /was given to .*wait-guard/);
    },
    'credit for priority and tier': async (t) => {
      const plain = await wait('8120');
      const worth = await wait('8121');
      const dear = await wait('8120', { from: '13700000002' });
      await engine.pass(2_200);
      const late = await wait('8121');
      await house.ready('1003');
      t.same(
        await engine.orderOf({ plain, worth, dear, late }),
        ['dear', 'worth', 'plain', 'late'],
        '5 s for the tier, 2 s for the priority, and the last came more than 2 s after the first',
      );
      await engine.explains(t, dear, /by credit/, /worth/);
    },
    'ageing: priority that grows with the wait': async (t) => {
      const old = await wait('8130');
      const urgent = await wait('8131');
      await engine.pass(2_200);
      const late = await wait('8131');
      await house.ready('1004');
      t.same(await engine.orderOf({ old, urgent, late }), ['urgent', 'old', 'late']);
      await engine.explains(t, urgent, /by ageing/);
    },
    'time left to the target, and its guard': async (t) => {
      const long = await wait('8140');
      const short = await wait('8141');
      await house.ready('1005');
      t.same(await engine.orderOf({ long, short }), ['short', 'long'], 'who has less time left');
      await engine.explains(t, short, /by time-left/);
      await engine.over(long);
      await engine.notReady('1005');
      const patient = await wait('8140');
      await engine.pass(4_000);
      const second = await wait('8141');
      await house.ready('1005');
      t.same(await engine.orderOf({ second, patient }), ['patient', 'second'], 'the guard of 4 s');
      await engine.explains(t, patient, /by wait-guard/);
    },
  });
});

scene('agents: status kept for after the call, wrap-up, another desk, forced status, reasons and their limits', async (t) => {
  await engine.together(t, {
    'a change of status during a call holds after it': async (t) => {
      await house.ready('1001');
      const coming = house.nextCall('1001');
      const guest = await come('8201', { toneHz: HZ.caller });
      const agent = await coming;
      await untilTalking(guest.call, agent);
      await engine.notReady('1001', 'training');
      t.match(await house.agent('1001'), { state: 'talking' });
      await untilTalking(guest.call, agent);
      const next = await wait('8201');
      await engine.hangUp(guest);
      t.match(await house.agent('1001'), { status: 'notReady', reason: 'training', state: 'idle' });
      await engine.pass(600);
      t.same(await engine.facts(next, 'callOffered'), [], 'nobody is rung for the next caller');
      await engine.explains(t, next, /no eligible agent was idle \(1 eligible: 1 talking\)/);
      await house.ready('1001');
      t.equal(await engine.servedBy(next), '1001');
      await engine.hangUp(next);
    },
    'wrap-up is finished early, and extended': async (t) => {
      await house.ready('1002');
      const first = await come('8202');
      await engine.servedBy(first);
      first.call.hangUp();
      await house.untilAgent('1002', { state: 'wrapUp' });
      const second = await wait('8202');
      await engine.pass(500);
      t.same(await engine.facts(second, 'callOffered'), [], 'nobody rings during wrap-up');
      await house.post('/api/v1/agents/1002/wrap-up/finish', {});
      t.equal(await engine.servedBy(second), '1002');
      const { waitMs } = await engine.fact(second, 'callAnswered');
      t.ok(waitMs < 2_600, `rung when it was finished, after ${waitMs} ms of 3 s`);
      await engine.explains(t, second, /1 in wrap-up/, /agent 1002 became idle/);
      second.call.hangUp();
      await house.untilAgent('1002', { state: 'wrapUp' });
      await house.post('/api/v1/agents/1002/wrap-up/extend', { forMs: 2_000 });
      const third = await wait('8202');
      t.equal(await engine.servedBy(third), '1002');
      const { atMs } = await engine.fact(third, 'callAnswered');
      const ended = await engine.fact(second, 'callEnded');
      t.ok(atMs - ended.atMs > 4_500, `3 s and 2 s more: ${atMs - ended.atMs} ms`);
      third.call.hangUp();
    },
    'hot desk: calls follow the agent to another phone': async (t) => {
      await house.post('/api/v1/agents/1003/sign-in', { phone: 'sip:1004' });
      await house.post('/api/v1/agents/1003/status', { status: 'ready' });
      t.equal(await engine.refused('/api/v1/agents/1004/sign-in', {}), 'phone-in-use');
      t.equal(await engine.refused('/api/v1/agents/1004/sign-in', { phone: 'sip:9999' }), 'unknown-phone');
      const before = house.phone('1003').calls.length;
      const coming = house.nextCall('1004');
      const guest = await come('8203', { toneHz: HZ.caller });
      await untilTalking(guest.call, await coming);
      t.equal(house.phone('1003').calls.length, before, 'the own phone is silent');
      await engine.explains(t, guest, /offered to 1003/, /answered by 1003/);
      await engine.hangUp(guest);
    },
    'a supervisor forces a status: the phone stops ringing and the caller goes on': async (t) => {
      house.behave({ '1005': { answerAfterMs: null } });
      await house.ready('1005', '1006');
      const coming = house.nextCall('1005');
      const guest = await come('8204', { toneHz: HZ.caller });
      const rung = await coming;
      await rung.ringing();
      const other = house.nextCall('1006');
      await house.post('/api/v1/agents/1005/force-status', { status: 'notReady', reason: 'training' });
      await rung.ended(2_000);
      t.equal(rung.status, 487);
      const agent = await other;
      await untilTalking(guest.call, agent);
      await engine.explains(t, guest, /1005 went out of service while the phone rang/, /place kept/, /answered by 1006/);
      await house.post('/api/v1/agents/1006/force-status', { status: 'loggedOut' });
      await untilTalking(guest.call, agent);
      t.match(await house.agent('1006'), { status: 'loggedOut' }, 'signed out, and the talk goes on');
      guest.call.hangUp();
      await engine.over(guest);
    },
    'a phone that is to pick up by itself is asked to': async (t) => {
      await house.ready('1023');
      const coming = house.nextCall('1023');
      const guest = await come('8016');
      const headers = new Map((await coming).lastHeaders.map(([name, value]) => [name.toLowerCase(), value]));
      t.match(headers.get('call-info'), /answer-after=0/);
      t.match(headers.get('alert-info'), /info=alert-autoanswer/);
      t.equal(await engine.servedBy(guest), '1023');
      await engine.hangUp(guest);
      await engine.notReady('1023');
      await house.ready('1022');
      const plain = house.nextCall('1022');
      const other = await come('8011');
      t.notMatch(
        (await plain).lastHeaders.map(([name]) => name.toLowerCase()),
        'call-info',
        'others are not',
      );
      await engine.hangUp(other);
    },
    'reasons: an unknown one is refused, one that lasts too long is told': async (t) => {
      await house.ready('1007');
      t.equal(await engine.refused('/api/v1/agents/1007/status', { status: 'notReady', reason: 'lunch' }), 'unknown-reason');
      t.match(await house.agent('1007'), { status: 'ready' });
      await engine.notReady('1007', 'break');
      const told = await house.follow.find('the limit', (facts) =>
        facts.find((fact) => fact.kind === 'notReadyLimitExceeded' && fact.agentId === '1007'),
      );
      t.match(told, { reason: 'break', limitMs: 1_000 });
      const waiting = await wait('8205');
      await engine.explains(t, waiting, /1 not ready/);
      await engine.hangUp(waiting);
    },
  });
});

scene('supervisors change, assign, pull and move waiting calls', async (t) => {
  await engine.together(t, {
    'a higher priority': async (t) => {
      briefly('1008');
      const early = await wait('8301');
      const late = await wait('8301');
      await house.post(`/api/v1/calls/${late.callId}/reprioritise`, { priority: 7 });
      await house.ready('1008');
      t.same(await engine.orderOf({ early, late }), ['late', 'early']);
      await engine.explains(t, late, /changed by .*priority 7/, /by priority: higher priority/);
      await engine.explains(t, early, /was given to/);
      await Promise.all([engine.over(early), engine.over(late)]);
    },
    'assigned to an agent without the skill, and only to that one': async (t) => {
      await house.ready('1010');
      const guest = await wait('8302');
      t.equal(await engine.refused(`/api/v1/calls/${guest.callId}/assign`, { agentId: '1009' }), 'agent-not-signed-in');
      await house.post(`/api/v1/calls/${guest.callId}/assign`, { agentId: '1010' });
      t.equal(await engine.servedBy(guest), '1010');
      await engine.explains(t, guest, /offered to 1010 \(.*assigned/);
      t.equal(await engine.refused(`/api/v1/calls/${guest.callId}/assign`, { agentId: '1010' }), 'call-not-waiting');
      await engine.hangUp(guest);
    },
    'pulled out of the middle of the line': async (t) => {
      house.behave({ '1011': { answerAfterMs: 20 } });
      await house.post('/api/v1/agents/1011/sign-in', {});
      const early = await wait('8303');
      const late = await wait('8303');
      await house.post(`/api/v1/calls/${late.callId}/pull`, { agentId: '1011' });
      await house.ready('1011');
      t.equal(await engine.servedBy(late), '1011');
      t.same(await engine.facts(early, 'callOffered'), []);
      late.call.hangUp();
      t.equal(await engine.servedBy(early), '1011');
      await engine.hangUp(early);
    },
    'moved to another queue with the time of entry': async (t) => {
      briefly('1013');
      const moved = await wait('8304');
      const there = await wait('8305');
      await house.post(`/api/v1/calls/${moved.callId}/reprioritise`, { queueId: 'moved-to' });
      await house.ready('1013');
      t.same(await engine.orderOf({ moved, there }), ['moved', 'there'], 'who came first is first there too');
      await engine.explains(t, moved, /entered "moved-from"/, /entered "moved-to"/, /answered by 1013/);
      await Promise.all([engine.over(moved), engine.over(there)]);
    },
    'a waiting call is found to need more': async (t) => {
      const guest = await wait('8306');
      await house.post(`/api/v1/calls/${guest.callId}/reprioritise`, { skills: { english: 3 } });
      await house.ready('1014', '1015');
      t.equal(await engine.servedBy(guest), '1015', 'not 1014, who has no English');
      await engine.explains(t, guest, /changed by .*english>=3/);
      await engine.hangUp(guest);
    },
  });
});
