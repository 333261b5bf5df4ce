/** Who leads the cluster, and which hosts are there. Pure. */
import type { StatusReport } from '../status/status-report.ts';
import { duration } from '../status/duration.ts';
import { markup, type Html } from './html.ts';
import { moment } from './moments.ts';
import type { Tone } from './timeline.ts';

type ClusterReport = NonNullable<StatusReport['cluster']>;

/** Nothing on a single machine. */
export function clusterHtml(cluster: ClusterReport | undefined, nowMs: number): Html | undefined {
  if (cluster === undefined) return undefined;
  const { host, role, leader, revision, since, hosts } = cluster;
  const { tone, words } = ROLES[role];
  const others = hosts.filter((other) => other.host !== host);
  return markup`<section aria-labelledby="cluster-title"><h2 id="cluster-title">Cluster</h2>
<ul class="targets"><li class="${tone}"><p><strong>${host}</strong> <span class="word">${words} ${moment(Date.parse(since), nowMs)}</span></p>
<p class="hint">This host${role === 'follower' ? `; ${leader ?? 'nobody'} leads` : undefined}${revision === undefined ? undefined : `; revision ${revision}`}</p></li>
${others.map(hostHtml)}</ul></section>`;
}

function hostHtml({ host, role, state, revision, token_age_seconds: age }: ClusterReport['hosts'][number]): Html {
  const { tone, words } = isRole(role) ? ROLES[role] : { tone: 'still', words: role };
  const token = age === undefined ? 'no token' : `a token of ${duration(age * 1000)} ago`;
  return markup`<li class="${tone}"><p><strong>${host}</strong> <span class="word">${words.replace(/ since$/, '')}</span></p>
<p class="hint">${state}; ${token}${revision === undefined ? undefined : `; revision ${revision}`}</p></li>`;
}

const ROLES: Readonly<Record<ClusterReport['role'], { tone: Tone | 'still'; words: string }>> = {
  leader: { tone: 'good', words: 'leads since' },
  follower: { tone: 'still', words: 'follows since' },
  alone: { tone: 'watch', words: 'goes on without the store since' },
  waiting: { tone: 'watch', words: 'waits for the store since' },
  single: { tone: 'watch', words: 'a single machine since' },
};

function isRole(role: string): role is ClusterReport['role'] {
  return Object.hasOwn(ROLES, role);
}
