/** How a key is changed without a stop: each host goes from one ring to the next, and no two are further apart than one. */
import { keyRing, type KeyRing } from '../../src/key-ring.ts';

const old = new Uint8Array(32).fill(1);
const fresh = new Uint8Array(32).fill(2);

export const KEYS: readonly [Uint8Array, Uint8Array] = [old, fresh];

const rings = [keyRing([old]), keyRing([old, fresh]), keyRing([fresh, old]), keyRing([fresh])] as const;

export const LAST_KEY_STEP: number = rings.length - 1;

export function ringAt(step: number): KeyRing {
  return rings[step] ?? rings[0];
}
