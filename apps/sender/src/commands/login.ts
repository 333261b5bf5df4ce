/** `token-refresh-sender login`: through the running daemon, or by itself if none runs. */
import { CommandFailure, ExitCode, parseDuration, type Surroundings } from '@token-relay/daemon';
import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  DEFAULT_LOGIN_TIMEOUT_MS,
  MAX_LOGIN_TIMEOUT_MS,
  MIN_LOGIN_TIMEOUT_MS,
  type LoginRequestOptions,
} from '../login/login-service.ts';
import { loadSenderSettings } from '../settings.ts';
import { deliveryLines, holdControl } from './hold-control.ts';
import { LoginClient, type EndedLogin } from './login-client.ts';
import { talkThroughLogin } from './login-talk.ts';

export async function login(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const settings = await loadSenderSettings({ ...surroundings, flags });
  const say = (line: string) => void surroundings.stdout.write(`${line}\n`);
  const listen = flags['browser'] !== false;
  const options = { timeoutMs: timeoutFrom(flags['timeout']), listen };
  const client = new LoginClient(settings.controlSocketPath);

  const ended =
    (await throughDaemon(surroundings, client, options)) ??
    (await holdControl(surroundings, settings, async (sender) => {
      await checkFolder(settings.tokenFile);
      // Its own control socket is open by now: the way is the same as through a daemon.
      const own = await throughDaemon(surroundings, client, options);
      if (own?.state === 'done') for (const line of await deliveryLines(sender)) say(line);
      return own;
    })) ??
    (await throughDaemon(surroundings, client, options));
  if (ended === undefined) {
    throw new CommandFailure('Another sender has just ended; log in again.', ExitCode.tryAgain);
  }
  conclude(ended, say);
}

/** Undefined if nobody listens at the control socket. */
async function throughDaemon(
  surroundings: Surroundings,
  client: LoginClient,
  options: Required<LoginRequestOptions>,
): Promise<EndedLogin | undefined> {
  const started = await client.start(options);
  return started && talkThroughLogin(surroundings, client, started, options.listen);
}

function conclude(ended: EndedLogin, say: (line: string) => void): void {
  if (ended.state === 'failed') throw new CommandFailure(sentence(ended.message), exitCodeFor(ended.code));
  if (ended.problem !== undefined) throw new CommandFailure(sentence(ended.problem), ExitCode.failed);
  say(sentence(ended.message));
}

function exitCodeFor(code: string): ExitCode {
  switch (code) {
    case 'timeout':
    case 'code_expired':
    case 'schwab_unavailable':
      return ExitCode.tryAgain;
    case 'wrong_credentials':
    case 'not_approved':
    case 'callback_mismatch':
      return ExitCode.configuration;
    default:
      return ExitCode.failed;
  }
}

function timeoutFrom(flag: unknown): number {
  if (flag === undefined) return DEFAULT_LOGIN_TIMEOUT_MS;
  const parsed = parseDuration(flag);
  if (!parsed.ok) throw new CommandFailure(`--timeout ${parsed.problem}`, ExitCode.usage);
  if (parsed.value < MIN_LOGIN_TIMEOUT_MS || parsed.value > MAX_LOGIN_TIMEOUT_MS) {
    throw new CommandFailure('--timeout must be between 1s and 1h', ExitCode.usage);
  }
  return parsed.value;
}

/** Before anybody logs in: a login whose tokens cannot be saved is lost, and has ended the one before. */
async function checkFolder(tokenFile: string): Promise<void> {
  const folder = dirname(tokenFile);
  await access(folder, constants.W_OK | constants.X_OK).catch(() => {
    throw new CommandFailure(
      `${folder}, the folder of the token file, does not exist or cannot be written to; create it, or choose another with --token-file.`,
      ExitCode.configuration,
    );
  });
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
