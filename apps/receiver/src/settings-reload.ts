/** What SIGHUP does with each setting. */
import { needingRestart as changed, type ReloadPlan } from '@token-relay/daemon';
import type { receiverDefinitions, ReceiverSettings } from './settings.ts';

/** A setting that is not decided about here does not compile. `tls`: the files' content is taken over, their paths are not. */
const ON_RELOAD = {
  sinks: 'at once',
  hooks: 'at once',
  logLevel: 'at once',
  tls: 'restart',
  unixSocketPath: 'restart',
  tcpHost: 'restart',
  tcpPort: 'restart',
  preferUnixSocket: 'restart',
  maxTokenSize: 'restart',
  listenBacklog: 'restart',
  receiveTimeout: 'restart',
  maxConnections: 'restart',
  socketMode: 'restart',
  socketGroup: 'restart',
  tokenPattern: 'restart',
  apiSocketPath: 'restart',
  maxReaders: 'restart',
  credentialSocketPath: 'restart',
  credentialWait: 'restart',
  staleAfter: 'restart',
  historySize: 'restart',
  stateFile: 'restart',
  metricsPort: 'restart',
  statsd: 'restart',
  logFormat: 'restart',
  logFile: 'restart',
  logMaxSize: 'restart',
  logKeep: 'restart',
} as const satisfies Readonly<Record<keyof typeof receiverDefinitions, 'at once' | 'restart'>> & ReloadPlan;

/** The settings, as they are written in the file, that were changed and are used only after a restart. */
export function needingRestart(running: ReceiverSettings, next: ReceiverSettings): readonly string[] {
  return changed(ON_RELOAD, running, next);
}
