import { runTrial, type TrialOptions, type TrialResult } from './trial.js';

export interface SeedsResult {
  readonly trials: number;
  readonly calls: number;
  readonly answered: number;
  readonly facts: number;
  /** By what went wrong in the trial. */
  readonly plans: Readonly<Record<string, number>>;
  readonly failures: readonly SeedFailure[];
}

export interface SeedFailure {
  readonly seed: number;
  readonly violations: readonly string[];
}

/** Runs each seed twice: a trial that breaks a promise has failed, and so has one that goes otherwise the second time. */
export async function runSeeds(
  seeds: Iterable<number>,
  options: TrialOptions,
  onTrial: (result: TrialResult, violations: readonly string[]) => void = () => {},
): Promise<SeedsResult> {
  const failures: SeedFailure[] = [];
  const plans: Record<string, number> = {};
  let [trials, calls, answered, facts] = [0, 0, 0, 0];
  for (const seed of seeds) {
    const result = await runTrial(seed, options);
    const again = await runTrial(seed, { ...options, keepStory: false, watched: result.violations.length > 0 });
    const violations = [...result.violations];
    if (result.hash !== again.hash) violations.push(`determinism: the trace is ${result.hash}, the second time ${again.hash}`);
    if (violations.length > 0) failures.push({ seed, violations });
    plans[result.plan] = (plans[result.plan] ?? 0) + 1;
    trials++;
    calls += result.calls;
    answered += result.answered;
    facts += result.facts;
    onTrial(result, violations);
  }
  return { trials, calls, answered, facts, plans, failures };
}

/** What to do about a failure: which seed, of which state of the code, and how to see it again. */
export function tellFailure({ seed, violations }: SeedFailure, commit: string): string {
  return [
    `seed ${seed} failed at commit ${commit}`,
    ...violations.map((each) => `  ${each}`),
    `  again: npm run sim -- --seed ${seed} --trace`,
  ].join('\n');
}
