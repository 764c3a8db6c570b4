import type { Test } from 'tap';
import type { RecordingId } from '../../src/base/ids.js';
import type { SwitchCommandOf } from '../../src/call/commands.js';
import type { Subtest } from './caller-leg.js';
import type { Stage, StagedCall } from './stage.js';

/** Contract: what a caller says into a box. */
export async function messageContract(t: Test, stage: Stage, subtest: Subtest): Promise<void> {
  const { world } = stage;

  const record = async (
    call: StagedCall,
    more: Partial<SwitchCommandOf<'recordMessage'>> = {},
  ): Promise<SwitchCommandOf<'recordMessage'>> => {
    const recordingId = stage.id<RecordingId>('message');
    const file = `contract/${world.kind}/${recordingId}`;
    const { callId, legId } = call;
    const command = {
      kind: 'recordMessage',
      callId,
      legId,
      recordingId,
      file,
      maxMs: 20_000,
      silenceMs: 2_000,
      ...more,
    } as const;
    await stage.do(command);
    return command;
  };
  const begun = async (call: StagedCall, more?: Partial<SwitchCommandOf<'recordMessage'>>) => {
    const command = await record(call, more);
    await stage.next('recordingStarted', { recordingId: command.recordingId });
    return command;
  };
  const heard = async (t: Test, file: string, least: number): Promise<void> => {
    const seconds = await world.recorded(file, 'caller');
    t.ok(seconds === null || seconds >= least, `the caller is in the file for ${seconds} s`);
  };

  await subtest(t, 'keys are told meanwhile, we end it, the caller is in the file and hears the next prompt', async (t) => {
    const call = await stage.callUp();
    const command = await begun(call);
    const { recordingId, callId } = command;
    await stage.do(command);
    await world.pass(2_500);
    await call.caller.press('#');
    t.match(await stage.next('keyPressed', { legId: call.legId }), { key: '#' });
    await stage.do({ kind: 'stopRecording', callId, recordingId });
    const end = await stage.next('recordingEnded', { recordingId });
    t.match(end, { failed: false }, end.detail);
    t.ok(end.durationMs >= 1_000 && end.durationMs <= 4_000, `${end.durationMs} ms`);
    t.ok((end.soundMs ?? end.durationMs) >= 1_000, `${end.soundMs} ms of sound`);
    await heard(t, command.file, 1.5);
    const short = stage.play(call, world.prompts.short);
    await world.until('the next prompt is heard', () => call.caller.hears('short'));
    t.match(await stage.next('playbackEnded', { playbackId: short }), { played: true });
    t.equal(stage.of('recordingStarted').length, 1);
    t.equal(stage.of('commandFailed').length, 0);
  });

  await subtest(t, 'ended by silence, by the longest time, and when nothing is said at all', async (t) => {
    const [falls, long, mute] = [await stage.callUp(), await stage.callUp(), await stage.callUp()];
    mute.caller.speak(false);
    const [byFalling, byTime, byNothing] = [await begun(falls), await begun(long, { maxMs: 3_000 }), await begun(mute)];
    await world.pass(2_500);
    falls.caller.speak(false);
    const over = await stage.next('recordingEnded', { recordingId: byTime.recordingId });
    t.match(over, { failed: false }, over.detail);
    t.ok(over.durationMs >= 2_000 && over.durationMs <= 4_000, `${over.durationMs} ms of at most 3000`);
    const nothing = await stage.next('recordingEnded', { recordingId: byNothing.recordingId });
    t.ok((nothing.soundMs ?? nothing.durationMs) < 1_000, `${nothing.durationMs} ms, ${nothing.soundMs} of sound`);
    const silent = await stage.next('recordingEnded', { recordingId: byFalling.recordingId });
    t.match(silent, { failed: false }, silent.detail);
    t.ok((silent.soundMs ?? silent.durationMs) >= 1_000, `${silent.durationMs} ms, ${silent.soundMs} of sound`);
    await heard(t, byFalling.file, 1.5);
    t.ok(
      [falls, long, mute].every(({ caller }) => caller.state() === 'up'),
      'all are still there',
    );
  });

  await subtest(t, 'the caller hangs up while speaking: the message is whole', async (t) => {
    const call = await stage.callUp();
    const { recordingId, file } = await begun(call);
    // The beep is not in it, and whole seconds are told.
    await world.pass(3_100);
    call.caller.hangUp();
    const end = await stage.next('recordingEnded', { recordingId });
    t.match(end, { failed: false }, end.detail);
    t.ok((end.soundMs ?? end.durationMs) >= 1_000, `${end.durationMs} ms, ${end.soundMs} of sound`);
    await stage.next('legEnded', { legId: call.legId });
    await heard(t, file, 1.5);
  });

  await subtest(t, 'out of the waiting room and out of a prompt; back to the music afterwards', async (t) => {
    const call = await stage.callWaits();
    const playbackId = stage.play(call, world.prompts.long);
    await world.until('the prompt is heard', () => call.caller.hears('long'));
    const { recordingId, file } = await begun(call);
    await stage.next('playbackEnded', { playbackId });
    await world.pass(2_200);
    t.notOk(call.caller.hears('music') || call.caller.hears('long'), 'nothing disturbs the speaker');
    void stage.do({ kind: 'wait', callId: call.callId, legId: call.legId, music: world.music });
    await stage.do({ kind: 'stopRecording', callId: call.callId, recordingId });
    t.match(await stage.next('recordingEnded', { recordingId }), { failed: false });
    await heard(t, file, 1);
    await stage.do({ kind: 'wait', callId: call.callId, legId: call.legId, music: world.music });
    await world.until('music is heard', () => call.caller.hears('music'));
  });

  await subtest(t, 'a message under way outlives the connection; one that ended in the gap is not there any more', async (t) => {
    const [speaks, ends] = [await stage.callUp(), await stage.callUp()];
    const [goesOn, isOver] = [await begun(speaks), await begun(ends, { maxMs: 1_000 })];
    await world.cut();
    await stage.next('switchDown');
    await world.until('the end in the gap', async () => !(await world.isRecording(isOver)), 15_000);
    await world.mend();
    const { snapshot } = await stage.next('switchUp', {}, 15_000);
    t.same(snapshot.recordings, [goesOn.recordingId]);
    await stage.do({ kind: 'stopRecording', callId: speaks.callId, recordingId: goesOn.recordingId });
    t.match(await stage.next('recordingEnded', { recordingId: goesOn.recordingId }), { failed: false });
    await heard(t, goesOn.file, 1.5);
    t.equal(stage.of('recordingEnded', { recordingId: isOver.recordingId }).length, 0);
  });

  await subtest(t, 'no such leg, and a file that is not ours', async (t) => {
    const call = await stage.callUp();
    const outside = await record(call, { file: '../../outside' });
    t.match(await stage.next('recordingEnded', { recordingId: outside.recordingId }), { failed: true });
    call.caller.hangUp();
    await stage.next('legEnded', { legId: call.legId });
    const late = await record(call);
    t.match(await stage.next('recordingEnded', { recordingId: late.recordingId }), { failed: true });
    t.equal(stage.of('recordingStarted').length, 0);
  });
}
