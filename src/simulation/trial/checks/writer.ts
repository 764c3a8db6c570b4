import type { Checker } from '../checker.js';
import type { World } from '../world.js';

const NOTICED_WITHIN_MS = 1_000;

/** Only the writer acts, and only after it has written: a ring or a connection that the store does not know of would be repeated, or lost, by the next node. */
export function writerChecker(world: World): Checker {
  const written = new Set<string>();
  return {
    committed(_node, commit, result) {
      if (result !== 'committed') return;
      for (const fact of commit.facts) if (fact.kind === 'callOffered') written.add(fact.offerId);
    },
    commanded(command, node) {
      const fence = node.controller?.fence;
      // Without a store nobody can know that the lease has passed on; the old writer hears of it a moment after the store is back.
      const inGoodFaith =
        (node.controller?.degraded || world.storeWasAway) && world.clock.nowMs() - world.leaseTakenMs <= NOTICED_WITHIN_MS;
      if (fence !== undefined && fence < world.newestFence && !inGoodFaith)
        world.violated(
          'writer',
          `${node.name} with fence ${fence} says ${command.kind} after fence ${world.newestFence} was handed out`,
        );
      if (node.controller === null || node.controller.degraded) return;
      if (command.kind !== 'ringAgent' && command.kind !== 'connect') return;
      // A transfer to the outside has no offer.
      if (command.kind === 'connect' && /-x\d+$/.test(command.offerId)) return;
      if (!written.has(command.offerId)) world.violated('writer', `${command.kind} ${command.offerId} is not in the store yet`);
    },
  };
}
