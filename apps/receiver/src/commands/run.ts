/** `token-receiver run`: the daemon. */
import { ConfigurationError, runDaemon, type DaemonContext, type Surroundings } from '@token-relay/daemon';
import { readTlsMaterial, TlsMaterialError, type TlsMaterial } from '@token-relay/socket';
import { asCommandFailure } from '../failures.ts';
import { Receiver } from '../receiver.ts';
import { feedWatchdog } from '../self-check.ts';
import { needingRestart } from '../settings-reload.ts';
import { loadReceiverSettings, type ReceiverSettings } from '../settings.ts';
import { systemdStatus } from '../status/status-text.ts';
import { version } from '../version.ts';

/** All that is read from files at the start, and again on a reload. */
interface Configuration {
  readonly settings: ReceiverSettings;
  readonly tls: TlsMaterial | undefined;
}

export async function run(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const { env, pid, uid, usage, kill } = surroundings;
  const read = async (): Promise<Configuration> => {
    const settings = await loadReceiverSettings({ ...surroundings, flags });
    return { settings, tls: await readCertificates(settings, env['CREDENTIALS_DIRECTORY']) };
  };
  const configuration = await read().catch((error: unknown) => {
    throw asCommandFailure(error);
  });
  const { settings } = configuration;
  await runDaemon(surroundings, settings, async (daemon) => {
    const { log, systemd, stop, onReload, hideSecret } = daemon;
    for (const warning of settings.warnings) log.warn(warning);
    const receiver = new Receiver({
      ...configuration,
      log,
      pid,
      uid,
      usage,
      hookHost: { environment: env, kill },
      hideSecret,
      onChange: () => systemd.status(systemdStatus(receiver.status())),
    });
    try {
      await receiver.start();
    } catch (error) {
      await receiver.stop();
      throw asCommandFailure(error);
    }
    let reloading = Promise.resolve();
    onReload(() => (reloading = reloading.then(() => reload(receiver, settings, daemon, read))));
    log.info(`token-receiver ${version} started`);
    systemd.status(systemdStatus(receiver.status()));
    systemd.ready();
    await feedWatchdog(settings.apiSocketPath, systemd.watchdog, log, stop, () => receiver.isFull());
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
    log.error(`${error.message}; going on with the configuration as it was`);
  }
}

async function readCertificates(
  { tls }: ReceiverSettings,
  credentialsDirectory: string | undefined,
): Promise<TlsMaterial | undefined> {
  if (tls === undefined) return undefined;
  return readTlsMaterial(tls, credentialsDirectory === undefined ? {} : { credentialsDirectory });
}
