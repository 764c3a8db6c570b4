import type { Test } from 'tap';
import { agentLegContract } from './agent-leg.js';
import { callerLegContract, type Subtest } from './caller-leg.js';
import { connectionContract } from './connection.js';
import { dialOutContract } from './dial-out.js';
import { messageContract } from './messages.js';
import { resyncContract } from './resync.js';
import { Stage } from './stage.js';
import type { SwitchWorld } from './switch-world.js';

/**
 * The contract of src/ports/switch.ts as promises that any adapter must keep. Every adapter runs it against its switch: the real ones
 * with SIP phones that measure what they hear, the simulated one against its own truth.
 */
export async function switchContract(t: Test, world: SwitchWorld): Promise<void> {
  const stage = new Stage(world);

  const patient = { timeout: 120_000 };

  await t.test('start returns at once; the switch comes up with an empty snapshot, before anything else', async (t) => {
    t.equal(world.switch.isUp(), false);
    await stage.start();
    const { snapshot } = await stage.next('switchUp', {}, 15_000);
    t.match(snapshot, { legs: [], bridges: [], recordings: [], playbacks: [] });
    t.equal(stage.events[0]?.kind, 'switchUp');
    t.equal(world.switch.isUp(), true);
    const { up, version, detail } = await world.switch.describe();
    t.equal(up, true);
    t.ok(version !== null && version !== '' && detail !== '');
  });

  /** A promise on a clean switch; in the end nothing may be left there, and the laws must have held. */
  const subtest: Subtest = (t, name, body) =>
    t.test(name, { timeout: 40_000 }, async (t) => {
      stage.events.length = 0;
      try {
        await body(t);
      } finally {
        await stage.clear().catch((error: Error) => t.fail(error.message));
      }
      t.same(stage.breaches(0), [], 'the laws that hold for any run');
    }) as unknown as Promise<void>;

  await t.test('a caller alone', patient, (t) => callerLegContract(t, stage, subtest));
  await t.test("an agent's phone", patient, (t) => agentLegContract(t, stage, subtest));
  await t.test('caller and agent', patient, (t) => connectionContract(t, stage, subtest));
  await t.test('people outside', patient, (t) => dialOutContract(t, stage, subtest));
  await t.test('messages', patient, (t) => messageContract(t, stage, subtest));
  await t.test('connection lost', patient, (t) => resyncContract(t, stage, subtest));

  await t.test('stop: nothing is told afterwards', async (t) => {
    stage.events.length = 0;
    const caller = await world.placeCall('13800000001');
    const { legId } = await stage.next('legArrived');
    await world.switch.stop();
    const mark = stage.mark();
    t.equal(world.switch.isUp(), false);
    caller.hangUp();
    await world.until('the caller has gone', () => caller.state() === 'ended');
    await world.pass(100);
    t.same(stage.since(mark), []);
    await world.switch.perform({ kind: 'hangUp', callId: null, legId, cause: 'normal' });
  });
}
