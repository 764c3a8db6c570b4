import type { Fact } from '../../../base/facts.js';
import type { Checker } from '../checker.js';
import type { World } from '../world.js';

/**
 * What is stored is what is believed, after every commit; the stored facts have no hole, their time never goes back, and they are those that were told.
 */
export function storedChecker(world: World): Checker {
  const wrong = (what: string): void => world.violated('stored', what);
  return {
    committed(node, commit, result, inTime) {
      const hotline = node.controller?.hotline;
      if (result !== 'committed' || !inTime || !hotline || node.state === 'dead') return;
      const { calls, agents } = hotline.everything();
      compare('call', calls, world.store.calls, commit.position);
      compare('agent', agents, world.store.agents, commit.position);
    },
    settled() {
      if (world.storeLostSomething || world.degradedDeath) return;
      const stored = world.store.stream;
      stored.forEach((fact, i) => {
        if (fact.seq !== i + 1) wrong(`fact ${fact.seq} stands at place ${i + 1}`);
        if (i > 0 && fact.atMs < (stored[i - 1] as Fact).atMs) wrong(`time goes back at fact ${fact.seq}`);
      });
      const told = new Set<number>();
      for (const fact of world.facts) {
        if (told.has(fact.seq)) wrong(`fact ${fact.seq} (${fact.kind}) was told twice`);
        told.add(fact.seq);
        const own = stored[fact.seq - 1];
        if (JSON.stringify(own) !== JSON.stringify(fact))
          wrong(`fact ${fact.seq} (${fact.kind}) was told otherwise than it is stored`);
      }
      // Only a node that died between commit and telling may have kept something to itself.
      const untold = stored.length - told.size;
      if (untold > 0 && world.nodes.length === 1) wrong(`${untold} facts were stored and never told`);
    },
  };

  function compare(kind: string, believed: [string, object][], stored: ReadonlyMap<string, string>, position: number): void {
    let same = believed.length === stored.size || kind === 'agent';
    for (const [id, entity] of believed) {
      const json = stored.get(id);
      if (json === undefined && kind === 'agent') continue;
      if (json !== JSON.stringify(entity)) {
        same = false;
        wrong(
          `commit ${position}: ${kind} ${id} is stored otherwise than it is believed to be: ${difference(json, JSON.stringify(entity))}`,
        );
        return;
      }
    }
    if (!same) wrong(`commit ${position}: ${stored.size} ${kind}s are stored, ${believed.length} believed in`);
  }
}

/** Where two texts part. */
function difference(stored = 'nothing', believed: string): string {
  let i = 0;
  while (i < stored.length && stored[i] === believed[i]) i++;
  const from = Math.max(0, i - 30);
  return `stored ...${stored.slice(from, i + 40)}..., believed ...${believed.slice(from, i + 40)}...`;
}
