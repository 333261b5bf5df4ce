/** What the status says of the cluster. Pure. */
import type { ClusterReport, HostReport } from '@token-relay/cluster';
import { ROLE_WORDS } from '../cluster/cluster-words.ts';
import { duration } from './duration.ts';
import type { StatusReport } from './status-report.ts';

export type ClusterStatus = NonNullable<StatusReport['cluster']>;

export function clusterStatus(report: ClusterReport, hosts: readonly HostReport[]): ClusterStatus {
  const { host, role, leader, sinceMs, revision, sealedWith, server, problem } = report;
  return {
    host,
    role,
    ...(leader === undefined ? {} : { leader }),
    since: new Date(sinceMs).toISOString(),
    ...(revision === undefined ? {} : { revision }),
    ...(sealedWith === undefined ? {} : { sealed_with: sealedWith }),
    ...(server === undefined ? {} : { server }),
    ...(problem === undefined ? {} : { problem }),
    hosts: hosts.map(({ tokenAgeSeconds, revision: theirs, ...other }) => ({
      ...other,
      ...(theirs === undefined ? {} : { revision: theirs }),
      ...(tokenAgeSeconds === undefined ? {} : { token_age_seconds: tokenAgeSeconds }),
    })),
  };
}

/** `alpha follows; beta leads`: one line. */
export function clusterText({ role, leader, problem }: ClusterStatus): string {
  const who = role === 'follower' ? `; ${leader === undefined ? 'nobody leads yet' : `${leader} leads`}` : '';
  return `${ROLE_WORDS[role]}${who}${problem === undefined ? '' : ` (${problem})`}`;
}

/** For a change of the key: the old one is needed until this names the new one. */
export function sealLine({ sealed_with: keyId }: ClusterStatus): string[] {
  return keyId === undefined ? [] : [`sealed with the key ${keyId}`];
}

/** A line for each host. */
export function hostLines({ hosts }: ClusterStatus): string[] {
  return hosts.map(({ host, role, state, revision, token_age_seconds: age }) => {
    const token = age === undefined ? 'no token' : `token of ${duration(age * 1000)} ago`;
    return `${host}, ${role}, ${state}, ${token}${revision === undefined ? '' : `, revision ${revision}`}`;
  });
}
