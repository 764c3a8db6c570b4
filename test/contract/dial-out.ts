import type { Test } from 'tap';
import { asId, type BridgeId, type CallId, type LegId, type OfferId } from '../../src/base/ids.js';
import type { LegEndCause } from '../../src/call/switch-events.js';
import type { Subtest } from './caller-leg.js';
import type { Stage } from './stage.js';
import type { PhoneManner } from './switch-world.js';

/** Contract: people outside who are called back by our own trunk. */
export async function dialOutContract(t: Test, stage: Stage, subtest: Subtest): Promise<void> {
  const { world } = stage;
  const { outside } = world;
  const [phone] = world.phones;

  const dial = async (ids = newIds(), more: { number?: string; ringTimeoutMs?: number } = {}): Promise<typeof ids> => {
    const { callId, legId } = ids;
    const number = more.number ?? outside.address;
    await stage.do({ kind: 'dialOut', callId, legId, number, ringTimeoutMs: more.ringTimeoutMs ?? 20_000, callerId: '95588' });
    return ids;
  };
  const newIds = (): { callId: CallId; legId: LegId } => ({
    callId: stage.id<CallId>('back'),
    legId: stage.id<LegId>('back-leg'),
  });

  await subtest(t, 'a person outside is rung, sees our number, hears a prompt, presses a key, waits and hangs up', async (t) => {
    outside.behave({ answerAfterMs: null });
    const before = outside.timesCalled();
    const { callId, legId } = await dial();
    await stage.next('legRinging', { legId });
    t.equal(outside.shown()?.number, '95588');
    await dial({ callId, legId });
    await world.pass(150);
    t.equal(outside.timesCalled() - before, 1, 'repeated, it rings once');
    outside.answer();
    await stage.next('legAnswered', { legId });
    const playbackId = stage.play({ callId, legId }, world.prompts.short);
    await world.until('the prompt is heard', () => outside.hears('short'));
    await stage.next('playbackEnded', { playbackId });
    await outside.press('1');
    t.match(await stage.next('keyPressed', { legId }), { key: '1' });
    await stage.do({ kind: 'wait', callId, legId, music: world.music });
    await world.until('music is heard', () => outside.hears('music'));
    outside.hangUp();
    t.match(await stage.next('legEnded', { legId }), { cause: 'hungUp' });
  });

  await subtest(t, 'connected with an agent who was there first', async (t) => {
    outside.behave({ answerAfterMs: 100 });
    const ids = newIds();
    const offer = await stage.agentUp(ids, phone);
    await dial(ids);
    await stage.next('legAnswered', { legId: ids.legId });
    await stage.connect(ids, offer);
    await stage.next('connected', { bridgeId: offer.bridgeId });
    await world.until('the person outside hears the agent', () => outside.hears(phone.sound));
    await world.until('the agent hears the person outside', () => phone.hears('outside'));
    await stage.hangUp(ids.callId, ids.legId);
    t.match(await stage.next('legEnded', { legId: ids.legId }), { cause: 'hungUp' });
    await world.until('the phone outside is idle', () => outside.state() === 'idle');
  });

  await subtest(t, 'a caller who waits is connected with a person outside, and waits again when that person goes', async (t) => {
    outside.behave({ answerAfterMs: 100 });
    const call = await stage.callWaits();
    const legId = stage.id<LegId>('transfer-leg');
    await dial({ callId: call.callId, legId });
    await stage.next('legAnswered', { legId });
    // The leg stands for the offer that it is not.
    const offer = { offerId: asId<OfferId>(legId), legId, bridgeId: asId<BridgeId>(`${legId}-b`), phone: outside };
    await stage.connect(call, offer);
    await stage.next('connected', { bridgeId: offer.bridgeId, offerId: offer.offerId });
    await world.until('the caller hears the person outside', () => call.caller.hears('outside'));
    await world.until('the person outside hears the caller', () => outside.hears('caller'));
    outside.hangUp();
    t.match(await stage.next('legEnded', { legId }), { cause: 'hungUp' });
    t.equal(call.caller.state(), 'up', 'the caller stays');
    await stage.do({ kind: 'dissolve', callId: call.callId, bridgeId: offer.bridgeId });
    const short = stage.play(call, world.prompts.short);
    await world.until('the next prompt is heard', () => call.caller.hears('short'));
    t.match(await stage.next('playbackEnded', { playbackId: short }), { played: true });
  });

  await subtest(t, 'nobody comes to the phone', async (t) => {
    const ends: ReadonlyArray<[name: string, manner: PhoneManner, cause: LegEndCause]> = [
      ['busy', { respond: 486 }, 'busy'],
      ['declined', { answerAfterMs: 100, respond: 603 }, 'declined'],
      ['no such number', { ringAfterMs: null, respond: 404 }, 'unreachable'],
      ['rings to the end', { answerAfterMs: null }, 'noAnswer'],
    ];
    for (const [name, manner, cause] of ends) {
      outside.behave(manner);
      const { legId } = await dial(newIds(), { ringTimeoutMs: 1_000 });
      t.equal((await stage.next('legEnded', { legId }, 8_000)).cause, cause, name);
      t.equal(stage.of('legAnswered', { legId }).length, 0, name);
      await world.until('the phone is idle', () => outside.state() === 'idle');
    }
    outside.behave({ answerAfterMs: null });
    const { callId, legId } = await dial();
    await stage.next('legRinging', { legId });
    await stage.hangUp(callId, legId, 'noAnswer');
    t.match(await stage.next('legEnded', { legId }), { cause: 'hungUp' }, 'called off by us');
    await world.until('the phone stops ringing', () => outside.state() === 'idle');
  });

  await subtest(t, 'what is not a plain number is not dialled', async (t) => {
    const before = outside.timesCalled();
    const hostile = [
      `${outside.address}@evil.example`,
      `${outside.address}&PJSIP/1001`,
      `PJSIP/${outside.address}`,
      `sip:${outside.address}`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what Asterisk would interpret
      '${EXTEN}13911112222',
      `${outside.address}\r\nX-Evil: 1`,
      '+',
      '',
      '112',
      '1'.repeat(16),
    ];
    for (const number of hostile) {
      const { legId } = await dial(newIds(), { number });
      t.match(await stage.next('legEnded', { legId }), { cause: 'error' }, JSON.stringify(number));
    }
    t.equal(outside.timesCalled(), before, 'no phone has rung');
  });

  await subtest(t, 'a reconnect finds those whom we called, ringing or not', async (t) => {
    outside.behave({ answerAfterMs: 20 });
    const up = await dial();
    await stage.next('legAnswered', { legId: up.legId });
    await stage.do({ kind: 'remember', callId: up.callId, legId: up.legId, note: 'who it is' });
    outside.behave({ answerAfterMs: null });
    const ringing = await dial();
    await stage.next('legRinging', { legId: ringing.legId });
    await world.cut();
    await stage.next('switchDown');
    await world.mend();
    const { snapshot } = await stage.next('switchUp', {}, 15_000);
    const legs = new Map(snapshot.legs.map((leg) => [leg.legId, leg]));
    t.match(legs.get(up.legId), { direction: 'outbound', state: 'up', note: 'who it is' });
    t.match(legs.get(ringing.legId), { direction: 'outbound', state: 'ringing', note: null });
    outside.answer();
    await stage.next('legAnswered', { legId: ringing.legId });
  });
}
