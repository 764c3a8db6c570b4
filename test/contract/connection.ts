import type { Test } from 'tap';
import type { RecordingId } from '../../src/base/ids.js';
import type { Subtest } from './caller-leg.js';
import type { Stage, StagedCall, StagedOffer } from './stage.js';

/** Contract, third part: caller and agent together, and recording them. */
export async function connectionContract(t: Test, stage: Stage, subtest: Subtest): Promise<void> {
  const { world } = stage;
  const [phone, other] = world.phones;

  await subtest(t, 'out of the waiting room into the call; repeated, it does no harm', async (t) => {
    const { offer, ...call } = await stage.talk(phone);
    await world.until('the music has gone', () => !call.caller.hears('music'), 150);
    await world.pass(200);
    t.notOk(call.caller.hears('music'), 'and does not come back');
    await stage.connect(call, offer);
    await stage.next('connected', { bridgeId: offer.bridgeId, offerId: offer.offerId });
    await world.pass(200);
    await stage.hearEachOther(call, offer);
    t.equal(stage.of('legEnded').length, 0);
  });

  await subtest(t, 'out of a prompt of 20 s, at once', async (t) => {
    for (const fromRoom of [false, true]) {
      const call = fromRoom ? await stage.callWaits() : await stage.callUp();
      const playing = stage.play(call, world.prompts.long);
      await world.until('the prompt is heard', () => call.caller.hears('long'));
      const offer = await stage.agentUp(call, phone);
      const startedAt = world.nowMs();
      void stage.connect(call, offer, [playing]);
      await stage.next('connected', { bridgeId: offer.bridgeId });
      const tookMs = world.nowMs() - startedAt;
      t.ok(tookMs < 500, `connected after ${Math.round(tookMs)} ms`);
      await stage.hearEachOther(call, offer);
      await stage.next('playbackEnded', { playbackId: playing });
      await world.until('nothing is left of the prompt', () => !call.caller.hears('long'));
      await stage.clear();
    }
  });

  await subtest(t, 'keys are told in a call too', async (t) => {
    const { offer, ...call } = await stage.talk(phone);
    await call.caller.press('5');
    t.match(await stage.next('keyPressed', { legId: call.legId }), { key: '5' });
    await phone.press('8');
    t.match(await stage.next('keyPressed', { legId: offer.legId }), { key: '8' });
  });

  await subtest(t, 'the agent leaves, the caller waits again and gets another', async (t) => {
    const { offer, ...call } = await stage.talk(phone);
    phone.hangUp();
    t.match(await stage.next('legEnded', { legId: offer.legId }), { cause: 'hungUp' });
    t.equal(call.caller.state(), 'up', 'the caller stays');
    await stage.do({ kind: 'dissolve', callId: call.callId, bridgeId: offer.bridgeId });
    await stage.do({ kind: 'wait', callId: call.callId, legId: call.legId, music: world.music });
    await world.until('music is heard', () => call.caller.hears('music'));
    const second = await stage.agentUp(call, other);
    await stage.connect(call, second);
    await stage.next('connected', { bridgeId: second.bridgeId });
    await stage.hearEachOther(call, second);
    t.equal(stage.of('commandFailed').length, 0);
  });

  await subtest(t, 'dissolve leaves both legs up, in silence', async (t) => {
    const { offer, ...call } = await stage.talk(phone);
    await stage.do({ kind: 'dissolve', callId: call.callId, bridgeId: offer.bridgeId });
    await world.until('nobody hears anybody', () => !call.caller.hears(phone.sound) && !phone.hears('caller'));
    t.same([call.caller.state(), phone.state()], ['up', 'up']);
    await stage.do({ kind: 'dissolve', callId: call.callId, bridgeId: offer.bridgeId });
    await stage.do({ kind: 'dissolve', callId: null, bridgeId: stage.id('unknown') });
    await world.pass(50);
    t.equal(stage.of('commandFailed').length, 0, 'a bridge that is not there is no error');
    const short = stage.play(call, world.prompts.short);
    t.match(await stage.next('playbackEnded', { playbackId: short }), { played: true });
  });

  await subtest(t, 'the caller leaves a call: the agent stays until told', async (t) => {
    const { offer, ...call } = await stage.talk(phone);
    call.caller.hangUp();
    await stage.next('legEnded', { legId: call.legId });
    t.equal(stage.of('legEnded', { legId: offer.legId }).length, 0);
    await stage.hangUp(call.callId, offer.legId);
    t.match(await stage.next('legEnded', { legId: offer.legId }), { cause: 'hungUp' });
    await world.until('the phone is idle', () => phone.state() === 'idle');
  });

  await subtest(t, 'connecting with one who has gone names him', async (t) => {
    const call = await stage.callWaits();
    const offer = await stage.agentUp(call, phone);
    phone.hangUp();
    await stage.next('legEnded', { legId: offer.legId });
    await stage.connect(call, offer);
    t.match(await stage.next('connectFailed', { offerId: offer.offerId }), { missing: 'agent', bridgeId: offer.bridgeId });
    t.equal(call.caller.state(), 'up');

    const again = await stage.agentUp(call, phone);
    call.caller.hangUp();
    await stage.next('legEnded', { legId: call.legId });
    await stage.connect(call, again);
    t.match(await stage.next('connectFailed', { offerId: again.offerId }), { missing: 'caller' });
    t.equal(stage.of('connected').length, 0);
  });

  await subtest(t, 'the caller hangs up in the moment of the answer', async (t) => {
    let failed = 0;
    for (const offsetMs of [-3, -2, -1, 0, 0, 0, 1, 2, 3, 6]) {
      const call = await stage.callWaits();
      phone.behave({ answerAfterMs: null });
      const offer = await stage.ring(call, phone);
      await stage.next('legRinging', { legId: offer.legId });
      const outcome = await race(stage, call, offer, offsetMs);
      t.match(outcome.kind, /^connect(ed|Failed)$/, `hung up ${offsetMs} ms after the answer: ${outcome.kind}`);
      if (outcome.kind === 'connectFailed') {
        failed += 1;
        t.equal(outcome.missing, 'caller', outcome.detail);
      }
      await stage.next('legEnded', { legId: call.legId });
      // Nothing else does it: the agent's leg lives on.
      t.equal(stage.of('legEnded', { legId: offer.legId }).length, 0);
      await stage.hangUp(call.callId, offer.legId);
      await stage.next('legEnded', { legId: offer.legId });
      await stage.do({ kind: 'dissolve', callId: call.callId, bridgeId: offer.bridgeId });
    }
    t.comment(`${failed} of 10 connections failed`);
  });

  await subtest(t, 'a recording: begun, ended by us, heard in the file', async (t) => {
    const { offer, ...call } = await stage.talk(phone);
    const recordingId = stage.id<RecordingId>('recording');
    const file = `contract/${world.kind}/${recordingId}`;
    const start = {
      kind: 'startRecording',
      callId: call.callId,
      recordingId,
      bridgeId: offer.bridgeId,
      callerLegId: call.legId,
      file,
    } as const;
    await stage.do(start);
    await stage.next('recordingStarted', { recordingId });
    await stage.do(start);
    await world.pass(2200);
    await stage.do({ kind: 'stopRecording', callId: call.callId, recordingId });
    const end = await stage.next('recordingEnded', { recordingId });
    t.match(end, { failed: false }, end.detail);
    t.ok(end.durationMs >= 1000 && end.durationMs <= 4000, `${end.durationMs} ms`);
    await stage.do({ kind: 'stopRecording', callId: call.callId, recordingId });
    await world.pass(50);
    t.equal(stage.of('commandFailed').length, 0, 'stopping it again is no error');
    for (const sound of ['caller', phone.sound] as const) {
      const seconds = await world.recorded(file, sound);
      t.ok(seconds === null || seconds > 1, `${sound} is in the file for ${seconds} s`);
    }
  });

  await subtest(t, 'a recording ends with its bridge, and fails without one', async (t) => {
    const { offer, ...call } = await stage.talk(phone);
    const recordingId = stage.id<RecordingId>('recording');
    const common = { kind: 'startRecording', callId: call.callId, callerLegId: call.legId } as const;
    await stage.do({ ...common, recordingId, bridgeId: offer.bridgeId, file: `contract/${world.kind}/${recordingId}` });
    await stage.next('recordingStarted', { recordingId });
    await world.pass(1200);
    await stage.do({ kind: 'dissolve', callId: call.callId, bridgeId: offer.bridgeId });
    t.match(await stage.next('recordingEnded', { recordingId }), { failed: false });

    const nowhere = stage.id<RecordingId>('recording');
    await stage.do({ ...common, recordingId: nowhere, bridgeId: stage.id('nowhere'), file: `contract/${world.kind}/${nowhere}` });
    t.match(await stage.next('recordingEnded', { recordingId: nowhere }), { failed: true });
    const outside = stage.id<RecordingId>('recording');
    await stage.do({ ...common, recordingId: outside, bridgeId: offer.bridgeId, file: '../../outside' });
    t.match(await stage.next('recordingEnded', { recordingId: outside }), { failed: true });
    t.equal(stage.of('recordingStarted').length, 1);
  });
}

/** The phone picks up, we connect as soon as we hear of it, and the caller hangs up that many milliseconds around it. */
async function race(stage: Stage, call: StagedCall, offer: StagedOffer, offsetMs: number) {
  const { world } = stage;
  if (offsetMs < 0) {
    call.caller.hangUp();
    await world.pass(-offsetMs);
    offer.phone.answer();
  } else {
    offer.phone.answer();
    if (offsetMs > 0) await world.pass(offsetMs);
    call.caller.hangUp();
  }
  await stage.next('legAnswered', { legId: offer.legId });
  void stage.connect(call, offer);
  return world.until('the outcome of connect', () => {
    const { offerId } = offer;
    return stage.of('connected', { offerId })[0] ?? stage.of('connectFailed', { offerId })[0];
  });
}
