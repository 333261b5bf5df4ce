/** `token-refresh-sender cluster status` and `cluster step-down`: ask the running daemon. */
import { CommandFailure, ExitCode, requestLocal, type Surroundings } from '@token-relay/daemon';
import * as z from 'zod/mini';
import { NOT_JOINED } from '../control/control-cluster.ts';
import { asCommandFailure } from '../failures.ts';
import { loadSenderSettings } from '../settings.ts';
import { clusterText, hostLines, sealLine } from '../status/cluster-status.ts';
import { clusterSchema } from '../status/status-report.ts';

/** The daemon asks the store, which has 5 s to answer. */
const STORE_MARGIN_MS = 10_000;

const problemSchema = z.object({ detail: z.string(), code: z.optional(z.string()) });
const doneSchema = z.object({ message: z.string() });

type Flags = Readonly<Record<string, unknown>>;

export async function clusterStatusCommand(surroundings: Surroundings, flags: Flags): Promise<void> {
  const body = await ask(surroundings, flags, { method: 'GET', path: '/v1/cluster' });
  const status = z.safeParse(clusterSchema, body);
  if (!status.success) throw failed(body);
  const { data } = status;
  const lines =
    flags['json'] === true
      ? [JSON.stringify(data, undefined, 2)]
      : [`${data.host}: ${clusterText(data)}`, ...[...hostLines(data), ...sealLine(data)].map((line) => `  ${line}`)];
  surroundings.stdout.write(`${lines.join('\n')}\n`);
}

export async function stepDownCommand(surroundings: Surroundings, flags: Flags): Promise<void> {
  const body = await ask(surroundings, flags, { method: 'POST', path: '/v1/cluster/step-down', waitsForRefresh: true });
  const done = z.safeParse(doneSchema, body);
  if (!done.success) throw failed(body);
  surroundings.stdout.write(`${done.data.message}\n`);
}

interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** A request to Schwab that is out is not left to two. */
  readonly waitsForRefresh?: boolean;
}

async function ask(
  surroundings: Surroundings,
  flags: Flags,
  { method, path, waitsForRefresh = false }: Question,
): Promise<unknown> {
  const { controlSocketPath, httpTimeout } = await loadSenderSettings({ ...surroundings, flags });
  const timeoutMs = STORE_MARGIN_MS + (waitsForRefresh ? httpTimeout : 0);
  const answer = await requestLocal(controlSocketPath, { method, path, timeoutMs }).catch((error: unknown) => {
    throw asCommandFailure(error);
  });
  return answer.body;
}

function failed(body: unknown): CommandFailure {
  const problem = z.safeParse(problemSchema, body);
  const message = problem.success
    ? problem.data.detail
    : 'The program at the control socket is not this token-refresh-sender.';
  const passes = problem.success && problem.data.code === NOT_JOINED;
  return new CommandFailure(message, passes ? ExitCode.tryAgain : ExitCode.failed);
}
