/** Puts this host's part in a cluster together with the rest of the sender. */
import type { Log } from '@token-relay/daemon';
import type { TokenManager, TokenSet } from '@token-relay/tokens';
import type { Configuration } from '../configuration.ts';
import type { Refresher } from '../refresh/refresher.ts';
import type { SenderSettings } from '../settings.ts';
import { pauseExactly, type SenderSurroundings } from '../surroundings.ts';
import { version } from '../version.ts';
import { ClusterPart } from './cluster-part.ts';
import { lastLedFile } from './last-led.ts';
import { isUnfitToLead } from './unfit-to-lead.ts';

export interface JoinOptions extends Configuration {
  readonly around: Pick<SenderSurroundings, 'nowMs' | 'bootMs' | 'random'>;
  /** of this run of the sender */
  readonly instance: string;
  readonly log: Log;
  readonly manager: TokenManager;
  /** Asked later: it needs the cluster to be made. */
  readonly refresher: () => Refresher;
  /** As they are now. */
  readonly current: () => SenderSettings;
  readonly hide: (token: string) => void;
  readonly onChange: () => void;
}

/** @returns undefined on a single machine */
export function joinCluster(options: JoinOptions): ClusterPart | undefined {
  const { settings, clusterFiles: files, around, instance, log, manager, refresher, current, hide, onChange } = options;
  const { cluster: config, tokenFile } = settings;
  if (config === undefined || files === undefined) return undefined;
  return new ClusterPart({
    ...{ config, files, version, log, instance, ...around },
    pause: pauseExactly,
    httpTimeoutMs: () => current().httpTimeout,
    lastLed: lastLedFile(tokenFile, log),
    overdueMs: () => refresher().overdueMs(),
    tokens: {
      get: () => manager.get(),
      take: (tokenSet, insteadOf) => {
        const { accessToken, refreshToken } = tokenSet;
        for (const token of [accessToken, refreshToken]) if (token !== undefined) hide(token);
        return refresher().take(tokenSet, insteadOf);
      },
    },
    state: () => refresher().snapshot().state.kind,
    onChange: () => {
      refresher().gateChanged();
      onChange();
    },
  });
}

/** A leader that Schwab does not answer lets another try, if there is one that is well. Called when something has changed. */
export async function standAside(
  cluster: ClusterPart,
  refresher: Refresher,
  nowMs: () => number,
  log: Log,
): Promise<void> {
  const isUnfit = (): boolean => {
    const report = cluster.report();
    return report?.role === 'leader' && isUnfitToLead(refresher.snapshot().state, report.sinceMs, nowMs());
  };
  if (!isUnfit()) return;
  // A request that is out is not left to two.
  await refresher.idle();
  const host = cluster.report()?.host;
  const isAnotherWell = (await cluster.hosts()).some((other) => other.host !== host && other.state === 'healthy');
  if (!isAnotherWell || !isUnfit() || !(await cluster.stepDown())) return;
  log.warn('Cluster: this host cannot refresh just now, and lets another lead');
}

/** Where hosts' clocks differ, a login is still told from the one before it by a later second. */
export function laterThanHeld(loginAtMs: number, held: TokenSet | undefined): number {
  const heldAtMs = held?.loginAtMs;
  return heldAtMs === undefined ? loginAtMs : Math.max(loginAtMs, (Math.floor(heldAtMs / 1_000) + 1) * 1_000);
}
