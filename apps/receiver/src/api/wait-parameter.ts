/** `?wait=SECONDS`: how long a reader waits for a token that it does not have. Pure. */
export const MIN_WAIT_SECONDS = 1;
export const MAX_WAIT_SECONDS = 300;

export type AskedWait =
  { readonly kind: 'none' } | { readonly kind: 'wait'; readonly waitMs: number } | { readonly kind: 'bad' };

/** A whole or decimal number of seconds, in digits. */
export function askedWait(value: string | undefined): AskedWait {
  if (value === undefined) return { kind: 'none' };
  const seconds = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (!(seconds >= MIN_WAIT_SECONDS && seconds <= MAX_WAIT_SECONDS)) return { kind: 'bad' };
  return { kind: 'wait', waitMs: Math.round(seconds * 1_000) };
}
