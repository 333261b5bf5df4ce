/**
 * Every setting of the sender, declared once: `tokenFile` here is `--token-file`, `TOKEN_SENDER_TOKEN_FILE` and
 * `token_file:`. Add a setting here, and use it in run.ts.
 */
import {
  booleanSetting,
  hasOwnSocket,
  hooksSetting,
  ConfigurationError,
  durationSetting,
  integerSetting,
  loadSettings,
  logSettings,
  pathSetting,
  runtimeFolder,
  serviceFolders,
  settingsFolder,
  structureSetting,
  statsdSetting,
  textSetting,
  type SettingsFolder,
  type SettingsOf,
} from '@token-relay/daemon';
import { isLoopback, socketPathProblem } from '@token-relay/socket';
import { accessSync, constants } from 'node:fs';
import { join, resolve } from 'node:path';
import { clusterConfig, clusterSchema, type ClusterConfig } from './cluster/cluster-settings.ts';
import { targetConfigs, targetsSchema, targetWarnings } from './delivery/target-settings.ts';
import type { TargetConfig } from './delivery/target.ts';

export const ENV_PREFIX = 'TOKEN_SENDER_';

export const senderDefinitions = {
  appConfig: pathSetting({
    default: 'configs/schwab_app_config.yaml',
    description: 'your app at Schwab: app_key, app_secret, callback_url (chmod 600)',
  }),
  tokenFile: pathSetting({
    default: 'configs/schwab_tokens.json',
    description: "the token file, in schwab-py's format",
  }),
  tokenUrl: textSetting({
    default: 'https://api.schwabapi.com/v1/oauth/token',
    description: 'where tokens are refreshed; http: only on loopback',
  }),
  authorizeUrl: textSetting({
    default: 'https://api.schwabapi.com/v1/oauth/authorize',
    description: 'where a user logs in; http: only on loopback',
  }),
  refreshInterval: durationSetting({ default: '25m', description: 'the longest time from one refresh to the next' }),
  httpTimeout: durationSetting({ default: '30s', description: 'the longest time for one request to Schwab' }),
  socketPath: pathSetting({
    description:
      "the receiver's Unix socket, when no targets are listed; token.sock in the runtime folder if not given",
  }),
  targets: structureSetting({
    schema: targetsSchema,
    description: 'a list of targets: name, unix or tcp, tls, format (json, raw), include_refresh_token',
  }),
  socketRetries: integerSetting({ default: 3, min: 1, max: 100, description: 'attempts in a row to deliver a token' }),
  socketRetryDelay: durationSetting({ default: '5s', description: 'the time between two of them' }),
  controlSocketPath: pathSetting({
    description: 'where commands ask the running daemon; control.sock in the runtime folder if not given',
  }),
  webPort: integerSetting({
    min: 1,
    max: 65_535,
    description: 'the port of the local web page, http://127.0.0.1:PORT/; off if not given',
  }),
  hooks: hooksSetting({ events: ['login_due', 'login_required', 'login_done'] }),
  tokenFileEncryption: booleanSetting({
    default: false,
    description: 'keep the token file encrypted; other programs can then not read it',
  }),
  tokenFileKey: pathSetting({
    description: 'the key of an encrypted token file (0600); token_file_key in $CREDENTIALS_DIRECTORY if not given',
  }),
  metricsPort: integerSetting({
    min: 0,
    max: 65_535,
    description: 'the port on 127.0.0.1 for /metrics, /healthz and /readyz; 0: any free one; off if not given',
  }),
  statsd: statsdSetting(),
  cluster: structureSetting({
    schema: clusterSchema,
    description: 'one login for many machines: servers, host, keys, tls, nkey or credentials (docs/cluster.md)',
  }),
  ...logSettings({ defaultFile: 'logs/token_refresh_sender.log' }),
};

export interface SettingsContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly uid: number;
  /** what the command line said */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Whether this is the daemon, and not a command that may be about one. */
  readonly isDaemon?: boolean;
  /** Whether there is a file; default: looks. */
  readonly exists?: (path: string) => boolean;
}

type Declared = SettingsOf<typeof senderDefinitions>;

