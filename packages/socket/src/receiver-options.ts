import type { HeldToken } from './held-token.ts';
import type { OnTick } from './socket-keeper.ts';
import type { TlsMaterial } from './tls-material.ts';

export type TokenReceiverOptions = {
  /** At most 107 bytes. */
  unixSocketPath?: string;
  /** The descriptor of a Unix socket that listens already, from systemd. `unixSocketPath` is then only its name. */
  unixSocketFd?: number;
  /** A loopback address, or with `tls` any; default 127.0.0.1. */
  tcpHost?: string;
  /** Without it nothing listens on TCP; 0 takes any free port. */
  tcpPort?: number;
  /** TCP speaks TLS 1.3, whatever its address, and only with those who show a certificate of the authority in here. */
  tls?: TlsMaterial;
  /** Default true: TCP only if the Unix socket cannot be opened. False: each one that is given. */
  preferUnixSocket?: boolean;
  /** Bytes of one message; default 8192. */
  maxTokenSize?: number;
  /** For one whole message, from the connect (with TLS, the handshake is within it), and again for the peer to close after its reply; default 5000. */
  receiveTimeoutMs?: number;
  /** Default 128. */
  listenBacklog?: number;
  /**
   * Connections at a time, on each socket; default 256. When there are as many, one more takes the place of the one that has been silent
   * longest, if that is a second; otherwise it is told `busy`.
   */
  maxConnections?: number;
  /** Permission bits of the Unix socket; default 0o660. */
  socketMode?: number;
  /** Group of the Unix socket; default the process's own. */
  socketGroupId?: number;
  /** Called with the folder of the Unix socket before the socket is made again, as it is when another program removes it. Default: the folder is waited for. */
  remakeFolder?: (folder: string) => void;
  /** When to look whether the Unix socket is still there, beside the watch of its folder; default every 30 s. */
  onTick?: OnTick;
  /** Default true. False: refresh tokens are given to the callbacks, and then forgotten. */
  keepRefreshToken?: boolean;
  /**
   * An access token in which this is not found is refused as `bad_token`. It is matched against what strangers send: keep it simple,
   * without nested repetition.
   */
  tokenPattern?: RegExp;
  /** What an earlier receiver held: it is held from the start, and generations go on from it. The callbacks are not called with it. */
  restored?: HeldToken;
  /** Generations go on from this one; default that of `restored`, or 0. For a receiver whose last token was not kept. */
  lastGeneration?: number;
  /** Epoch milliseconds; default Date.now. */
  nowMs?: () => number;
  /** Milliseconds that only go forward; default performance.now. */
  monotonicMs?: () => number;
};
