/** The token socket, as the settings want it. */
import { onTick } from '@token-relay/daemon';
import { TokenReceiver, type TlsMaterial } from '@token-relay/socket';
import type { HeldState } from './holding/state-text.ts';
import type { ReceiverSettings } from './settings.ts';

export interface TokenIntakeOptions {
  /** the descriptor of the Unix socket, if systemd has opened it already */
  readonly fd: number | undefined;
  readonly tls: TlsMaterial | undefined;
  readonly groupId: number | undefined;
  readonly remakeFolder: ((folder: string) => void) | undefined;
  /** what an earlier process held */
  readonly restored: HeldState;
}

/** Not listening yet. */
export function tokenReceiver(
  settings: ReceiverSettings,
  { fd, tls, groupId, remakeFolder, restored }: TokenIntakeOptions,
): TokenReceiver {
  return new TokenReceiver({
    unixSocketPath: settings.unixSocketPath,
    tcpHost: settings.tcpHost,
    tcpPort: settings.tcpPort,
    preferUnixSocket: settings.preferUnixSocket,
    maxTokenSize: settings.maxTokenSize,
    receiveTimeoutMs: settings.receiveTimeout,
    listenBacklog: settings.listenBacklog,
    maxConnections: settings.maxConnections,
    socketMode: settings.socketMode,
    keepRefreshToken: false,
    onTick,
    ...(fd === undefined ? {} : { unixSocketFd: fd }),
    ...(groupId === undefined ? {} : { socketGroupId: groupId }),
    ...(settings.tokenPattern === undefined ? {} : { tokenPattern: settings.tokenPattern }),
    ...(tls === undefined ? {} : { tls }),
    ...(remakeFolder === undefined ? {} : { remakeFolder }),
    ...(restored.held === undefined ? {} : { restored: restored.held }),
    lastGeneration: restored.generation,
  });
}
