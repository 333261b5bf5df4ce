/** `token-refresh-sender run`: the daemon. */
import {
  ConfigurationError,
  createLocalHttp,
  runDaemon,
  watchPath,
  type DaemonContext,
  type Surroundings,
} from '@token-relay/daemon';
import { bindUnixSocket, type UnixSocketClaim } from '@token-relay/socket';
import { readAppConfig } from '../app-config.ts';
import { controlRoutes } from '../control/control-routes.ts';
import { asCommandFailure } from '../failures.ts';
import { readFileEncryption } from '../file-encryption.ts';
import { Sender } from '../sender.ts';
import { loadSenderSettings, type SenderSettings } from '../settings.ts';
import { systemdStatus } from '../status/status-text.ts';
import { version } from '../version.ts';
import { openWebPage, type WebPage } from '../web/open-web-page.ts';

export async function run(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const context = { ...surroundings, flags };
  const settings = await loadSenderSettings(context);
  const credentialsFolder = surroundings.env['CREDENTIALS_DIRECTORY'];
  const appConfig = await readAppConfig(settings.appConfig, credentialsFolder);
  const encryption = await readFileEncryption(settings, credentialsFolder).catch((error: unknown) => {
    throw asCommandFailure(error);
  });

  await runDaemon(surroundings, settings, async (daemon) => {
    for (const warning of settings.warnings) daemon.log.warn(warning);
    const sender = new Sender({
      settings,
      appConfig,
      log: daemon.log,
      pid: surroundings.pid,
      hideSecret: daemon.hideSecret,
      hookHost: { environment: surroundings.env, kill: surroundings.kill },
      encryption,
    });
    const reload = async (why: string) => {
      const next = await loadSenderSettings(context);
      await sender.reconfigure(next, await readAppConfig(next.appConfig, credentialsFolder));
      daemon.setLogLevel(next.logLevel);
      daemon.log.info(`Configuration read again (${why})`);
    };
    await serve(sender, settings, daemon, reload);
  });
}

async function serve(
  sender: Sender,
  settings: SenderSettings,
  { log, systemd, stop, onReload }: DaemonContext,
  reload: (why: string) => Promise<void>,
): Promise<void> {
  const control = createLocalHttp(
    controlRoutes({
      status: () => sender.status(),
      refresh: () => sender.refresher.refreshNow(),
      login: sender.login,
    }),
    {
      log,
      maxConnections: 32,
    },
  );
  const tryReload = (why: string) => {
    reload(why).catch((error: unknown) => {
      if (!(error instanceof ConfigurationError)) throw error;
      log.error(`${error.message}; going on with the configuration as it was`);
    });
  };
  const ended = new AbortController();
  let claim: UnixSocketClaim | undefined;
  let web: WebPage | undefined;
  try {
    // The control socket is also the lock: whoever has bound it owns the login.
    claim = await bindUnixSocket(control, settings.controlSocketPath, { mode: 0o600 });
    // Watched before it is read: what changes in between is looked at again.
    watchPath(settings.tokenFile, () => sender.refresher.tokenFileChanged(), { signal: ended.signal });
    watchPath(
      settings.appConfig,
      () => {
        if (sender.refresher.snapshot().state.kind === 'misconfigured') tryReload(`${settings.appConfig} changed`);
      },
      { signal: ended.signal },
    );
    await sender.load();
    web = await openWebPage(sender, settings, log);
    onReload(() => tryReload('SIGHUP'));
    sender.onChange(() => {
      systemd.watchdog.pet();
      systemd.status(systemdStatus(sender.status(), Date.now()));
    });
    log.info(`token-refresh-sender ${version} started; control socket ${settings.controlSocketPath}`);
    sender.timeline.add({ atMs: Date.now(), kind: 'started', text: 'The sender started' });
    systemd.ready();
    await sender.refresher.run(stop);
  } catch (error) {
    throw asCommandFailure(error);
  } finally {
    ended.abort();
    claim?.release();
    await web?.close();
    await sender.close();
    control.close();
    control.closeAllConnections();
  }
}