export interface SenderSettings extends Omit<Declared, 'socketPath' | 'controlSocketPath' | 'targets' | 'cluster'> {
  readonly controlSocketPath: string;
  readonly targets: readonly TargetConfig[];
  readonly cluster?: ClusterConfig | undefined;
  /** whether these are the settings of the system's service: what it has to itself is not for a command to touch */
  readonly isService: boolean;
  /** the settings file that was read, absolute */
  readonly configFile: string | undefined;
  /** whether nobody asked for a log file */
  readonly logFileIsDefault: boolean;
  /** what deserves a warning once there is a log */
  readonly warnings: readonly string[];
}

/** @throws ConfigurationError that names the file and the line */
export async function loadSenderSettings(context: SettingsContext): Promise<SenderSettings> {
  const { env, cwd, uid, flags } = context;
  const folder = senderFolder(context);
  const { values, sources, warnings, configFile } = await loadSettings(senderDefinitions, {
    flags,
    env,
    envPrefix: ENV_PREFIX,
    defaultConfigFiles: [join(folder.path, 'sender.yaml')],
    cwd,
  });
  checkUrl('token_url', values.tokenUrl);
  checkUrl('authorize_url', values.authorizeUrl);
  const { socketPath, targets, cluster, ...rest } = values;
  const isNamedHere = sources.tokenFile === 'flag' || sources.tokenFile === 'environment';
  // The control socket is the lock of the login: it goes with the token file.
  const isService = folder.kind === 'service' && !isNamedHere;
  const inFolder = (owner: keyof typeof serviceFolders, name: string) =>
    join(isService ? serviceFolders[owner] : runtimeFolder({ env, uid, create: true }), name);
  const controlSocketPath = values.controlSocketPath ?? inFolder('senderRuntime', 'control.sock');
  checkSocketPath('control_socket_path', controlSocketPath);
  const receiver = { name: 'receiver', unix: socketPath ?? inFolder('receiverRuntime', 'token.sock') };
  const theirs = targetConfigs(targets ?? [receiver], cwd);
  return {
    ...rest,
    ...(sources.appConfig === 'default' ? { appConfig: resolve(cwd, folder.path, 'schwab_app_config.yaml') } : {}),
    ...(sources.tokenFile === 'default' ? { tokenFile: resolve(cwd, folder.stateFolder, 'schwab_tokens.json') } : {}),
    controlSocketPath,
    targets: theirs,
    cluster: cluster === undefined ? undefined : clusterConfig(cluster, cwd, values.httpTimeout),
    isService,
    logFileIsDefault: sources.logFile === 'default',
    configFile: configFile === undefined ? undefined : resolve(cwd, configFile),
    warnings: [...warnings, ...targetWarnings(theirs)],
  };
}

function senderFolder(context: SettingsContext): SettingsFolder {
  const { env, cwd, flags, exists } = context;
  const named = flags['config'] ?? env[`${ENV_PREFIX}CONFIG`];
  return settingsFolder({
    env,
    cwd,
    ...(typeof named === 'string' && named !== '' ? { named } : {}),
    isServiceMeant: () => isServiceMeant(context),
    exists,
  });
}

/** A command may be about this user's own sender; a daemon that another user runs is not the service. */
function isServiceMeant({ env, uid, isDaemon = false }: SettingsContext): boolean {
  if (!isDaemon) return !hasOwnSocket('control.sock', { env, uid });
  return env['RUNTIME_DIRECTORY'] === serviceFolders.senderRuntime || !isDenied(serviceFolders.settings);
}

function isDenied(folder: string): boolean {
  try {
    accessSync(join(folder, 'schwab_app_config.yaml'), constants.R_OK);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES';
  }
}

/** A token URL in the clear would send the app's secret and the refresh token over the network (RFC 6749 §3.2). */
function checkUrl(name: string, text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, ''))))
    return;
  throw new ConfigurationError(
    'config_invalid',
    url?.protocol === 'http:'
      ? `${name}: ${url.host} would be sent your login in the clear; use https: (http: is for loopback only).`
      : `${name} must be an https: address.`,
  );
}

function checkSocketPath(name: string, path: string): void {
  const problem = socketPathProblem(path);
  if (problem !== undefined) throw new ConfigurationError('config_invalid', `${name}: the path ${problem}`);
}
