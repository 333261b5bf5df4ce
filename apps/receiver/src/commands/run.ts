/** `token-receiver run`: the daemon. */
import {
  ConfigurationError,
  expectShortLives,
  memoryGiver,
  listenFds,
  remakeRuntimeFolder,
  runDaemon,
  type DaemonContext,
  type Surroundings,
} from '@token-relay/daemon';
import { readTlsMaterial, TlsMaterialError, type TlsMaterial } from '@token-relay/socket';
import { once } from 'node:events';
import { asCommandFailure } from '../failures.ts';
import { inheritedSockets } from '../inherited-sockets.ts';
import { Receiver } from '../receiver.ts';
import { needingRestart } from '../settings-reload.ts';
import { loadReceiverSettings, type ReceiverSettings } from '../settings.ts';
import { systemdStatus } from '../status/status-text.ts';
import { version } from '../version.ts';

/** All that is read from files at the start, and again on a reload. */
interface Configuration {
  readonly settings: ReceiverSettings;
  readonly tls: TlsMaterial | undefined;
  /** what is wrong with it all the same */
  readonly complaint?: string;
}

export async function run(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const { env, pid, uid, usage, kill } = surroundings;
  const settings = await loadReceiverSettings({ ...surroundings, flags, isDaemon: true });
  const credentialsDirectory = env['CREDENTIALS_DIRECTORY'];
  const configuration = await withCertificates(settings, credentialsDirectory).catch((error: unknown) => {
    throw asCommandFailure(error);
  });
  const readAgain = async (): Promise<Configuration> => {
    // The file of the start: one that is away for a moment, because it is being replaced, is not the defaults.
    const config = settings.configFile;
    const again = { ...flags, ...(config === undefined ? {} : { config }) };
    const next = await loadReceiverSettings({ ...surroundings, flags: again, isDaemon: true });
    if (settings.tls === undefined) return { settings: next, tls: undefined };
    return { settings: next, tls: await readCertificates(next, credentialsDirectory) };
  };
  const inherited = inheritedSockets(listenFds(env, pid));
  await runDaemon(surroundings, settings, async (daemon) => {
    const { log, systemd, stop, onReload, hideSecret } = daemon;
    for (const warning of settings.warnings) log.warn(warning);
    if (configuration.complaint !== undefined) log.error(configuration.complaint);
    const receiver = new Receiver({
      ...configuration,
      inherited,
      log,
      pid,
      uid,
      usage,
      hookHost: { environment: env, kill },
      hideSecret,
      remakeFolder: (folder) => remakeRuntimeFolder(folder, { env, uid }),
      onChange: () => systemd.status(systemdStatus(receiver.status())),
    });
    try {
      await receiver.start();
    } catch (error) {
      await receiver.stop();
      throw asCommandFailure(error);
    }
    let reloading = Promise.resolve();
    onReload(() => (reloading = reloading.then(() => reload(receiver, settings, daemon, readAgain))));
    log.info(`token-receiver ${version} started`);
    systemd.status(systemdStatus(receiver.status()));
    systemd.ready();
    memoryGiver(stop)();
    expectShortLives();
    receiver.feedWatchdog(systemd.watchdog, stop);
    if (!stop.aborted) await once(stop, 'abort');
    await receiver.stop();
  });
}

/** With a configuration that cannot be used, all stays as it was. */
async function reload(
  receiver: Receiver,
  running: ReceiverSettings,
  { log, setLogLevel }: DaemonContext,
  read: () => Promise<Configuration>,
): Promise<void> {
  try {
    const { settings, tls } = await read();
    await receiver.reconfigure(settings, tls);
    setLogLevel(settings.logLevel);
    for (const warning of settings.warnings) log.warn(warning);
    const waiting = needingRestart(running, settings);
    if (waiting.length > 0) log.warn(`Changed, but used only after a restart: ${waiting.join(', ')}`);
    log.info('Configuration read again (SIGHUP)');
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof TlsMaterialError)) throw error;
    const what = error instanceof TlsMaterialError ? `tls: ${error.message}` : error.message;
    log.error(`${what.replace(/\.$/, '')}; going on with the configuration as it was`);
  }
}

/**
 * An own certificate that has expired is for its peers to refuse: it does not keep the applications of this machine from
 * their token.
 */
async function withCertificates(
  settings: ReceiverSettings,
  credentialsDirectory: string | undefined,
): Promise<Configuration> {
  try {
    return { settings, tls: await readCertificates(settings, credentialsDirectory) };
  } catch (error) {
    if (!(error instanceof TlsMaterialError) || error.code !== 'certificate_expired') throw error;
    const tls = await readCertificates(settings, credentialsDirectory, 'evenIfExpired');
    return { settings, tls, complaint: `tls: ${error.message} Until then no sender delivers over TLS` };
  }
}

async function readCertificates(
  { tls }: ReceiverSettings,
  credentialsDirectory: string | undefined,
  strictness: 'inForce' | 'evenIfExpired' = 'inForce',
): Promise<TlsMaterial | undefined> {
  if (tls === undefined) return undefined;
  return readTlsMaterial(tls, {
    ...(credentialsDirectory === undefined ? {} : { credentialsDirectory }),
    ...(strictness === 'inForce' ? {} : { evenIfExpired: true }),
  });
}
