/** `token-receiver run`: the daemon. */
import { runDaemon, type Surroundings } from '@token-relay/daemon';
import { asCommandFailure } from '../failures.ts';
import { Receiver } from '../receiver.ts';
import { feedWatchdog } from '../self-check.ts';
import { loadReceiverSettings } from '../settings.ts';
import { systemdStatus } from '../status/status-text.ts';
import { version } from '../version.ts';

export async function run(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const context = { ...surroundings, flags };
  const settings = await loadReceiverSettings(context);
  await runDaemon(surroundings, settings, async ({ log, systemd, stop, onReload, setLogLevel, hideSecret }) => {
    for (const warning of settings.warnings) log.warn(warning);
    const receiver = new Receiver({
      settings,
      log,
      pid: surroundings.pid,
      hideSecret,
      onChange: () => systemd.status(systemdStatus(receiver.status())),
    });
    try {
      await receiver.start();
    } catch (error) {
      await receiver.stop();
      throw asCommandFailure(error);
    }
    onReload(() => {
      loadReceiverSettings(context).then(
        (next) => {
          setLogLevel(next.logLevel);
          log.info('Log level read again (SIGHUP); other settings need a restart');
        },
        (error: unknown) => log.error(`${error instanceof Error ? error.message : String(error)}; going on as before`),
      );
    });
    log.info(`token-receiver ${version} started`);
    systemd.status(systemdStatus(receiver.status()));
    systemd.ready();
    await feedWatchdog(settings.apiSocketPath, systemd.watchdog, log, stop);
    await receiver.stop();
  });
}
