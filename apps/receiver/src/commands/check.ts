/** `token-receiver check`: whether it could run, without running. Every finding is a line. */
import { CommandFailure, ConfigurationError, ExitCode, type Surroundings } from '@token-relay/daemon';
import { formatAddress, isLoopback, readTlsMaterial, TlsMaterialError } from '@token-relay/socket';
import { accessSync, constants, lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { groupId } from '../group-id.ts';
import { loadReceiverSettings, type ReceiverSettings } from '../settings.ts';
import type { SinkConfig } from '../sinks/sink-settings.ts';

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
    ...settings.sinks.map(sinkFinding),
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
function sinkFinding({ path, format }: SinkConfig): Finding {
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
    return { kind: 'ok', text: `sink ${path} (${format})` };
  } catch {
    const folder = dirname(path);
    return { kind: 'warning', text: `sink ${path}: the folder ${folder} does not exist or cannot be written to` };
  }
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
