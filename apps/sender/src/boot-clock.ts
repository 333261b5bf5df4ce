/**
 * Time since the boot, which goes on while the machine is suspended and which nobody can set: beside it, a wall clock that was
 * moved is told from time that has passed.
 *
 * On Linux Node's own clock (`performance.now`, CLOCK_MONOTONIC) stands in a suspend; `os.uptime` goes on. It is
 * /proc/uptime, to a hundredth of a second, and where that is hidden (`ProcSubset=pid`, as in our units) CLOCK_BOOTTIME in
 * whole seconds. So the first gives the milliseconds, and the second for how long the first has stood.
 */

/** Of `os.uptime` at its coarsest. */
const RESOLUTION_MS = 1_000;

/** @param runningMs stands in a suspend @param uptimeMs goes on, to a second @returns a clock to the millisecond that goes on */
export function bootClock(runningMs: () => number, uptimeMs: () => number): () => number {
  const startedMs = uptimeMs() - runningMs();
  let suspendedMs = 0;
  return () => {
    const nowMs = runningMs();
    const standingMs = uptimeMs() - nowMs - startedMs - suspendedMs;
    // Both readings are cut off to the second: less is no suspend.
    if (standingMs > 2 * RESOLUTION_MS) suspendedMs += standingMs;
    return nowMs + suspendedMs;
  };
}
