import type { Test } from 'tap';
import type { LegEndCause } from '../../src/call/switch-events.js';
import type { Subtest } from './caller-leg.js';
import type { Stage } from './stage.js';
import type { PhoneManner } from './switch-world.js';

/** Contract, second part: dialling an agent's phone, and what phones do of themselves. */
export async function agentLegContract(t: Test, stage: Stage, subtest: Subtest): Promise<void> {
  const { world } = stage;
  const [phone] = world.phones;

  await subtest(t, 'an agent is rung, sees who calls, answers and hangs up', async (t) => {
    const call = await stage.callWaits();
    phone.behave({ ringAfterMs: 0, answerAfterMs: null });
    const offer = await stage.ring(call, phone, { callerNumber: '13912345678', callerName: 'VIP Wang' });
    await stage.next('legRinging', { legId: offer.legId });
    t.same(phone.shown(), { number: '13912345678', name: 'VIP Wang' });
    t.equal(stage.of('legAnswered').length, 0);
    phone.answer();
    await stage.next('legAnswered', { legId: offer.legId });
    t.equal(phone.state(), 'up');
    t.ok(call.caller.hears('music'), 'the caller goes on waiting until connected');
    phone.hangUp();
    t.match(await stage.next('legEnded', { legId: offer.legId }), { cause: 'hungUp' });
  });

  await subtest(t, 'an offer that is repeated rings the phone once', async (t) => {
    const call = await stage.callUp();
    phone.behave({ answerAfterMs: null });
    const before = phone.timesCalled();
    const offer = stage.offer(phone);
    await stage.do(stage.ringCommand(call, offer));
    await stage.next('legRinging', { legId: offer.legId });
    await stage.do(stage.ringCommand(call, offer));
    await world.pass(150);
    t.equal(phone.timesCalled() - before, 1);
    t.equal(stage.of('legEnded', { legId: offer.legId }).length, 0);
  });

  const refusals: ReadonlyArray<[name: string, manner: PhoneManner, cause: LegEndCause]> = [
    ['busy', { respond: 486 }, 'busy'],
    ['busy without ringing', { ringAfterMs: null, respond: 486 }, 'busy'],
    ['declined', { answerAfterMs: 100, respond: 603 }, 'declined'],
    ['gives up after ringing', { answerAfterMs: 100, respond: 480 }, 'noAnswer'],
    ['not signed in', { ringAfterMs: null, respond: 480 }, 'unreachable'],
    ['unknown there', { ringAfterMs: null, respond: 404 }, 'unreachable'],
    ['out of service', { ringAfterMs: null, respond: 503 }, 'unreachable'],
  ];
  await subtest(t, 'phones that refuse', async (t) => {
    const call = await stage.callUp();
    for (const [name, manner, cause] of refusals) {
      phone.behave(manner);
      const offer = await stage.ring(call, phone);
      const end = await stage.next('legEnded', { legId: offer.legId });
      t.equal(end.cause, cause, name);
      t.equal(stage.of('legAnswered', { legId: offer.legId }).length, 0);
    }
  });

  await subtest(t, 'a phone that rings to the end, and one that is not there: the switch gives up by itself', async (t) => {
    const [rings, absent] = world.phones;
    const offers = [];
    for (const [each, manner, cause] of [
      [rings, { answerAfterMs: null }, 'noAnswer'],
      [absent, { silent: true }, 'unreachable'],
    ] as const) {
      each.behave(manner);
      const startedAt = world.nowMs();
      const { legId } = await stage.ring(await stage.callUp(), each, { ringTimeoutMs: 1000 });
      offers.push({ each, legId, startedAt, cause });
    }
    for (const { each, legId, startedAt, cause } of offers) {
      t.equal((await stage.next('legEnded', { legId }, 8000)).cause, cause);
      t.ok(world.nowMs() - startedAt >= 1000, 'not before its time');
      await world.until('the phone is idle', () => each.state() === 'idle');
    }
  });

  await subtest(t, 'an offer is called off while it rings', async (t) => {
    const call = await stage.callUp();
    phone.behave({ answerAfterMs: null });
    const offer = await stage.ring(call, phone);
    await stage.next('legRinging', { legId: offer.legId });
    await stage.hangUp(call.callId, offer.legId);
    t.match(await stage.next('legEnded', { legId: offer.legId }), { cause: 'hungUp' });
    await world.until('the phone stops ringing', () => phone.state() === 'idle');
    await stage.hangUp(call.callId, offer.legId);
    await world.pass(100);
    t.equal(stage.of('legEnded', { legId: offer.legId }).length, 1, 'said once');
  });

  await subtest(t, 'called off at once, before it could ring', async (t) => {
    const call = await stage.callUp();
    phone.behave({ answerAfterMs: 300 });
    const offer = stage.offer(phone);
    void stage.do(stage.ringCommand(call, offer));
    void stage.hangUp(call.callId, offer.legId);
    await stage.next('legEnded', { legId: offer.legId });
    await world.until('the phone is idle', () => phone.state() === 'idle');
    await world.pass(400);
    t.equal(phone.state(), 'idle', 'and stays so');
    t.equal(stage.of('legAnswered').length, 0);
  });

  await subtest(t, 'a phone holds the call and takes it back', async (t) => {
    const { offer } = await stage.talk(phone);
    await phone.hold();
    await stage.next('legHeld', { legId: offer.legId });
    await phone.unhold();
    await stage.next('legUnheld', { legId: offer.legId });
    t.equal(stage.of('legHeld').length, 1);
  });

  await subtest(t, 'an agent dials a feature code', async (t) => {
    await phone.dial('*45');
    const event = await stage.next('phoneDialled');
    t.match(event, { address: phone.address, digits: '*45' });
    await stage.do({ kind: 'hangUp', callId: null, legId: event.legId, cause: 'normal' });
    await stage.next('legEnded', { legId: event.legId });
    await world.until('the phone is idle', () => phone.state() === 'idle');
  });

  await subtest(t, 'addresses and names that want to be more than that', async (t) => {
    const call = await stage.callUp();
    const before = world.phones.map((one) => one.timesCalled());
    const hostile = [
      'sip:1001&PJSIP/1002',
      'sip:1001@192.0.2.1',
      'PJSIP/1001',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what Asterisk would interpret
      '${EXTEN}',
      'sip:1001\r\nX-Evil: 1',
      '',
      world.absentPhone,
    ];
    for (const address of hostile) {
      const offer = stage.offer(phone);
      await stage.do(stage.ringCommand(call, offer, { address }));
      const end = await stage.next('legEnded', { legId: offer.legId });
      t.ok(end.cause === 'error' || end.cause === 'unreachable', `${JSON.stringify(address)}: ${end.cause}`);
    }
    t.same(
      world.phones.map((one) => one.timesCalled()),
      before,
      'no phone has rung',
    );
    const offer = await stage.ring(call, phone, { callerNumber: '138', callerName: 'A" <sip:666@example.org>\r\nX: y' });
    await stage.next('legAnswered', { legId: offer.legId });
    t.equal(phone.shown()?.number, '138', 'a name cannot become a number');
  });
}
