/** One moment by both clocks. */
export interface Moment {
  /** the wall clock, in epoch milliseconds; somebody may set it */
  readonly wallMs: number;
  /** time since the boot, which goes on during a suspend, and which nobody can set */
  readonly bootMs: number;
}

/** By how much the wall clock was set back between two moments; 0 if it was not, or was set forward. */
export function setBackMs(before: Moment, now: Moment): number {
  return Math.max(0, now.bootMs - before.bootMs - (now.wallMs - before.wallMs));
}
