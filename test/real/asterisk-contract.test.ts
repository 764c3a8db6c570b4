import t from 'tap';
import { switchContract } from '../contract/switch-contract.js';
import { createAsteriskWorld } from './asterisk-world.js';

t.setTimeout(230_000);
t.test('the Asterisk adapter keeps the contract of a switch', { timeout: 220_000 }, async (t) => {
  const world = await createAsteriskWorld(t);
  t.teardown(() => world.close());
  await switchContract(t, world);
  if (!t.passing()) t.comment(world.logLines.slice(-60).join('\n'));
});
