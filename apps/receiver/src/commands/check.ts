/** `token-receiver check`: whether it could run, without running. Every finding is a line. */
import {
  CommandFailure,
  ConfigurationError,
  ExitCode,
  LocalHttpError,
  openMetricsPort,
  requestLocal,
  type Log,
  type Surroundings,
} from '@token-relay/daemon';
import { formatAddress, isLoopback, readTlsMaterial, TlsMaterialError } from '@token-relay/socket';
import { accessSync, constants, lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { groupId } from '../group-id.ts';
import { loadReceiverSettings, type ReceiverSettings } from '../settings.ts';
import { sinkObstacle } from '../sinks/present-file.ts';
import { saveObstacle } from '../sinks/save-obstacle.ts';
import type { SinkConfig } from '../sinks/sink-settings.ts';
import { findProgram } from './find-program.ts';

const silent: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** For a receiver that may be running to answer. */
const ANSWER_TIMEOUT_MS = 2_000;

/** What hooks get where the environment has no PATH (packages/daemon/src/hooks/hook-environment.ts). */
const USUAL_PATH = '/usr/local/bin:/usr/bin:/bin';

interface Finding {
  readonly kind: 'ok' | 'warning' | 'problem';
  readonly text: string;
}

export async function check(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const settings = await loadReceiverSettings({ ...surroundings, flags });
  const findings: readonly Finding[] = [
    ...settings.warnings.map((text) => ({ kind: 'warning', text }) as const),
    { kind: 'ok', text: 'settings' },
    tokenSocketFinding(settings),
    socketFinding('socket for applications', settings.apiSocketPath),
    credentialSocketFinding(settings),
    tcpFinding(settings),
    ...(await tlsFindings(settings, surroundings.env['CREDENTIALS_DIRECTORY'])),
    ...groupFindings(settings),
    ...(await stateFileFindings(settings)),
    ...(await metricsPortFindings(settings)),
    ...(await Promise.all(settings.sinks.map(sinkFinding))),
    ...hookFindings(settings, surroundings),
  ];
  for (const { kind, text } of findings) surroundings.stdout.write(`${kind}: ${text}\n`);
  if (findings.some(({ kind }) => kind === 'problem')) {
    throw new CommandFailure(
      'The problems above must be put right before the receiver can do its work.',
      ExitCode.configuration,
    );
  }
}

/** As in `run`, TCP takes the place of a socket that cannot be made. */
function tokenSocketFinding(settings: ReceiverSettings): Finding {
  const finding = socketFinding('token socket', settings.unixSocketPath);
  if (finding.kind !== 'problem' || !settings.preferUnixSocket) return finding;
  return { kind: 'warning', text: `${finding.text}; until then tokens are taken in at ${tcpAddress(settings)} only` };
}

function socketFinding(what: string, path: string): Finding {
  const obstacle = obstacleAt(path);
  if (obstacle === undefined) return { kind: 'ok', text: `${what} ${path}` };
  return { kind: 'problem', text: `${what}: ${obstacle}` };
}

function obstacleAt(path: string): string | undefined {
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
  } catch {
    return `the folder ${dirname(path)} does not exist or cannot be written to; create it, or choose another path`;
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isSocket()) return undefined;
  return `${path} exists and is not a socket; move it away, or choose another path`;
}

/** One that nobody named is missed only by units that have LoadCredential=. */
function credentialSocketFinding(settings: ReceiverSettings): Finding {
  const finding = socketFinding('socket for LoadCredential=', settings.credentialSocketPath);
  return finding.kind === 'problem' && settings.credentialSocketIsDefault ? { ...finding, kind: 'warning' } : finding;
}

/** It is tried again until it works, so this is no reason not to start. */
async function sinkFinding(config: SinkConfig): Promise<Finding> {
  const obstacle = await sinkObstacle(config);
  if (obstacle !== undefined) return { kind: 'warning', text: `sink: ${obstacle}` };
  return { kind: 'ok', text: `sink ${config.path} (${config.format})` };
}

