/** Makes the input of a finding smaller, as long as the same promise is broken. */

/** So many tries at most: each may take a connection. */
const MAX_TRIES = 400;

/** @param isStillBroken never rejects */
export async function shrink(
  input: Uint8Array,
  isStillBroken: (smaller: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let best = input;
  let tries = 0;
  for (let block = Math.ceil(best.length / 2); block >= 1; block = block === 1 ? 0 : Math.ceil(block / 2)) {
    for (let at = 0; at < best.length && tries < MAX_TRIES; tries++) {
      const smaller = new Uint8Array(Buffer.concat([best.subarray(0, at), best.subarray(at + block)]));
      if (await isStillBroken(smaller)) best = smaller;
      else at += block;
    }
  }
  return best;
}
