/** How a key is changed without a stop: each host goes from one ring to the next, and no two are further apart than one. */
const old = new Uint8Array(32).fill(1);
const fresh = new Uint8Array(32).fill(2);

export const KEYS: readonly [Uint8Array, Uint8Array] = [old, fresh];

export const RINGS: readonly (readonly [Uint8Array, ...Uint8Array[]])[] = [[old], [old, fresh], [fresh, old], [fresh]];
