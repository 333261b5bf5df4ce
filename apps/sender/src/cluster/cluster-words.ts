/** What the cluster is doing, in words. Pure. */
import type { ClusterReport, Role } from '@token-relay/cluster';

export interface ClusterLine {
  readonly level: 'info' | 'warn';
  readonly message: string;
}

/** For the log, when the role, the leader or the problem has changed. */
export function clusterLine({ role, leader, problem, server }: ClusterReport): ClusterLine {
  const store = `the cluster's store${server === undefined ? '' : ` at ${server}`}`;
  const why = problem ?? 'no reason is known';
  switch (role) {
    case 'leader':
      return { level: 'info', message: 'Cluster: this host leads, and refreshes for all' };
    case 'follower':
      return {
        level: 'info',
        message:
          leader === undefined
            ? 'Cluster: nobody leads yet; the token goes on being served'
            : `Cluster: ${leader} leads, and refreshes; tokens come from ${store}`,
      };
    case 'alone':
      return {
        level: 'warn',
        message: `Cluster: the store is away: ${why}. This host led last, and goes on refreshing`,
      };
    case 'waiting':
      return {
        level: 'warn',
        message: `Cluster: the store is away: ${why}. ${goesOn(leader)}; here the present token goes on being served`,
      };
    case 'single':
      return {
        level: 'warn',
        message: `Cluster: the store cannot be used: ${why}. This host goes on alone, as a single machine`,
      };
  }
}

/** Who refreshes while the store is away; what that host is set to is not known here. */
export function goesOn(lastLeader: string | undefined): string {
  const unless = 'unless when_isolated is "wait" there';
  return lastLeader === undefined
    ? `Whoever led last goes on refreshing, ${unless}`
    : `${lastLeader} led last, and goes on refreshing, ${unless}`;
}

export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  leader: 'leads: this host refreshes for all',
  follower: 'follows',
  alone: 'the store is away; this host led last, and goes on refreshing',
  waiting: 'THE STORE IS AWAY: waiting for the host that led last, or for the store',
  single: 'THE STORE CANNOT BE USED: going on as a single machine',
};

/** What `refresh` says on a host that does not refresh. */
export function followingWords({ role, host, leader }: ClusterReport): string {
  if (role === 'leader') return 'The lease of the cluster could not be kept just now, so nothing was refreshed.';
  if (role === 'waiting') {
    const away = "The cluster's store is away, and this host waits for it: nothing was refreshed here.";
    // It need not go on: that is what its own when_isolated says.
    return leader === undefined || leader === host
      ? `${away} The present token goes on being served.`
      : `${away} ${leader} led last, and may go on by itself: ask there with token-refresh-sender refresh.`;
  }
  return leader === undefined
    ? 'Nobody leads the cluster just now: nothing was refreshed here. A host takes the lead when the lease of the last leader has ended, and refreshes what is due; token-refresh-sender cluster status shows which.'
    : `${leader} leads the cluster, and refreshes for all: nothing was refreshed here. Ask there with token-refresh-sender refresh.`;
}

/** What a host waits for that has no valid token. @param report undefined: nothing is known of the cluster yet */
export function awaitedWords(report: ClusterReport | undefined): string {
  if (report === undefined) return "waiting for the cluster's store, which is not reached yet";
  switch (report.role) {
    case 'alone':
    case 'waiting':
    case 'single':
      return "waiting for the cluster's store, which is away";
    case 'leader':
    case 'follower':
      return report.leader === undefined
        ? 'waiting for a host of the cluster to lead'
        : `waiting for ${report.leader}, which leads the cluster`;
  }
}

/** Before a login on a host that does not reach the others. */
export const storelessLoginWords: string =
  "The cluster's store is away. A new login ends the one that the other hosts have, and they hear of it only when the store is back: log in here only if theirs is over.";
