/** A seeded source of chance: the same seed gives the same sequence on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Whole number, uniform in [0, below). */
  below(limit: number): number;
  /** An independent source, named so that adding one elsewhere does not shift this one. */
  fork(name: string): Random;
}

/** xoshiro128** (Blackman and Vigna 2018), seeded through splitmix32. */
export function seededRandom(seed: number | string): Random {
  let mix = typeof seed === 'number' ? seed >>> 0 : hashText(seed);
  const splitmix = (): number => {
    mix = (mix + 0x9e3779b9) >>> 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let a = splitmix();
  let b = splitmix();
  let c = splitmix();
  let d = splitmix();
  const origin = `${seed}`;
  const word = (): number => {
    const x = Math.imul(b, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const next = (): number => (word() * 2 ** 21 + (word() >>> 11)) / 2 ** 53;
  return { next, below: (limit) => Math.floor(next() * limit), fork: (name) => seededRandom(`${origin}/${name}`) };
}

/** FNV-1a, 32 bits. Spreads seeds; nothing secret may rest on it. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
