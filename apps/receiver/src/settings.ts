/**
 * Every setting of the receiver, declared once: `unixSocketPath` here is `--unix-socket-path`,
 * `TOKEN_RECEIVER_UNIX_SOCKET_PATH` and `unix_socket_path:`. Add a setting here, and use it in run.ts.
 */
import {
  booleanSetting,
  ConfigurationError,
  durationSetting,
  integerSetting,
  loadSettings,
  logSettings,
  modeSetting,
  pathSetting,
  runtimeFolder,
  sizeSetting,
  textSetting,
  type SettingsOf,
} from '@token-relay/daemon';
import { MAX_SOCKET_PATH_BYTES } from '@token-relay/socket';
import { join } from 'node:path';

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
  apiSocketPath: pathSetting({
    description: 'where applications read the token (HTTP); api.sock in the runtime folder if not given',
  }),
  ...logSettings({ defaultFile: 'logs/token_receiver.log' }),
};

export interface SettingsContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly uid: number;
  /** what the command line said */
  readonly flags: Readonly<Record<string, unknown>>;
}

type Declared = SettingsOf<typeof receiverDefinitions>;

export interface ReceiverSettings extends Omit<Declared, 'unixSocketPath' | 'apiSocketPath'> {
  readonly unixSocketPath: string;
  readonly apiSocketPath: string;
  /** whether nobody asked for a log file */
  readonly logFileIsDefault: boolean;
  /** what deserves a warning once there is a log */
  readonly warnings: readonly string[];
}

/** @throws ConfigurationError that names the file and the line */
export async function loadReceiverSettings({ env, cwd, uid, flags }: SettingsContext): Promise<ReceiverSettings> {
  const { values, sources, warnings } = await loadSettings(receiverDefinitions, {
    flags,
    env,
    envPrefix: ENV_PREFIX,
    defaultConfigFiles: ['configs/receiver.yaml', '/etc/token-relay/receiver.yaml'],
    cwd,
  });
  const inRuntimeFolder = (name: string) => join(runtimeFolder({ env, uid, create: true }), name);
  const unixSocketPath = values.unixSocketPath ?? inRuntimeFolder('token.sock');
  const apiSocketPath = values.apiSocketPath ?? inRuntimeFolder('api.sock');
  checkSocketPath('unix_socket_path', unixSocketPath);
  checkSocketPath('api_socket_path', apiSocketPath);
  return {
    ...values,
    unixSocketPath,
    apiSocketPath,
    logFileIsDefault: sources.logFile === 'default',
    warnings,
  };
}

function checkSocketPath(name: string, path: string): void {
  if (Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES) return;
  throw new ConfigurationError(
    'config_invalid',
    `${name}: the path ${path} is longer than ${MAX_SOCKET_PATH_BYTES} bytes, the limit of unix(7); choose a shorter one.`,
  );
}
