/** The socket at which applications read the token: made, or taken over from systemd, and made again when it is removed. */
import { logSocketNews, onTick, type Log } from '@token-relay/daemon';
import { bindUnixSocket, serveInheritedSocket, SocketKeeper, type UnixSocketClaim } from '@token-relay/socket';
import type { Server } from 'node:net';

/** Thousands of applications may start at the same time; with a short one, connects in a burst fail with EAGAIN. */
const API_BACKLOG = 4096;

export interface ApiSocketOptions {
  readonly path: string;
  /** the descriptor, if systemd has opened it already */
  readonly fd: number | undefined;
  readonly mode: number;
  /** default: the process's own */
  readonly groupId: number | undefined;
  readonly log: Log;
  /** makes the folder again that was removed, if it is this program's to make; default: it is waited for */
  readonly remakeFolder: ((folder: string) => void) | undefined;
  /** called when it was removed, and can be connected to again */
  readonly onRestored: () => void;
}

export interface ApiSocket {
  /** Whether another program has removed it, and it is not there again yet. */
  readonly isLost: () => boolean;
  /** Removes it; the server is the caller's to close. */
  readonly release: () => Promise<void>;
}

/** Resolves when the server can be connected to. Rejects with a SocketBindError; the server is then closed. */
export async function openApiSocket(server: Server, options: ApiSocketOptions): Promise<ApiSocket> {
  const claim = await claimSocket(server, options);
  const { log, remakeFolder, onRestored } = options;
  const say = logSocketNews(log, claim.path);
  const keeper = new SocketKeeper(claim, {
    remakeFolder,
    onTick,
    onNews: (news) => {
      say(news);
      if (news.kind === 'restored') onRestored();
    },
  });
  return {
    isLost: () => !claim.isInPlace(),
    release: async () => {
      await keeper.stop();
      claim.release();
    },
  };
}

function claimSocket(server: Server, { path, fd, mode, groupId }: ApiSocketOptions): Promise<UnixSocketClaim> {
  const backlog = API_BACKLOG;
  if (fd !== undefined) return serveInheritedSocket(server, fd, path, { backlog });
  return bindUnixSocket(server, path, { mode, backlog, ...(groupId === undefined ? {} : { groupId }) });
}
