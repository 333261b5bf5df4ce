/** Opens the web page if `web_port` is set. It is imported only then. */
import type { Log } from '@token-relay/daemon';
import { SocketBindError } from '@token-relay/socket';
import type { Sender } from '../sender.ts';

export interface WebPage {
  close(): Promise<void>;
}

/** A page that cannot be opened is an ERROR in the log and no more: the refresh matters more. */
export async function openWebPage(
  sender: Sender,
  { webPort }: { readonly webPort: number | undefined },
  log: Log,
): Promise<WebPage | undefined> {
  if (webPort === undefined) return undefined;
  const { openWebServer } = await import('./server.ts');
  try {
    const page = await openWebServer({
      port: webPort,
      log,
      source: {
        status: () => sender.report.statusAsked(),
        timeline: () => sender.news.timeline.events(),
        login: sender.login,
        onChange: (listener) => sender.news.onChange(listener),
        nowMs: Date.now,
      },
    });
    log.info(`Web page at ${page.url}`);
    return page;
  } catch (error) {
    if (!(error instanceof SocketBindError)) throw error;
    log.error(`${error.message} Going on without the web page.`);
    return undefined;
  }
}
