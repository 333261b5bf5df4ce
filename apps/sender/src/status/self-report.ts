/** What the sender says of itself to whoever asks: the status, the metrics, the cluster. Asks each part how it is at that moment. */
import type { MetricFamily } from '@token-relay/daemon';
import type { ClusterPart } from '../cluster/cluster-part.ts';
import type { Targets } from '../delivery/targets.ts';
import { metricsSnapshot } from '../metrics/metrics-snapshot.ts';
import { senderMetrics } from '../metrics/sender-metrics.ts';
import type { AdviceContext } from '../refresh/advice.ts';
import type { RefresherSnapshot } from '../refresh/refresh-report.ts';
import type { Refresher } from '../refresh/refresher.ts';
import { version } from '../version.ts';
import { buildReport } from './build-report.ts';
import { clusterStatus, type ClusterStatus } from './cluster-status.ts';
import type { StatusReport } from './status-report.ts';

export interface SelfReportOptions {
  readonly pid: number;
  readonly startedAtMs: number;
  readonly nowMs: () => number;
  /** Asked each time, because a reload may change it. */
  readonly advice: () => AdviceContext;
  readonly refresher: Refresher;
  /** The login, as it is to be shown. */
  readonly login: () => RefresherSnapshot;
  /** The hosts of the cluster were looked for, because somebody asked. */
  readonly onHostsSeen: () => void;
  readonly targets: Targets;
  /** absent on a single machine */
  readonly cluster: ClusterPart | undefined;
}

export class SelfReport {
  readonly #options: SelfReportOptions;

  constructor(options: SelfReportOptions) {
    this.#options = options;
  }

  status(): StatusReport {
    const { pid, startedAtMs, nowMs, advice, login, targets } = this.#options;
    return buildReport({
      ...{ version, pid, startedAtMs },
      nowMs: nowMs(),
      advice: advice(),
      refresher: login(),
      targets: targets.report(),
      cluster: this.cluster(),
    });
  }

  /** For somebody who asks: the hosts of the cluster are looked for, and those that were found are in the next one. */
  statusAsked(): StatusReport {
    this.#lookForHosts();
    return this.status();
  }

  /** undefined on a single machine */
  cluster(): ClusterStatus | undefined {
    const { cluster } = this.#options;
    const report = cluster?.report();
    return report === undefined ? undefined : clusterStatus(report, cluster?.knownHosts() ?? []);
  }

  metrics(usage: { readonly residentBytes: number; readonly cpuSeconds: number }): readonly MetricFamily[] {
    const { startedAtMs, nowMs, refresher, login, targets } = this.#options;
    this.#lookForHosts();
    return senderMetrics(
      metricsSnapshot({
        ...{ version, startedAtMs, usage },
        nowMs: nowMs(),
        refresher: login(),
        attempts: refresher.attempts(),
        targets: targets.report(),
        cluster: this.cluster(),
      }),
    );
  }

  #lookForHosts(): void {
    void this.#options.cluster?.hosts().then(this.#options.onHostsSeen);
  }
}
