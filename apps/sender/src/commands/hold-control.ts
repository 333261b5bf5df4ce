/** What a command needs that does the daemon's work itself, because none runs: the sender's parts, and the control socket. */
import { createLocalHttp, type Log, type Surroundings } from '@token-relay/daemon';
import { bindUnixSocket, formatAddress, SocketBindError, type UnixSocketClaim } from '@token-relay/socket';
import type { Server } from 'node:net';
import { readConfiguration } from '../configuration.ts';
import { controlRoutes } from '../control/control-routes.ts';
import { asCommandFailure, notRunning } from '../failures.ts';
import { readFileEncryption } from '../file-encryption.ts';
import { Sender } from '../sender.ts';
import type { SenderSettings } from '../settings.ts';

/** Only a daemon tells the others. */
const DAEMONLESS_LOGIN =
  'This host is in a cluster, and its sender does not run: a new login ends the one that the other hosts have, and they hear of it only when it runs again. Start it right after, or first.';

/**
 * Holds the control socket while `work` is done, so that a daemon or another command that starts meanwhile asks here.
 * Resolves to undefined, with nothing done, if another program has taken the socket by now. The work of the system's
 * service is left to that, which has the files and the app's secret: it has to run.
 */
export async function holdControl<Result>(
  surroundings: Surroundings,
  settings: SenderSettings,
  work: (sender: Sender) => Promise<Result>,
): Promise<Result | undefined> {
  if (settings.isService) throw notRunning(settings.controlSocketPath);
  const credentialsFolder = surroundings.env['CREDENTIALS_DIRECTORY'];
  const configuration = await readConfiguration(settings, credentialsFolder);
  const encryption = await readFileEncryption(settings, credentialsFolder).catch((error: unknown) => {
    throw asCommandFailure(error);
  });
  const log = stderrLog((line) => void surroundings.stderr.write(`${line}\n`));
  const sender = new Sender({
    ...configuration,
    log,
    pid: surroundings.pid,
    hideSecret: () => undefined,
    hookHost: { environment: surroundings.env, kill: surroundings.kill },
    encryption,
    deliveryAttempts: 1,
  });
  const control = createLocalHttp(
    controlRoutes({
      status: () => sender.report.status(),
      refresh: () => sender.refresher.refreshNow(),
      login: sender.login,
      loginCaution: () => (settings.cluster === undefined ? undefined : DAEMONLESS_LOGIN),
    }),
    { log },
  );
  let claim: UnixSocketClaim | undefined;
  try {
    claim = await bindOrUndefined(control, settings.controlSocketPath);
    if (claim === undefined) return undefined;
    await sender.load();
    const result = await work(sender);
    await sender.news.hooksSettled();
    return result;
  } catch (error) {
    throw asCommandFailure(error);
  } finally {
    claim?.release();
    await sender.close();
    control.close();
    control.closeAllConnections();
  }
}

/** One line for each target, once every delivery has ended. */
export async function deliveryLines(sender: Sender): Promise<string[]> {
  await sender.targets.settled();
  return sender.targets
    .report()
    .filter(({ state }) => state.kind !== 'idle')
    .map(({ config, state }) =>
      state.kind === 'undelivered'
        ? `Token not delivered to ${config.name}: ${state.reason}`
        : `Token delivered to ${config.name} at ${formatAddress(config.address)}`,
    );
}

async function bindOrUndefined(control: Server, path: string): Promise<UnixSocketClaim | undefined> {
  try {
    return await bindUnixSocket(control, path, { mode: 0o600 });
  } catch (error) {
    if (error instanceof SocketBindError && error.code === 'socket_in_use') return undefined;
    throw error;
  }
}

/** A command says what went wrong on the way; what became of the deliveries it says at its end. */
function stderrLog(print: (line: string) => void): Log {
  const silent = () => undefined;
  return {
    debug: silent,
    info: silent,
    warn: (message, fields) => {
      if (fields?.['target'] === undefined) print(`warning: ${message}`);
    },
    error: silent,
  };
}
