/** `token-refresh-sender run`: the daemon. */
import {
  createLocalHttp,
  feedWatchdogWhile,
  memoryGiver,
  logSocketNews,
  metricsRoute,
  onTick,
  openMetricsPort,
  remakeRuntimeFolder,
  runDaemon,
  StatsdReporter,
  watchPath,
  type DaemonContext,
  type MetricFamily,
  type MetricsPort,
  type Surroundings,
} from '@token-relay/daemon';
import { bindUnixSocket, SocketKeeper, type UnixSocketClaim } from '@token-relay/socket';
import { readConfiguration, type Configuration } from '../configuration.ts';
import { controlledCluster } from '../control/control-cluster.ts';
import { controlRoutes } from '../control/control-routes.ts';
import { asCommandFailure } from '../failures.ts';
import type { Targets } from '../delivery/targets.ts';
import { readFileEncryption } from '../file-encryption.ts';
import { probeRoutes } from '../metrics/sender-probes.ts';
import { Sender } from '../sender.ts';
import { loadSenderSettings, type SenderSettings } from '../settings.ts';
import { systemdStatus } from '../status/status-text.ts';
import { pauseExactly } from '../surroundings.ts';
import { version } from '../version.ts';
import { openWebPage, type WebPage } from '../web/open-web-page.ts';
import { Reload } from './reload.ts';

/** How long a stop waits for a delivery that is under way. */
const LAST_DELIVERY_MS = 1_000;
/** The loop turns every 30 seconds; what a turn waits for, Schwab's answer and the disk, may take longer. */
const STUCK_AFTER_MS = 10 * 60_000;
const MAX_CONTROL_CONNECTIONS = 128;

export async function run(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const credentialsFolder = surroundings.env['CREDENTIALS_DIRECTORY'];
  const read = async (named: string | undefined): Promise<Configuration> => {
    const config = named === undefined ? {} : { config: named };
    const settings = await loadSenderSettings({ ...surroundings, flags: { ...flags, ...config }, isDaemon: true });
    return readConfiguration(settings, credentialsFolder);
  };
  const configuration = await read(undefined);
  const { settings } = configuration;
  // The file of the start: one that is away for a moment, because it is being replaced, is not the defaults.
  const readAgain = () => read(settings.configFile);
  const encryption = await readFileEncryption(settings, credentialsFolder).catch((error: unknown) => {
    throw asCommandFailure(error);
  });

  await runDaemon(surroundings, settings, async (daemon) => {
    for (const warning of settings.warnings) daemon.log.warn(warning);
    const sender = new Sender({
      ...configuration,
      log: daemon.log,
      pid: surroundings.pid,
      hideSecret: daemon.hideSecret,
      hookHost: { environment: surroundings.env, kill: surroundings.kill },
      encryption,
      joinsCluster: true,
    });
    const { env, uid, usage } = surroundings;
    const remakeFolder = (folder: string) => remakeRuntimeFolder(folder, { env, uid });
    await serve({
      sender,
      settings,
      daemon,
      read: readAgain,
      metrics: () => sender.report.metrics(usage()),
      remakeFolder,
    });
  });
}

interface Service {
  readonly sender: Sender;
  readonly settings: SenderSettings;
  readonly daemon: DaemonContext;
  readonly read: () => Promise<Configuration>;
  readonly metrics: () => readonly MetricFamily[];
  readonly remakeFolder: (folder: string) => void;
}

async function serve({ sender, settings, daemon, read, metrics, remakeFolder }: Service): Promise<void> {
  const { log, systemd, stop, onReload } = daemon;
  const status = () => sender.report.status();
  const routes = [
    ...controlRoutes({
      status: () => sender.report.statusAsked(),
      refresh: () => sender.refresher.refreshNow(),
      login: sender.login,
      loginCaution: () => sender.cluster?.loginCaution(),
      cluster: controlledCluster(sender),
    }),
    ...probeRoutes({ status, nowMs: Date.now }),
    metricsRoute(metrics),
  ];
  const control = createLocalHttp(routes, { log, maxConnections: MAX_CONTROL_CONNECTIONS, whenFull: 'give_way' });
  const ended = new AbortController();
  let claim: UnixSocketClaim | undefined;
  let keeper: SocketKeeper | undefined;
  let web: WebPage | undefined;
  let metricsPort: MetricsPort | undefined;
  let statsd: StatsdReporter | undefined;
  try {
    // The control socket is also the lock: whoever has bound it owns the login.
    claim = await bindUnixSocket(control, settings.controlSocketPath, { mode: 0o600 });
    keeper = new SocketKeeper(claim, { onNews: logSocketNews(log, claim.path), remakeFolder, onTick });
    // Watched before it is read: what changes in between is looked at again.
    watchPath(settings.tokenFile, () => sender.refresher.tokenFileChanged(), { signal: ended.signal });
    const reload = new Reload({ running: settings, sender, daemon, read, signal: ended.signal });
    await sender.load();
    web = await openWebPage(sender, settings, log);
    if (settings.metricsPort !== undefined) {
      metricsPort = await openMetricsPort({ port: settings.metricsPort, routes, log });
    }
    if (settings.statsd !== undefined) {
      statsd = new StatsdReporter({ address: settings.statsd, families: metrics, log });
    }
    onReload(() => reload.request('SIGHUP'));
    const giveBackSoon = memoryGiver(ended.signal);
    let lastTurnAtMs = performance.now();
    let exchanges = 0;
    sender.news.onChange(() => {
      lastTurnAtMs = performance.now();
      // The next exchange with Schwab is 25 minutes away.
      const soFar = attempted(sender);
      if (soFar > exchanges) giveBackSoon();
      exchanges = soFar;
      systemd.status(systemdStatus(sender.report.status(), Date.now()));
    });
    log.info(`token-refresh-sender ${version} started; control socket ${settings.controlSocketPath}`);
    sender.news.timeline.add({ atMs: Date.now(), kind: 'started', text: 'The sender started' });
    systemd.ready();
    giveBackSoon();
    const isTurning = () => performance.now() - lastTurnAtMs < STUCK_AFTER_MS + settings.httpTimeout;
    feedWatchdogWhile(systemd.watchdog, isTurning, ended.signal);
    await sender.refresher.run(stop);
    await lastDelivery(sender.targets);
  } catch (error) {
    throw asCommandFailure(error);
  } finally {
    ended.abort();
    await keeper?.stop();
    claim?.release();
    statsd?.close();
    await metricsPort?.close();
    await web?.close();
    await sender.close();
    control.close();
    control.closeAllConnections();
  }
}

/** What was saved just now goes out first; a receiver that is not there, or does not answer in time, has it after the next start. */
async function lastDelivery(targets: Targets): Promise<void> {
  const settled = new AbortController();
  await Promise.race([targets.tried(), pauseExactly(LAST_DELIVERY_MS, settled.signal)]);
  settled.abort();
}

function attempted({ refresher }: Sender): number {
  return Object.values(refresher.attempts()).reduce((sum, count) => sum + count, 0);
}
