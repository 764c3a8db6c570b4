import t from 'tap';
import { createSimulatedWorld } from './simulated-world.js';
import { switchContract } from './switch-contract.js';

t.test('the simulated switch keeps the contract of a switch', async (t) => {
  await switchContract(t, createSimulatedWorld());
});
