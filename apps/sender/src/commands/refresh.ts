/** `token-refresh-sender refresh`: asks the running daemon, or refreshes itself if none runs. */
import {
  CommandFailure,
  createLocalHttp,
  ExitCode,
  LocalHttpError,
  requestLocal,
  type Log,
  type Surroundings,
} from '@token-relay/daemon';
import { bindUnixSocket, formatAddress, SocketBindError, type UnixSocketClaim } from '@token-relay/socket';
import type { Server } from 'node:net';
import * as z from 'zod/mini';
import { readAppConfig } from '../app-config.ts';
import { controlRoutes, refreshReportSchema } from '../control/control-routes.ts';
import { asCommandFailure } from '../failures.ts';
import type { RefreshReport } from '../refresh/refresh-report.ts';
import { Sender } from '../sender.ts';
import { loadSenderSettings, type SenderSettings } from '../settings.ts';

/** Beyond the HTTP timeout: for the second between two attempts, and for the save. */
const ANSWER_MARGIN_MS = 10_000;

export async function refresh(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const settings = await loadSenderSettings({ ...surroundings, flags });
  const report = (await askDaemon(settings)) ?? (await refreshWithoutDaemon(surroundings, settings));
  conclude(report, (line) => void surroundings.stdout.write(`${line}\n`));
}

async function askDaemon(settings: SenderSettings): Promise<RefreshReport | undefined> {
  try {
    const answer = await requestLocal(settings.controlSocketPath, {
      method: 'POST',
      path: '/v1/refresh',
      timeoutMs: settings.httpTimeout + ANSWER_MARGIN_MS,
    });
    const report = z.safeParse(refreshReportSchema, answer.body);
    if (report.success) return report.data;
    throw new CommandFailure(
      `The program at ${settings.controlSocketPath} answered HTTP ${answer.status}; it is stopping, or is no token-refresh-sender. Try again.`,
      ExitCode.tryAgain,
    );
  } catch (error) {
    if (error instanceof LocalHttpError && error.code === 'daemon_not_running') return undefined;
    throw asCommandFailure(error);
  }
}

/** Holds the control socket meanwhile, so that a daemon or another command that starts now does not refresh too. */
async function refreshWithoutDaemon(surroundings: Surroundings, settings: SenderSettings): Promise<RefreshReport> {
  const appConfig = await readAppConfig(settings.appConfig, surroundings.env['CREDENTIALS_DIRECTORY']);
  const log = stderrLog((line) => void surroundings.stderr.write(`${line}\n`));
  const sender = new Sender({
    settings,
    appConfig,
    log,
    pid: surroundings.pid,
    hideSecret: () => undefined,
    deliveryAttempts: 1,
  });
  const control = createLocalHttp(
    controlRoutes({ status: () => sender.status(), refresh: () => sender.refresher.refreshNow() }),
    { log },
  );
  let claim: UnixSocketClaim | undefined;
  try {
    claim = await bindOrUndefined(control, settings.controlSocketPath);
    if (claim === undefined) {
      return (await askDaemon(settings)) ?? { kind: 'passing', message: 'Another sender has just ended.' };
    }
    await sender.refresher.load();
    const report = await sender.refresher.refreshNow();
    await sender.targets.settled();
    for (const { config, state } of sender.targets.report()) {
      const where = `${config.name} at ${formatAddress(config.address)}`;
      if (state.kind === 'delivered') surroundings.stdout.write(`Token delivered to ${where}\n`);
    }
    return report;
  } catch (error) {
    throw asCommandFailure(error);
  } finally {
    claim?.release();
    control.close();
    control.closeAllConnections();
    await sender.targets.close();
  }
}

async function bindOrUndefined(control: Server, path: string): Promise<UnixSocketClaim | undefined> {
  try {
    return await bindUnixSocket(control, path, { mode: 0o600 });
  } catch (error) {
    if (error instanceof SocketBindError && error.code === 'socket_in_use') return undefined;
    throw error;
  }
}

function conclude({ kind, message }: RefreshReport, print: (line: string) => void): void {
  switch (kind) {
    case 'refreshed':
    case 'adopted':
      print(message);
      return;
    case 'not_saved':
      throw new CommandFailure(message, ExitCode.failed);
    case 'refused':
      throw new CommandFailure(
        `${message} One refusal is no proof that the login is dead: try again in a few minutes, and log in again if it stays so.`,
        ExitCode.tryAgain,
      );
    case 'passing':
    case 'stopping':
      throw new CommandFailure(`${message} Try again later.`, ExitCode.tryAgain);
    case 'login_required':
      throw new CommandFailure(message, ExitCode.loginRequired);
    case 'misconfigured':
      throw new CommandFailure(message, ExitCode.configuration);
  }
}

/** A command says what went wrong on the way, and nothing else. */
function stderrLog(print: (line: string) => void): Log {
  const silent = () => undefined;
  return { debug: silent, info: silent, warn: (message) => print(`warning: ${message}`), error: silent };
}
