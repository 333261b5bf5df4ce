/** `token-refresh-sender refresh`: asks the running daemon, or refreshes itself if none runs. */
import { CommandFailure, ExitCode, LocalHttpError, requestLocal, type Surroundings } from '@token-relay/daemon';
import * as z from 'zod/mini';
import { refreshReportSchema } from '../control/control-routes.ts';
import { asCommandFailure, notRunning } from '../failures.ts';
import type { RefreshReport } from '../refresh/refresh-report.ts';
import { loadSenderSettings, type SenderSettings } from '../settings.ts';
import { deliveryLines, holdControl } from './hold-control.ts';

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

async function refreshWithoutDaemon(surroundings: Surroundings, settings: SenderSettings): Promise<RefreshReport> {
  // Who leads is known to a daemon only; and nobody would be sent what was refreshed here.
  if (settings.cluster !== undefined) throw notRunning(settings.controlSocketPath);
  const report = await holdControl(surroundings, settings, async (sender) => {
    const made = await sender.refresher.refreshNow();
    for (const line of await deliveryLines(sender)) surroundings.stdout.write(`${line}\n`);
    return made;
  });
  return report ?? (await askDaemon(settings)) ?? { kind: 'passing', message: 'Another sender has just ended.' };
}

function conclude({ kind, message }: RefreshReport, print: (line: string) => void): void {
  switch (kind) {
    case 'refreshed':
    case 'adopted':
      print(message);
      return;
    case 'not_saved':
      throw new CommandFailure(message, ExitCode.failed);
    case 'following':
    case 'refused':
      throw new CommandFailure(message, ExitCode.tryAgain);
    case 'passing':
    case 'stopping':
      throw new CommandFailure(`${message} Try again later.`, ExitCode.tryAgain);
    case 'login_required':
      throw new CommandFailure(message, ExitCode.loginRequired);
    case 'misconfigured':
      throw new CommandFailure(message, ExitCode.configuration);
  }
}
