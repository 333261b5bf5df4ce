/** The cluster over the control socket: `GET /v1/cluster` looks which hosts are there; `POST /v1/cluster/step-down`. */
import { problem, type Answer, type Route } from '@token-relay/daemon';
import type { Sender } from '../sender.ts';
import type { ClusterStatus } from '../status/cluster-status.ts';

export interface ControlledCluster {
  /** Asks the store which hosts are there. */
  readonly look: () => Promise<ClusterStatus | undefined>;
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
        const isDone = await cluster.stepDown();
        return isDone
          ? {
              status: 200,
              body: {
                message: 'Stepped down: another host leads within a second, or this one again if there is none.',
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
  const body = await cluster?.look();
  return body === undefined ? single() : { status: 200, body };
}

function single(): Answer {
  return problem(
    404,
    'no_cluster',
    'This host is in no cluster',
    'sender.yaml has no "cluster:"; see docs/cluster.md.',
  );
}
