/** What SIGHUP does with each setting. */
import { needingRestart as changed, type ReloadPlan } from '@token-relay/daemon';
import type { senderDefinitions, SenderSettings } from './settings.ts';

/**
 * `at once`: used from the reload on. `restart`: bound to what was opened or read at the start.
 * A setting that is not decided about here does not compile.
 */
const ON_RELOAD = {
  appConfig: 'at once',
  tokenUrl: 'at once',
  authorizeUrl: 'at once',
  refreshInterval: 'at once',
  httpTimeout: 'at once',
  socketPath: 'at once',
  targets: 'at once',
  socketRetries: 'at once',
  socketRetryDelay: 'at once',
  hooks: 'at once',
  logLevel: 'at once',
  tokenFile: 'restart',
  controlSocketPath: 'restart',
  webPort: 'restart',
  metricsPort: 'restart',
  statsd: 'restart',
  // but for its files: keys can be changed without a stop
  cluster: 'restart',
  tokenFileEncryption: 'restart',
  tokenFileKey: 'restart',
  logFormat: 'restart',
  logFile: 'restart',
  logMaxSize: 'restart',
  logKeep: 'restart',
} as const satisfies Readonly<Record<keyof typeof senderDefinitions, 'at once' | 'restart'>> & ReloadPlan;

/** The settings, as they are written in the file, that were changed and are used only after a restart. */
export function needingRestart(running: SenderSettings, next: SenderSettings): readonly string[] {
  return changed(ON_RELOAD, running, next);
}
