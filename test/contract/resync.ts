import type { Test } from 'tap';
import { asId, type LegId, type RecordingId } from '../../src/base/ids.js';
import type { Subtest } from './caller-leg.js';
import type { Stage } from './stage.js';

/** Contract, last part: the connection to the switch comes, goes and comes back. */
export async function resyncContract(t: Test, stage: Stage, subtest: Subtest): Promise<void> {
  const { world } = stage;
  const [phone, other] = world.phones;

  await subtest(t, 'what is there after a reconnect is what is on the switch', async (t) => {
    const waiting = await stage.callWaits();
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what Asterisk would interpret
    const note = 'call-7 \'q\' "x" <y>,a=b;c|d ${EXTEN} $[1+1] \\ 中文 🙂';
    await stage.do({ kind: 'remember', callId: waiting.callId, legId: waiting.legId, note });
    const inMenu = await stage.callUp();
    const playing = stage.play(inMenu, world.prompts.long);
    await world.until('the prompt is heard', () => inMenu.caller.hears('long'));
    const leaver = await stage.callWaits();
    const leaverPlayback = stage.play(leaver, world.prompts.long);
    const { offer, ...talking } = await stage.talk(phone);
    const recordingId = stage.id<RecordingId>('recording');
    const file = `contract/${world.kind}/${recordingId}`;
    await stage.do({
      kind: 'startRecording',
      callId: talking.callId,
      recordingId,
      bridgeId: offer.bridgeId,
      callerLegId: talking.legId,
      file,
    });
    await stage.next('recordingStarted', { recordingId });
    other.behave({ answerAfterMs: null });
    const ringing = await stage.ring(waiting, other);
    await stage.next('legRinging', { legId: ringing.legId });
    const unanswered = await stage.callComes('13700000007');

    const mark = stage.mark();
    await world.cut();
    await stage.next('switchDown');
    t.equal(world.switch.isUp(), false);
    t.match(await world.switch.describe(), { up: false });
    leaver.caller.hangUp();
    await world.pass(100);
    t.ok(waiting.caller.hears('music') && inMenu.caller.hears('long'), 'callers notice nothing');
    await stage.hearEachOther(talking, offer);
    const newcomerMark = stage.mark();

    await stage.do({
      kind: 'play',
      callId: waiting.callId,
      legId: waiting.legId,
      playbackId: stage.id('down'),
      prompts: [world.prompts.short],
    });
    await stage.hangUp(waiting.callId, waiting.legId);
    t.equal(stage.of('commandFailed').length, 2, 'commands fail at once while it is down');
    t.equal(stage.since(newcomerMark).filter(({ kind }) => kind !== 'commandFailed').length, 0, 'and nothing else is told');

    await world.mend();
    const up = await stage.next('switchUp', {}, 15_000);
    t.equal(world.switch.isUp(), true);
    const { snapshot } = up;
    const legs = new Map(snapshot.legs.map((leg) => [leg.legId, leg]));
    t.same(
      [...legs.keys()].sort(),
      [waiting.legId, inMenu.legId, talking.legId, offer.legId, ringing.legId, unanswered.legId].sort(),
      'every leg that is there, and the one that left is not',
    );
    t.match(legs.get(waiting.legId), { direction: 'inbound', state: 'up', dnis: world.dnis, ani: '13800000001', note });
    t.match(legs.get(offer.legId), { direction: 'outbound', state: 'up' });
    t.match(legs.get(ringing.legId), { direction: 'outbound', state: 'ringing' });
    t.match(legs.get(unanswered.legId), { direction: 'inbound', state: 'ringing', ani: '13700000007', note: null });
    t.same(
      snapshot.bridges.map(({ bridgeId, legs: inside }) => [bridgeId, [...inside].sort()]),
      [[offer.bridgeId, [talking.legId, offer.legId].sort()]],
    );
    t.same(snapshot.recordings, [recordingId]);
    t.same(snapshot.playbacks, [playing]);
    const between = stage.since(mark).filter(({ kind }) => kind !== 'commandFailed');
    t.same(
      between.slice(0, 2).map(({ kind }) => kind),
      ['switchDown', 'switchUp'],
      'nothing is told before the snapshot',
    );

    // Old legs are alive to us again.
    await waiting.caller.press('4');
    t.match(await stage.next('keyPressed', { legId: waiting.legId }), { key: '4' });
    await stage.do({ kind: 'stopPlayback', callId: inMenu.callId, legId: inMenu.legId, playbackId: playing });
    await stage.next('playbackEnded', { playbackId: playing });
    other.answer();
    await stage.next('legAnswered', { legId: ringing.legId });
    await stage.connect(waiting, ringing);
    await stage.next('connected', { bridgeId: ringing.bridgeId });
    await stage.hearEachOther(waiting, ringing);
    await stage.do({ kind: 'answer', callId: unanswered.callId, legId: unanswered.legId });
    await world.until('the caller is up', () => unanswered.caller.state() === 'up');
    await stage.do({ kind: 'stopRecording', callId: talking.callId, recordingId });
    t.match(await stage.next('recordingEnded', { recordingId }), { failed: false });
    talking.caller.hangUp();
    t.match(await stage.next('legEnded', { legId: talking.legId }), { cause: 'hungUp' });
    t.equal(stage.of('playbackEnded', { playbackId: leaverPlayback }).length, 0);
  });

  await subtest(t, 'a note with control characters is refused, and one that is too long', async (t) => {
    const call = await stage.callUp();
    for (const note of ['a\r\nb', 'a\u0000', 'x'.repeat(1001)]) {
      await stage.do({ kind: 'remember', callId: call.callId, legId: call.legId, note });
      t.match(await stage.next('commandFailed', { command: 'remember' }), { callId: call.callId, subject: call.legId });
    }
  });

  await subtest(t, 'the switch dies with all calls and comes back empty', async (t) => {
    const { offer, ...call } = await stage.talk(phone);
    const waiting = await stage.callWaits();
    await world.crash();
    await stage.next('switchDown', {}, 15_000);
    await world.restart();
    const { snapshot } = await stage.next('switchUp', {}, 20_000);
    t.match(snapshot, { restarted: true, legs: [], bridges: [], recordings: [], playbacks: [] });
    const gone = new Set<string>([call.legId, offer.legId, waiting.legId]);
    t.equal(stage.of('legEnded').filter(({ legId }) => gone.has(legId)).length, 0, 'the snapshot says it, nobody hung up');
    await stage.talk(phone);
    await stage.callWaits();
  });

  await subtest(t, 'cut three times in a row: up and down take turns', async (t) => {
    const call = await stage.callWaits();
    const mark = stage.mark();
    for (let i = 0; i < 3; i++) {
      await world.cut();
      await stage.next('switchDown');
      await world.mend();
      await stage.next('switchUp', {}, 15_000);
    }
    const turns = stage.since(mark).map(({ kind }) => kind);
    t.same(turns, ['switchDown', 'switchUp', 'switchDown', 'switchUp', 'switchDown', 'switchUp']);
    t.ok(call.caller.hears('music'), 'the caller noticed nothing');
    call.caller.hangUp();
    await stage.next('legEnded', { legId: call.legId });
    t.equal(stage.of('legEnded', { legId: asId<LegId>(call.legId) }).length, 1);
  });
}
