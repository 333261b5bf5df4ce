/** `token-receiver check`: whether it could run, without running. Every finding is a line. */
import { CommandFailure, ExitCode, type Surroundings } from '@token-relay/daemon';
import { formatAddress, isLoopback, MAX_SOCKET_PATH_BYTES } from '@token-relay/socket';
import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import { loadReceiverSettings } from '../settings.ts';

export async function check(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const say = (line: string) => void surroundings.stdout.write(`${line}\n`);
  const settings = await loadReceiverSettings({ ...surroundings, flags });
  for (const warning of settings.warnings) say(`warning: ${warning}`);
  say('ok: settings');

  const problems: string[] = [];
  for (const [what, path] of [
    ['token socket', settings.unixSocketPath],
    ['socket for applications', settings.apiSocketPath],
  ] as const) {
    const problem = socketPathProblem(path);
    if (problem === undefined) say(`ok: ${what} ${path}`);
    else problems.push(`${what}: ${problem}`);
  }
  const tcp = formatAddress({ kind: 'tcp', host: settings.tcpHost, port: settings.tcpPort });
  if (!isLoopback(settings.tcpHost))
    problems.push(`${tcp} can be reached from other machines, which needs TLS; use 127.0.0.1, ::1 or localhost`);
  else
    say(
      `ok: ${tcp}, ${settings.preferUnixSocket ? 'only if the token socket cannot be made' : 'beside the token socket'}`,
    );

  for (const problem of problems) say(`problem: ${problem}`);
  if (problems.length > 0) {
    throw new CommandFailure(
      'The above must be put right before the receiver can do its work.',
      ExitCode.configuration,
    );
  }
}

function socketPathProblem(path: string): string | undefined {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    return `the path ${path} is longer than ${MAX_SOCKET_PATH_BYTES} bytes, the limit of unix(7); choose a shorter one`;
  }
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
    return undefined;
  } catch {
    return `the folder ${dirname(path)} does not exist or cannot be written to; create it, or choose another path`;
  }
}