/** The receiver does its work without. Of the one that nobody named, the socket beside it tells. */
async function stateFileFindings({ stateFile, stateFileIsDefault }: ReceiverSettings): Promise<readonly Finding[]> {
  if (stateFileIsDefault) return [];
  // Not where it leads: a link is replaced.
  const obstacle = await saveObstacle(stateFile, dirname(stateFile), {});
  if (obstacle === undefined) return [{ kind: 'ok', text: `state_file ${stateFile}` }];
  const text = `state_file: ${obstacle}; until it can be saved, a restart of the receiver loses the token`;
  return [{ kind: 'warning', text }];
}

async function metricsPortFindings({
  metricsPort: port,
  apiSocketPath,
}: ReceiverSettings): Promise<readonly Finding[]> {
  if (port === undefined) return [];
  try {
    const opened = await openMetricsPort({ port, routes: [], log: silent });
    await opened.close();
    return [{ kind: 'ok', text: `metrics_port ${port}` }];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    if (!(await isRunning(apiSocketPath))) return [{ kind: 'problem', text: error.message }];
    const text = `${error.message} Disregard this if it is the receiver that runs at ${apiSocketPath}.`;
    return [{ kind: 'warning', text }];
  }
}

async function isRunning(apiSocketPath: string): Promise<boolean> {
  try {
    await requestLocal(apiSocketPath, { method: 'GET', path: '/healthz', timeoutMs: ANSWER_TIMEOUT_MS });
    return true;
  } catch (error) {
    if (!(error instanceof LocalHttpError)) throw error;
    return false;
  }
}

/** The receiver does its work without. Of a command only the program is shown: its arguments may be secrets. */
function hookFindings({ hooks }: ReceiverSettings, { env, cwd }: Surroundings): readonly Finding[] {
  const searchPath = env['PATH'] === undefined || env['PATH'] === '' ? USUAL_PATH : env['PATH'];
  return [...hooks].flatMap(([event, commands]) =>
    commands.map(({ command: [program] }): Finding => {
      const what = `hook ${event}: ${program}`;
      switch (findProgram(program, searchPath, cwd)) {
        case 'found':
          return { kind: 'ok', text: what };
        case 'not_executable':
          return { kind: 'warning', text: `${what} may not be executed by this user; see its mode (chmod +x)` };
        case 'missing': {
          const where = program.includes('/') ? '' : ` in ${searchPath}`;
          return { kind: 'warning', text: `${what}: there is no such program${where}; write its whole path` };
        }
      }
    }),
  );
}

async function tlsFindings({ tls }: ReceiverSettings, credentialsDirectory: string | undefined): Promise<Finding[]> {
  if (tls === undefined) return [];
  try {
    await readTlsMaterial(tls, credentialsDirectory === undefined ? {} : { credentialsDirectory });
    return [{ kind: 'ok', text: `tls: certificate ${tls.cert}, its key, and the authorities in ${tls.ca}` }];
  } catch (error) {
    if (!(error instanceof TlsMaterialError)) throw error;
    return [{ kind: 'problem', text: `tls: ${error.message}` }];
  }
}

function tcpFinding(settings: ReceiverSettings): Finding {
  const address = tcpAddress(settings);
  if (settings.tls === undefined && !isLoopback(settings.tcpHost)) {
    return {
      kind: 'problem',
      text: `tcp_host: ${address} can be reached from other machines, which needs TLS; set tls, or use 127.0.0.1, ::1 or localhost`,
    };
  }
  const when = settings.preferUnixSocket ? 'only if the token socket cannot be made' : 'beside the token socket';
  return { kind: 'ok', text: `${address}, ${when}` };
}

function tcpAddress({ tcpHost, tcpPort, tls }: ReceiverSettings): string {
  return formatAddress({ kind: tls === undefined ? 'tcp' : 'tls', host: tcpHost, port: tcpPort });
}

function groupFindings({ socketGroup }: ReceiverSettings): readonly Finding[] {
  if (socketGroup === undefined) return [];
  try {
    return [{ kind: 'ok', text: `socket_group ${socketGroup} (${groupId(socketGroup)})` }];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return [{ kind: 'problem', text: error.message }];
  }
}
