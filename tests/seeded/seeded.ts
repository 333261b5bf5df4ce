/** At least 0 and less than 1, like Math.random. */
export type Random = () => number;

/**
 * Randomness that a seed repeats (mulberry32): 32 bits of state, far more than a choice among faults or mutations needs. Not that
 * of tests/simulation: the seeds that docs/proof/chaos.md and docs/proof/cluster.md name would stand for other faults.
 */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
