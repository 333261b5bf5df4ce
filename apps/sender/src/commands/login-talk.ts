/** One login as its user at the terminal sees it: the address, the browser, what is pasted, the time that is left. */
import { CommandFailure, ExitCode, handleSignals, sleepUntil, type Surroundings } from '@token-relay/daemon';
import { openBrowser } from './browser.ts';
import type { EndedLogin, LoginClient, PendingLogin, WireLogin } from './login-client.ts';
import { instructions, timeLeft } from './login-words.ts';
import { readPastes } from './pasted-text.ts';

const LOOK_EVERY_MS = 1_000;
const CLEAR_LINE = '\r\u001b[K';

/** Resolves when the login has ended, one way or the other. @param wantsBrowser whether to open one, if there is one */
export async function talkThroughLogin(
  surroundings: Surroundings,
  client: LoginClient,
  started: PendingLogin,
  wantsBrowser: boolean,
): Promise<EndedLogin> {
  const { stdout } = surroundings;
  const counts = stdout.isTTY === true;
  const say = (line: string) => void stdout.write(`${counts ? CLEAR_LINE : ''}${line}\n`);
  const opened = wantsBrowser && openBrowser(surroundings.env, started.authorize_url);

  let look = new AbortController();
  const news: { failure?: unknown; lastComplaint?: string; inputEnded?: true; takes?: true } = {};
  const attempt = async (action: () => Promise<unknown>) => {
    try {
      await action();
    } catch (error) {
      news.failure = error;
    }
    look.abort();
  };
  const cancel = () => void attempt(() => client.cancel(started.id));
  const ignoreSignals = handleSignals(surroundings.signals, {
    onStop: cancel,
    onSecondStop: () => surroundings.exitNow(ExitCode.failed),
    onReload: cancel,
  });
  const stopReading = readPastes(surroundings.stdin(), {
    onText: (text) =>
      attempt(async () => {
        const complaint = await client.paste(text);
        if (complaint === undefined) {
          news.takes = true;
          return;
        }
        news.lastComplaint = complaint;
        say(`${complaint}.`);
      }),
    onEnd: () => {
      news.inputEnded = true;
      look.abort();
    },
  });
  // Last, because from here on somebody may press Ctrl+C or paste.
  for (const line of instructions(started, opened)) say(line);
  try {
    for (;;) {
      look = new AbortController();
      if (news.failure !== undefined) throw asError(news.failure);
      const ended = endOf(await client.state(), started.id);
      if (ended !== undefined) return ended;
      if (news.inputEnded && !news.takes && started.listening === undefined) {
        await client.cancel(started.id);
        throw nothingLeft(started, news.lastComplaint);
      }
      if (counts)
        stdout.write(
          `${CLEAR_LINE}Waiting for the login, ${timeLeft(Date.parse(started.expires_at) - Date.now())} left `,
        );
      await sleepUntil(Date.now() + LOOK_EVERY_MS, { signal: look.signal });
    }
  } finally {
    if (counts) stdout.write(CLEAR_LINE);
    ignoreSignals();
    stopReading();
  }
}

/** Nobody can catch the redirect, and nobody can paste it any more. */
function nothingLeft(started: PendingLogin, lastComplaint: string | undefined): CommandFailure {
  if (lastComplaint !== undefined) return new CommandFailure(`${lastComplaint}.`, ExitCode.failed);
  const { not_listening: reason, not_listening_code: code } = started;
  if (reason === undefined) {
    return new CommandFailure(
      'No address was pasted, and standard input has ended; run this in a terminal, or send the address to its standard input.',
      ExitCode.failed,
    );
  }
  const isConfiguration = code === 'callback_not_loopback' || code === 'callback_port_not_permitted';
  return new CommandFailure(reason, isConfiguration ? ExitCode.configuration : ExitCode.failed);
}

/** The login's end, once it has one. Another login under way means that ours has ended without our seeing how. */
function endOf(view: WireLogin, id: string): EndedLogin | undefined {
  if (view.state === 'idle' || view.id !== id) {
    throw new CommandFailure(
      'Another login was begun meanwhile; look at: token-refresh-sender status',
      ExitCode.failed,
    );
  }
  return view.state === 'done' || view.state === 'failed' ? view : undefined;
}

function asError(failure: unknown): Error {
  return failure instanceof Error ? failure : new Error(String(failure));
}
