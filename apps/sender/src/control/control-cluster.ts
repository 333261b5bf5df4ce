/** The cluster over the control socket: `GET /v1/cluster` looks which hosts are there; `POST /v1/cluster/step-down`. */
import { problem, type Answer, type Route } from '@token-relay/daemon';
import type { Sender } from '../sender.ts';
import type { ClusterStatus } from '../status/cluster-status.ts';

/** A problem's code: it passes by itself. */
export const NOT_JOINED = 'not_joined';

export interface ControlledCluster {
  /** Asks the store which hosts are there. */
  readonly look: () => Promise<ClusterStatus | undefined>;
  /** Whether anything is known of the store yet. */
  readonly isJoined: () => boolean;
  /** @returns whether this host led */
  readonly stepDown: () => Promise<boolean>;
}

/** undefined on a single machine */
export function controlledCluster({ cluster, refresher, report }: Sender): ControlledCluster | undefined {
  if (cluster === undefined) return undefined;
  return {
    look: async () => {
      await cluster.hosts();
      return report.cluster();
    },
    isJoined: () => cluster.report() !== undefined,
    stepDown: async () => {
      await refresher.idle();
      return cluster.stepDown();
    },
  };
}

export function clusterRoutes(cluster: ControlledCluster | undefined): readonly Route[] {
  return [
    { method: 'GET', path: '/v1/cluster', answer: () => look(cluster) },
    {
      method: 'POST',
      path: '/v1/cluster/step-down',
      answer: async () => {
        if (cluster === undefined) return single();
        if (!cluster.isJoined()) return notJoined();
        const isDone = await cluster.stepDown();
        return isDone
          ? {
              status: 200,
              body: {
                message:
                  'Stepped down: another host leads within a tenth of a lease (seconds), or this one again after two leases if there is none.',
              },
            }
          : problem(
              409,
              'not_leader',
              'This host does not lead',
              'Only the leader can step down: see token-refresh-sender cluster status.',
            );
      },
    },
  ];
}

async function look(cluster: ControlledCluster | undefined): Promise<Answer> {
  if (cluster === undefined) return single();
  const body = await cluster.look();
  return body === undefined ? notJoined() : { status: 200, body };
}

function notJoined(): Answer {
  return problem(
    503,
    NOT_JOINED,
    'The cluster is not joined yet',
    'No server has answered yet: try again in a moment.',
  );
}

function single(): Answer {
  return problem(
    404,
    'no_cluster',
    'This host is in no cluster',
    'sender.yaml has no "cluster:"; see docs/cluster.md.',
  );
}
