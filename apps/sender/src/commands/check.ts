/** `token-refresh-sender check`: whether it could run, without running. Every finding is a line. */
import { CommandFailure, ConfigurationError, ExitCode, type Surroundings } from '@token-relay/daemon';
import { formatAddress } from '@token-relay/socket';
import { isLoginInFuture, readTokenFile, TokenError } from '@token-relay/tokens';
import { access, constants, lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { appConfigWarnings, readAppConfig } from '../app-config.ts';
import { readClusterKeys, readClusterLogin, readClusterTls } from '../cluster/cluster-files.ts';
import type { ClusterConfig } from '../cluster/cluster-settings.ts';
import { readTargetCertificates } from '../delivery/target-tls.ts';
import { readFileEncryption } from '../file-encryption.ts';
import { callbackAddress, parseCallback } from '../login/callback-url.ts';
import { LoginError } from '../login/login-error.ts';
import { futureLoginLine } from '../refresh/disk-words.ts';
import { loadSenderSettings } from '../settings.ts';
import { findingOf } from './check-finding.ts';

export async function check(surroundings: Surroundings, flags: Readonly<Record<string, unknown>>): Promise<void> {
  const say = (line: string) => void surroundings.stdout.write(`${line}\n`);
  const warn = (warning: string) => say(`warning: ${warning}`);
  const settings = await loadSenderSettings({ ...surroundings, flags });
  const credentialsFolder = surroundings.env['CREDENTIALS_DIRECTORY'];
  const isSecretOutOfSight = settings.isService && credentialsFolder === undefined;
  settings.warnings.forEach(warn);
  say('ok: settings');

  const problems: ExitCode[] = [];
  const look = async <Found>(what: string, action: () => Found | Promise<Found>): Promise<Found | undefined> => {
    try {
      const found = await action();
      say(`ok: ${what}`);
      return found;
    } catch (error) {
      const finding = findingOf(error, isSecretOutOfSight);
      if (finding === undefined) throw error;
      if (finding.kind === 'problem') problems.push(finding.exitCode);
      say(`${finding.kind}: ${finding.message}`);
      return undefined;
    }
  };
  const appConfig = await look(`app configuration ${settings.appConfig}`, () =>
    readAppConfig(settings.appConfig, credentialsFolder),
  );
  if (appConfig !== undefined) {
    appConfigWarnings(appConfig).forEach(warn);
    const { callbackUrl } = appConfig;
    if (callbackUrl !== undefined) await look(`callback ${callbackUrl}`, () => checkCallback(callbackUrl, warn));
  }
  await look(`token file ${settings.tokenFile}`, async () => {
    const encryption = await readFileEncryption(settings, credentialsFolder);
    const { tokenSet } = await readTokenFile(settings.tokenFile, { encryptionKey: encryption?.key });
    if (tokenSet.refreshToken === undefined) {
      throw new TokenError('token_not_found', `${settings.tokenFile} has no refresh token: log in again`);
    }
    const { loginAtMs } = tokenSet;
    if (loginAtMs !== undefined && isLoginInFuture(tokenSet, Date.now())) {
      warn(futureLoginLine(settings.tokenFile, loginAtMs).message);
    }
  });
  for (const [what, path] of [
    ['folder of the token file', settings.tokenFile],
    ['folder of the control socket', settings.controlSocketPath],
  ] as const) {
    // systemd makes it when the service starts.
    if (path === settings.controlSocketPath && settings.isService) continue;
    await look(`${what} ${dirname(path)}`, () => canWrite(dirname(path), what));
  }
  await look(`control socket ${settings.controlSocketPath}`, () => canBeSocket(settings.controlSocketPath));
  for (const target of settings.targets) {
    say(`target: ${target.name} at ${formatAddress(target.address)}, ${target.format}`);
    if (target.tls === undefined) continue;
    await look(`certificates of target ${target.name}`, () => readTargetCertificates([target], credentialsFolder));
  }
  if (settings.cluster !== undefined) {
    const { host, servers } = settings.cluster;
    say(`cluster: ${host}, through ${servers.join(', ')}`);
    for (const [what, read] of clusterFiles(settings.cluster, credentialsFolder)) await look(what, read);
  }

  const worst = problems.includes(ExitCode.configuration) ? ExitCode.configuration : problems[0];
  if (worst !== undefined) {
    throw new CommandFailure(
      `${problems.length} of the above must be put right before the sender can do its work.`,
      worst,
    );
  }
}

/** The daemon does its work without, for 7 days: then somebody has to log in. */
function checkCallback(callbackUrl: string, warn: (warning: string) => void): void {
  const callback = parseCallback(callbackUrl);
  try {
    callbackAddress(callback);
  } catch (error) {
    if (!(error instanceof LoginError)) throw error;
    // The redirected address can still be pasted.
    warn(error.message);
  }
}

function clusterFiles(
  config: ClusterConfig,
  credentialsFolder: string | undefined,
): readonly (readonly [string, () => Promise<unknown>])[] {
  const { tls, nkey, credentials } = config;
  const login = nkey ?? credentials;
  return [
    ['keys of the cluster', () => readClusterKeys(config, credentialsFolder)],
    ...(tls === undefined
      ? []
      : [['certificates of the cluster', () => readClusterTls(config, credentialsFolder)] as const]),
    ...(login === undefined ? [] : [[login, () => readClusterLogin(config, credentialsFolder)] as const]),
  ];
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
