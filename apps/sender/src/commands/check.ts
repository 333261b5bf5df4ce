/** `token-refresh-sender check`: whether it could run, without running. Every finding is a line. */
import { CommandFailure, ConfigurationError, ExitCode, type Surroundings } from '@token-relay/daemon';
import { formatAddress } from '@token-relay/socket';
import { readTokenFile, TokenError } from '@token-relay/tokens';
import { access, constants, lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readAppConfig } from '../app-config.ts';
import { readFileEncryption } from '../file-encryption.ts';
import { loadSenderSettings } from '../settings.ts';

export async function check(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const say = (line: string) => void surroundings.stdout.write(`${line}\n`);
  const settings = await loadSenderSettings({ ...surroundings, flags });
  for (const warning of settings.warnings) say(`warning: ${warning}`);
  say('ok: settings');

  const problems: ExitCode[] = [];
  const look = async (what: string, action: () => Promise<void>) => {
    try {
      await action();
      say(`ok: ${what}`);
    } catch (error) {
      if (error instanceof ConfigurationError) problems.push(ExitCode.configuration);
      else if (error instanceof TokenError) {
        problems.push(error.code === 'token_not_found' ? ExitCode.loginRequired : ExitCode.configuration);
      } else throw error;
      say(`problem: ${error.message}`);
    }
  };
  await look(`app configuration ${settings.appConfig}`, async () => {
    await readAppConfig(settings.appConfig, surroundings.env['CREDENTIALS_DIRECTORY']);
  });
  await look(`token file ${settings.tokenFile}`, async () => {
    const encryption = await readFileEncryption(settings, surroundings.env['CREDENTIALS_DIRECTORY']);
    const { tokenSet } = await readTokenFile(settings.tokenFile, { encryptionKey: encryption?.key });
    if (tokenSet.refreshToken === undefined) {
      throw new TokenError('token_not_found', `${settings.tokenFile} has no refresh token: log in again`);
    }
  });
  for (const [what, path] of [
    ['folder of the token file', settings.tokenFile],
    ['folder of the control socket', settings.controlSocketPath],
  ] as const) {
    await look(`${what} ${dirname(path)}`, () => canWrite(dirname(path), what));
  }
  await look(`control socket ${settings.controlSocketPath}`, () => canBeSocket(settings.controlSocketPath));
  for (const { name, address, format } of settings.targets)
    say(`target: ${name} at ${formatAddress(address)}, ${format}`);

  const worst = problems.includes(ExitCode.configuration) ? ExitCode.configuration : problems[0];
  if (worst !== undefined) {
    throw new CommandFailure(
      `${problems.length} of the above must be put right before the sender can do its work.`,
      worst,
    );
  }
}

async function canWrite(folder: string, what: string): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch {
    throw new ConfigurationError(
      'config_invalid',
      `the ${what} does not exist or cannot be written to; create it, or choose another`,
      { file: folder },
    );
  }
}

async function canBeSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || found.isSocket()) return;
  throw new ConfigurationError('config_invalid', 'this is not a socket; move it away, or choose another path', {
    file: path,
  });
}
