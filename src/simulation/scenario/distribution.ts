import type { Random } from '../../base/random.js';
import type { Ms } from '../../base/time.js';

/** A length of time by chance. `draw` answers in milliseconds, not rounded, never negative. */
export interface Distribution {
  readonly text: string;
  readonly meanMs: number;
  draw(random: Random): number;
}

const seconds = (ms: Ms): string => `${Number((ms / 1_000).toFixed(3))}s`;

export const constant = (ms: Ms): Distribution => ({ text: `constant ${seconds(ms)}`, meanMs: ms, draw: () => ms });

export const exponential = (meanMs: number): Distribution => ({
  text: `exponential, mean ${seconds(meanMs)}`,
  meanMs,
  draw: (random) => -meanMs * Math.log(1 - random.next()),
});

export const gamma = (meanMs: number, shape: number): Distribution => ({
  text: `gamma, mean ${seconds(meanMs)}, shape ${shape}`,
  meanMs,
  draw: (random) => (meanMs / shape) * standardGamma(shape, random),
});

/** `cv` is the standard deviation divided by the mean. */
export function lognormal(meanMs: number, cv: number): Distribution {
  const variance = Math.log(1 + cv * cv);
  const location = Math.log(meanMs) - variance / 2;
  const spread = Math.sqrt(variance);
  return {
    text: `lognormal, mean ${seconds(meanMs)}, cv ${cv}`,
    meanMs,
    draw: (random) => Math.exp(location + spread * standardNormal(random)),
  };
}

/** One of the measured lengths, each as likely as the others. The list is not empty. */
export function measured(values: readonly Ms[]): Distribution {
  const meanMs = values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    text: `measured, ${values.length} values, mean ${seconds(meanMs)}`,
    meanMs,
    draw: (random) => values[random.below(values.length)] as Ms,
  };
}

/** Gamma with mean `shape` and scale 1 (Marsaglia and Tsang 2000, "A simple method for generating gamma variables"). */
export function standardGamma(shape: number, random: Random): number {
  if (shape < 1) return standardGamma(shape + 1, random) * (1 - random.next()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = standardNormal(random);
    const v = (1 + c * x) ** 3;
    const u = 1 - random.next();
    if (v > 0 && Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Box and Muller 1958, always two uniforms: streams of two scenarios stay in step. */
function standardNormal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}
