/**
 * Every setting of the receiver, declared once: `unixSocketPath` here is `--unix-socket-path`,
 * `TOKEN_RECEIVER_UNIX_SOCKET_PATH` and `unix_socket_path:`. Add a setting here, and use it in run.ts.
 */
import {
  booleanSetting,
  ConfigurationError,
  durationSetting,
  hasOwnSocket,
  hooksSetting,
  integerSetting,
  loadSettings,
  logSettings,
  modeSetting,
  pathSetting,
  runtimeFolder,
  serviceFolders,
  settingsFolder,
  sizeSetting,
  statsdSetting,
  textSetting,
  type SettingsOf,
} from '@token-relay/daemon';
import { socketPathProblem } from '@token-relay/socket';
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { RECEIVER_HOOK_EVENTS } from './hooks/receiver-hooks.ts';
import { refuseSinkConflicts } from './sinks/sink-conflicts.ts';
import { sinksSetting } from './sinks/sink-settings.ts';
import { tlsFiles, tlsSetting, type TlsFiles } from './tls-settings.ts';
import { tokenPattern } from './token-pattern.ts';
import { whoseReceiver } from './whose-receiver.ts';

export const ENV_PREFIX = 'TOKEN_RECEIVER_';

export const receiverDefinitions = {
  unixSocketPath: pathSetting({
    description: 'where senders deliver tokens; token.sock in the runtime folder if not given',
  }),
  tcpHost: textSetting({ default: '127.0.0.1', description: 'the loopback address of the TCP socket' }),
  tcpPort: integerSetting({
    default: 9999,
    min: 0,
    max: 65_535,
    description: 'the port of the TCP socket; 0: any free one',
  }),
  preferUnixSocket: booleanSetting({
    default: true,
    description: 'true: TCP only if the Unix socket cannot be made; false: both at once',
  }),
  maxTokenSize: sizeSetting({ default: 8192, description: 'the longest message, in bytes' }),
  listenBacklog: integerSetting({
    default: 128,
    min: 1,
    max: 65_535,
    description: 'connections that may wait to be accepted',
  }),
  receiveTimeout: durationSetting({ default: '5s', description: 'the longest time for a whole message' }),
  maxConnections: integerSetting({
    default: 256,
    min: 1,
    max: 65_535,
    description: 'senders at the same time; one more is told it is busy',
  }),
  socketMode: modeSetting({ default: '0660', description: 'who may deliver tokens: the mode of the Unix socket' }),
  socketGroup: textSetting({ description: 'the group of the Unix socket; that of the process if not given' }),
  tokenPattern: textSetting({
    description: 'a regular expression that an access token has to match, or it is refused; off if not given',
    example: "'^I0[.].+@$'",
  }),
  tls: tlsSetting(),
  apiSocketPath: pathSetting({
    description: 'where applications read the token (HTTP); api.sock in the runtime folder if not given',
  }),
  maxReaders: integerSetting({
    default: 8192,
    min: 1,
    max: 65_535,
    description: 'applications connected at the same time; one more is told to come back',
  }),
  credentialSocketPath: pathSetting({
    description: "the socket for systemd's LoadCredential=; credential.sock beside api_socket_path if not given",
  }),
  credentialWait: durationSetting({
    default: '30s',
    description: 'how long a unit that starts waits there for a valid token before it fails',
  }),
  staleAfter: durationSetting({ default: '30m', description: 'without a new token for this long, the token is stale' }),
  historySize: integerSetting({ default: 50, min: 0, max: 10_000, description: 'tokens that the history remembers' }),
  stateFile: pathSetting({
    description: 'what is held across a restart; api.state.json beside api_socket_path if not given',
  }),
  metricsPort: integerSetting({
    min: 0,
    max: 65_535,
    description: 'the port on 127.0.0.1 for /metrics, /healthz and /readyz; 0: any free one; off if not given',
  }),
  statsd: statsdSetting(),
  sinks: sinksSetting(),
  hooks: hooksSetting({ events: RECEIVER_HOOK_EVENTS }),
  ...logSettings({ defaultFile: 'logs/token_receiver.log' }),
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

type Declared = SettingsOf<typeof receiverDefinitions>;

/** Paths that have a place of their own if they are not given. */
type Placed = 'unixSocketPath' | 'apiSocketPath' | 'credentialSocketPath' | 'stateFile';

export interface ReceiverSettings
  extends Omit<Declared, Placed | 'tls' | 'tokenPattern'>, Readonly<Record<Placed, string>> {
  /** whether nobody asked for it */
  readonly stateFileIsDefault: boolean;
  readonly credentialSocketIsDefault: boolean;
  readonly tls: TlsFiles | undefined;
  readonly tokenPattern: RegExp | undefined;
  /** the settings file that was read, absolute */
  readonly configFile: string | undefined;
  /** whether nobody asked for a log file */
  readonly logFileIsDefault: boolean;
  /** what deserves a warning once there is a log */
  readonly warnings: readonly string[];
}

/** @throws ConfigurationError that names the file and the line */
export async function loadReceiverSettings(context: SettingsContext): Promise<ReceiverSettings> {
  const { env, cwd, flags, exists } = context;
  const { values, sources, warnings, configFile } = await loadSettings(receiverDefinitions, {
    flags,
    env,
    envPrefix: ENV_PREFIX,
    defaultConfigFiles: [join(settingsFolder({ env, cwd, exists }).path, 'receiver.yaml')],
    cwd,
  });
  const inRuntimeFolder = (name: string) => join(socketFolder(context), name);
  const apiSocketPath = values.apiSocketPath ?? inRuntimeFolder('api.sock');
  // Beside it, so that two receivers of one user that were given sockets of their own share nothing else either.
  const besideApiSocket = (name: string) => join(dirname(apiSocketPath), name);
  const sockets = {
    unixSocketPath: values.unixSocketPath ?? inRuntimeFolder('token.sock'),
    apiSocketPath,
    credentialSocketPath: values.credentialSocketPath ?? besideApiSocket('credential.sock'),
  };
  checkSocketPath('unix_socket_path', sockets.unixSocketPath);
  checkSocketPath('api_socket_path', sockets.apiSocketPath);
  checkSocketPath('credential_socket_path', sockets.credentialSocketPath);
  const stateFile = values.stateFile ?? besideApiSocket(`${basename(apiSocketPath, '.sock')}.state.json`);
  await refuseSinkConflicts(values.sinks, {
    state_file: stateFile,
    unix_socket_path: sockets.unixSocketPath,
    api_socket_path: sockets.apiSocketPath,
    credential_socket_path: sockets.credentialSocketPath,
    ...(values.logFile === 'none' ? {} : { log_file: resolve(cwd, values.logFile) }),
  });
  return {
    ...values,
    ...sockets,
    stateFile,
    stateFileIsDefault: sources.stateFile === 'default',
    credentialSocketIsDefault: sources.credentialSocketPath === 'default',
    tls: values.tls === undefined ? undefined : tlsFiles(values.tls, cwd),
    tokenPattern: values.tokenPattern === undefined ? undefined : await tokenPattern(values.tokenPattern),
    logFileIsDefault: sources.logFile === 'default',
    configFile: configFile === undefined ? undefined : resolve(cwd, configFile),
    warnings,
  };
}

/** Where the sockets are that nobody has named. */
function socketFolder({ env, uid, isDaemon = false, exists = existsSync }: SettingsContext): string {
  const whose = whoseReceiver({
    isDaemon,
    isOwnThere: () => hasOwnSocket('api.sock', { env, uid }),
    isServiceThere: () => exists(join(serviceFolders.receiverRuntime, 'api.sock')),
  });
  return whose === 'service' ? serviceFolders.receiverRuntime : runtimeFolder({ env, uid, create: true });
}

function checkSocketPath(name: string, path: string): void {
  const problem = socketPathProblem(path);
  if (problem !== undefined) throw new ConfigurationError('config_invalid', `${name}: the path ${problem}`);
}
