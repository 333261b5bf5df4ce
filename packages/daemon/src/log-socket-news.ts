import type { Log } from './log.ts';

/** What a SocketKeeper of packages/socket tells of a socket. */
type SocketNews =
  | { readonly kind: 'lost'; readonly error: { readonly message: string; readonly code: string } }
  | { readonly kind: 'restored' | 'opened' };

/** Says in the log what becomes of the socket at a path. */
export function logSocketNews(log: Log, path: string): (news: SocketNews) => void {
  return (news) => {
    if (news.kind === 'restored') {
      log.warn(`The socket ${path} had been removed; it can be connected to again`);
      return;
    }
    if (news.kind !== 'lost') {
      log.info(`The socket ${path} can be connected to now`);
      return;
    }
    const { message, code } = news.error;
    const next = code === 'not_ours' ? '' : ' It is made again as soon as it can be.';
    log.error(`The socket ${path} was removed, and nobody can connect to it. ${message}${next}`);
  };
}
