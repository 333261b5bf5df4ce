/** Whether a lease lives long enough, and not too long, as the store has it. Pure. */

/** A lease has to outlive the longest request by this much. */
const MIN_SPARE_MS = 1_000;
/** A token is refreshed five minutes before it ends: by then another host has to have taken over. */
const MAX_LEASE_MS = 2 * 60_000;

/** @returns what is wrong, for people; undefined if nothing is */
export function leaseProblem(leaseLifeMs: number, requestMs: number): string | undefined {
  const life = `a lease lives for ${leaseLifeMs / 1000} s there`;
  if (leaseLifeMs < requestMs + MIN_SPARE_MS) {
    return `${life}, and has to outlive http_timeout (${requestMs / 1000} s): name another bucket (cluster.bucket) and restart, or a shorter http_timeout`;
  }
  return leaseLifeMs > MAX_LEASE_MS
    ? `${life}, and nobody would take over in time: name another bucket (cluster.bucket), whose lease is ${MAX_LEASE_MS / 1000} s at most, and restart`
    : undefined;
}
