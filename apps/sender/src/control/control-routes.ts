/** The control socket: what the command line asks the running daemon. Its owner alone may connect (mode 0600). */
import { problem, type Route } from '@token-relay/daemon';
import * as z from 'zod/mini';
import type { LoginService } from '../login/login-service.ts';
import type { RefreshReport } from '../refresh/refresh-report.ts';
import type { StatusReport } from '../status/status-report.ts';
import { clusterRoutes, type ControlledCluster } from './control-cluster.ts';
import { loginRoutes } from './control-login.ts';

export const refreshReportSchema = z.object({
  kind: z.enum([
    'refreshed',
    'not_saved',
    'adopted',
    'following',
    'passing',
    'refused',
    'login_required',
    'misconfigured',
    'stopping',
  ]),
  message: z.string(),
});

export interface ControlledSender {
  readonly status: () => StatusReport;
  readonly refresh: () => Promise<RefreshReport>;
  readonly login: LoginService;
  /** what somebody who logs in here is to know beforehand; default: nothing */
  readonly loginCaution?: () => string | undefined;
  /** absent on a single machine, and in a command */
  readonly cluster?: ControlledCluster | undefined;
}

export function controlRoutes(sender: ControlledSender): readonly Route[] {
  return [
    { method: 'GET', path: '/v1/status', answer: () => ({ status: 200, body: sender.status() }) },
    {
      method: 'POST',
      path: '/v1/refresh',
      answer: async () => {
        const report = await sender.refresh();
        return report.kind === 'stopping'
          ? problem(503, 'stopping', 'The sender is stopping', report.message)
          : { status: 200, body: report };
      },
    },
    ...loginRoutes(sender.login, sender.loginCaution ?? (() => undefined)),
    ...clusterRoutes(sender.cluster),
  ];
}
