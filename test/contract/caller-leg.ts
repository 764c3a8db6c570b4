import type { Test } from 'tap';
import type { PlaybackId } from '../../src/base/ids.js';
import type { Stage } from './stage.js';

/** Contract, first part: a caller's leg alone. */
export async function callerLegContract(t: Test, stage: Stage, subtest: Subtest): Promise<void> {
  const { world } = stage;

  await subtest(t, 'a caller comes in unanswered, is answered, and hangs up', async (t) => {
    const caller = await world.placeCall('13800000009', 'Zhang "San"');
    const event = await stage.next('legArrived');
    t.match(event, { ani: '13800000009', dnis: world.dnis, note: null });
    t.match(event.aniName, /Zhang/);
    t.equal(caller.state(), 'trying', 'nobody has answered yet');
    const callId = stage.id<never>('call');
    await stage.do({ kind: 'answer', callId, legId: event.legId });
    await world.until('the caller is up', () => caller.state() === 'up');
    caller.hangUp();
    t.match(await stage.next('legEnded', { legId: event.legId }), { cause: 'hungUp' });
    t.equal(stage.of('commandFailed').length, 0);
  });

  await subtest(t, 'we hang up: what the caller is told', async (t) => {
    for (const cause of ['busy', 'congestion', 'unallocated'] as const) {
      const call = await stage.callComes();
      await stage.hangUp(call.callId, call.legId, cause);
      await stage.next('legEnded', { legId: call.legId });
      await world.until('the caller is refused', () => call.caller.state() === 'ended');
      const told = call.caller.refusedWith();
      t.ok(told === null || told === cause, `${cause}: told ${told}`);
    }
    const call = await stage.callUp();
    await stage.hangUp(call.callId, call.legId);
    t.match(await stage.next('legEnded', { legId: call.legId }), { cause: 'hungUp' });
    await world.until('the caller is let go', () => call.caller.state() === 'ended');
  });

  await subtest(t, 'prompts: played to the end, several as one, cut, cut too late', async (t) => {
    const { short, long } = world.prompts;
    const call = await stage.callUp();
    const first = stage.play(call, short);
    await world.until('the prompt is heard', () => call.caller.hears('short'));
    t.match(await stage.next('playbackEnded', { playbackId: first }), { played: true, legId: call.legId });

    const startedAt = world.nowMs();
    const two = stage.play(call, short, short);
    await stage.next('playbackEnded', { playbackId: two });
    t.ok(world.nowMs() - startedAt > 1500, 'two prompts are one playback');

    const cut = stage.play(call, long);
    await world.until('the long prompt is heard', () => call.caller.hears('long'));
    const cutAt = world.nowMs();
    await stage.do({ kind: 'stopPlayback', callId: call.callId, legId: call.legId, playbackId: cut });
    t.match(await stage.next('playbackEnded', { playbackId: cut }), { played: true });
    t.ok(world.nowMs() - cutAt < 500, 'cut at once');
    await world.until('silence', () => !call.caller.hears('long'));

    await stage.do({ kind: 'stopPlayback', callId: call.callId, legId: call.legId, playbackId: cut });
    await stage.do({ kind: 'stopPlayback', callId: call.callId, legId: call.legId, playbackId: stage.id<PlaybackId>('never') });
    await world.pass(50);
    t.equal(stage.of('commandFailed').length, 0, 'a playback that has ended is no error');
  });

  await subtest(t, 'a prompt that is missing says so, and the call goes on', async (t) => {
    const call = await stage.callUp();
    const missing = stage.play(call, world.prompts.missing);
    t.match(await stage.next('playbackEnded', { playbackId: missing }), { played: false });
    const short = stage.play(call, world.prompts.short);
    t.match(await stage.next('playbackEnded', { playbackId: short }), { played: true });
  });

  await subtest(t, 'a command that is repeated finds what the first one made', async (t) => {
    const call = await stage.callUp();
    await stage.do({ kind: 'answer', callId: call.callId, legId: call.legId });
    const wait = { kind: 'wait', callId: call.callId, legId: call.legId, music: world.music } as const;
    await stage.do(wait);
    await world.until('music is heard', () => call.caller.hears('music'));
    await stage.do(wait);
    await world.pass(150);
    t.ok(call.caller.hears('music'), 'the music goes on');
    t.equal(call.caller.state(), 'up');
    t.equal(stage.of('commandFailed').length, 0);
  });

  await subtest(t, 'commands of one call are carried out in the order given', async (t) => {
    const call = await stage.callComes();
    const mark = stage.mark();
    // Nobody waits for one before giving the next.
    void stage.do({ kind: 'answer', callId: call.callId, legId: call.legId });
    const one = stage.play(call, world.prompts.short);
    const two = stage.play(call, world.prompts.long);
    await world.until('the second prompt is heard', () => call.caller.hears('long'));
    await stage.next('playbackEnded', { playbackId: one });
    void stage.do({ kind: 'stopPlayback', callId: call.callId, legId: call.legId, playbackId: two });
    void stage.do({ kind: 'wait', callId: call.callId, legId: call.legId, music: world.music });
    await world.until('music is heard', () => call.caller.hears('music'));
    await stage.next('playbackEnded', { playbackId: two });
    t.same(
      stage.since(mark).flatMap((event) => (event.kind === 'playbackEnded' ? [event.playbackId] : [])),
      [one, two],
    );
  });

  await subtest(t, 'keys: in a menu while a prompt plays, and in the waiting room', async (t) => {
    const call = await stage.callUp();
    stage.play(call, world.prompts.long);
    await world.until('the prompt is heard', () => call.caller.hears('long'));
    for (const key of ['1', '0', '*', '#']) {
      await call.caller.press(key);
      const event = await stage.next('keyPressed', { legId: call.legId });
      t.equal(event.key, key);
      t.ok(event.durationMs >= 40 && event.durationMs < 1000, `held for ${event.durationMs} ms`);
    }
    const waiting = await stage.callWaits();
    await waiting.caller.press('9');
    t.match(await stage.next('keyPressed', { legId: waiting.legId }), { key: '9' });
    t.equal(stage.of('keyPressed').length, 5, 'no key comes twice');
  });

  await subtest(t, 'the waiting room: an announcement, and the music comes back', async (t) => {
    const call = await stage.callWaits();
    const other = await stage.callWaits();
    const announcement = stage.play(call, world.prompts.short);
    await world.until('the announcement is heard', () => call.caller.hears('short'));
    t.ok(other.caller.hears('music'), 'others hear their music');
    t.notOk(other.caller.hears('short'), 'and not the announcement');
    t.match(await stage.next('playbackEnded', { playbackId: announcement }), { played: true });
    await world.until('the music is back', () => call.caller.hears('music'));
    const cut = stage.play(call, world.prompts.long);
    await world.until('a long announcement is heard', () => call.caller.hears('long'));
    await stage.do({ kind: 'stopPlayback', callId: call.callId, legId: call.legId, playbackId: cut });
    await world.until('the music is back again', () => call.caller.hears('music'));
    await stage.next('playbackEnded', { playbackId: cut });
  });

  await subtest(t, 'the waiting room was empty for a while: the next caller hears music too', async (t) => {
    const first = await stage.callWaits();
    first.caller.hangUp();
    await stage.next('legEnded', { legId: first.legId });
    await world.pass(100);
    const [second, third] = [await stage.callWaits(), await stage.callWaits()];
    second.caller.hangUp();
    await stage.next('legEnded', { legId: second.legId });
    await world.pass(200);
    t.ok(third.caller.hears('music'), 'also when another one left');
    third.caller.hangUp();
    await stage.next('legEnded', { legId: third.legId });

    let last = await stage.callWaits();
    for (let i = 0; i < 8; i++) {
      const next = await stage.callUp();
      // One comes in the moment in which the last one goes.
      last.caller.hangUp();
      void stage.do({ kind: 'wait', callId: next.callId, legId: next.legId, music: world.music });
      await world.until('music is heard', () => next.caller.hears('music'), 1500);
      last = next;
    }
    t.ok(last.caller.hears('music'), 'and when one comes as the last one goes');
  });

  await subtest(t, 'the caller leaves: in a prompt, in the waiting room; late commands do no harm', async (t) => {
    const inPrompt = await stage.callUp();
    const playing = stage.play(inPrompt, world.prompts.long);
    await world.until('the prompt is heard', () => inPrompt.caller.hears('long'));
    const waiting = await stage.callWaits();
    const mark = stage.mark();
    inPrompt.caller.hangUp();
    waiting.caller.hangUp();
    for (const call of [inPrompt, waiting]) {
      t.match(await stage.next('legEnded', { legId: call.legId }), { cause: 'hungUp' });
      await stage.do({ kind: 'answer', callId: call.callId, legId: call.legId });
      await stage.do({ kind: 'wait', callId: call.callId, legId: call.legId, music: world.music });
      stage.play(call, world.prompts.short);
      await stage.do({ kind: 'stopPlayback', callId: call.callId, legId: call.legId, playbackId: playing });
      await stage.hangUp(call.callId, call.legId);
    }
    await world.pass(200);
    t.equal(stage.since(mark).filter(({ kind }) => kind === 'legEnded').length, 2, 'each leg ends once');
  });

  await subtest(t, 'many calls side by side', async (t) => {
    const calls = await Promise.all(Array.from({ length: 8 }, () => world.placeCall('13700000000')));
    const legs = await Promise.all(calls.map(() => stage.next('legArrived')));
    t.equal(new Set(legs.map(({ legId }) => legId)).size, 8);
    await Promise.all(legs.map(({ legId }) => stage.do({ kind: 'answer', callId: stage.id<never>('call'), legId })));
    await world.until('all are up', () => calls.every((caller) => caller.state() === 'up'));
    for (const caller of calls) caller.hangUp();
    await Promise.all(legs.map(({ legId }) => stage.next('legEnded', { legId })));
  });
}

/** Runs one promise of the contract: name, then what is to be true. */
export type Subtest = (t: Test, name: string, body: (t: Test) => Promise<void>) => Promise<void>;
