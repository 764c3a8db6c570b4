import type { Fact } from '../../base/facts.js';
import { seededRandom } from '../../base/random.js';
import type { Ms } from '../../base/time.js';
import type { Checker } from './checker.js';
import { beliefChecker } from './checks/belief.js';
import { bridgesChecker } from './checks/bridges.js';
import { countersChecker } from './checks/counters.js';
import { leftoversChecker } from './checks/leftovers.js';
import { offersChecker } from './checks/offers.js';
import { outcomesChecker } from './checks/outcomes.js';
import { placesChecker } from './checks/places.js';
import { recordingsChecker } from './checks/recordings.js';
import { servicesChecker } from './checks/services.js';
import { silenceChecker } from './checks/silence.js';
import { storedChecker } from './checks/stored.js';
import { writerChecker } from './checks/writer.js';
import type { OpenController } from './controller.js';
import { checkLiveness } from './liveness.js';
import { Agents, Callers } from './people.js';
import { World } from './world.js';

export interface TrialResult {
  readonly seed: number;
  /** Over all events, commands, facts, requests and faults in order. */
  readonly hash: string;
  readonly violations: readonly string[];
  readonly story: readonly string[];
  readonly plan: string;
  readonly facts: number;
  readonly calls: number;
  readonly answered: number;
}

export interface TrialOptions {
  readonly openController: OpenController;
  readonly keepStory?: boolean;
  /** False: nobody watches; for the second run of a seed in which nothing was found, where only the hash counts. */
  readonly watched?: boolean;
}

const CHECKERS: readonly ((world: World) => Checker)[] = [
  bridgesChecker,
  offersChecker,
  placesChecker,
  outcomesChecker,
  countersChecker,
  recordingsChecker,
  leftoversChecker,
  servicesChecker,
  silenceChecker,
  storedChecker,
  writerChecker,
  beliefChecker,
];

const SAMPLE_MS: Ms = 500;
/** After the last fault: the longest limits of the house, one after the other. */
const SETTLE_MS: Ms = 18_000;
const QUIET_MS: Ms = 30_000;

/** Runs one seed from beginning to end. The same seed and the same house give the same hash. */
export async function runTrial(seed: number, options: TrialOptions): Promise<TrialResult> {
  const world = new World({ seed, openController: options.openController, keepStory: options.keepStory === true });
  await live(world, seed, options.watched !== false);
  // I10: events that come twice change nothing. Where nothing else goes wrong, the same life without them must have the same facts.
  if (options.watched !== false && world.plan.name === 'doubled' && world.violations.length === 0) {
    const twin = new World({ seed, openController: options.openController, keepStory: false, neverDouble: true });
    await live(twin, seed, false);
    compareFacts(world, twin.facts);
  }
  return {
    seed,
    hash: world.story.hash(),
    violations: world.violations,
    story: world.story.lines,
    plan: world.plan.name,
    facts: world.facts.length,
    calls: world.facts.filter((fact) => fact.kind === 'callArrived').length,
    answered: world.facts.filter((fact) => fact.kind === 'callAnswered').length,
  };
}

async function live(world: World, seed: number, watched: boolean): Promise<void> {
  const random = seededRandom(`people-${seed}`);
  const callers = new Callers(world, random.fork('callers'));
  const agents = new Agents(world, random.fork('agents'));
  world.checkers.push(callers, ...(watched ? CHECKERS.map((make) => make(world)) : []));
  const sample = (): void => {
    for (const checker of world.checkers) checker.sample?.();
    world.clock.alarm(world.clock.nowMs() + SAMPLE_MS, sample);
  };
  world.clock.alarm(world.startMs + SAMPLE_MS, sample);
  world.setOut();
  callers.plan(world.plan.healAtMs - 2_000);
  agents.plan();
  await world.clock.pass(world.plan.healAtMs);
  world.heal();
  agents.behave();
  await world.clock.pass(SETTLE_MS);
  callers.everybodyGoes();
  await world.clock.pass(SETTLE_MS);
  await checkLiveness(world, agents);
  await world.clock.pass(QUIET_MS);
  for (const checker of world.checkers) {
    try {
      checker.settled?.();
    } catch (error) {
      // A fold that refuses what it is fed has found something too.
      world.violated('settled', `${error}`);
    }
  }
}

function compareFacts(world: World, twin: readonly Fact[]): void {
  const text = (facts: readonly Fact[]): string[] => facts.map((fact) => JSON.stringify(fact));
  const [ours, theirs] = [text(world.facts), text(twin)];
  const i = ours.findIndex((each, n) => each !== theirs[n]);
  if (i < 0 && ours.length === theirs.length) return;
  world.violated('doubled', `with doubled events fact ${i + 1} is ${ours[i]}, without ${theirs[i]}`);
}
