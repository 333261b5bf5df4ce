import { createHash, randomBytes } from 'node:crypto';

/** So many bytes, nobody knows which; or, from a seed, always the same ones in the same order. */
export type RandomSource = (byteCount: number) => Uint8Array;

export const unpredictable: RandomSource = (byteCount) => randomBytes(byteCount);

/** SHA-256 over the seed and a counter. */
export function seededSource(seed: string | number): RandomSource {
  let block = 0;
  return (byteCount) => {
    const bytes = new Uint8Array(byteCount);
    for (let offset = 0; offset < byteCount; offset += 32) {
      const digest = createHash('sha256').update(`${seed}/${block}`).digest();
      block += 1;
      bytes.set(digest.subarray(0, byteCount - offset), offset);
    }
    return bytes;
  };
}
