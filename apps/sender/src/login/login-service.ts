/** The one login that may be under way: started or joined by the command line and by the web page, and told to both. */
import { randomBytes } from 'node:crypto';
import type { Log } from '@token-relay/daemon';
import type { AppConfig } from '../app-config.ts';
import { postForm } from '../refresh/token-endpoint.ts';
import { duration } from '../status/duration.ts';
import type { LoginTokens } from './login-answer.ts';
import { LoginAttempt } from './login-flow.ts';
import type { LoginErrorCode } from './login-error.ts';
import { loginEndsAt } from './login-lifetime.ts';
import type { LoginFailureCode, LoginResult, PasteVerdict } from './login-result.ts';

export const DEFAULT_LOGIN_TIMEOUT_MS: number = 5 * 60_000;
export const MIN_LOGIN_TIMEOUT_MS: number = 1_000;
export const MAX_LOGIN_TIMEOUT_MS: number = 60 * 60_000;

export interface LoginServiceDependencies {
  /** As it is configured now. */
  readonly configuration: () => {
    readonly app: AppConfig;
    readonly authorizeUrl: string;
    readonly tokenUrl: string;
    readonly httpTimeoutMs: number;
    readonly certificateFile: string;
  };
  /** Saves and publishes. Resolves to what went wrong all the same, in words. */
  readonly onLoggedIn: (tokens: LoginTokens, loginAtMs: number) => Promise<string | undefined>;
  readonly log: Log;
  readonly nowMs: () => number;
}

export interface LoginRequestOptions {
  /** Default 5 minutes; between a second and an hour. */
  readonly timeoutMs?: number;
  /** Whether to catch the redirect on the callback's port: true. */
  readonly listen?: boolean;
}

/** A login as it is shown. Times are epoch milliseconds; messages are for people. */
export type LoginView =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'waiting' | 'exchanging';
      readonly id: string;
      readonly authorizeUrl: string;
      readonly expiresAtMs: number;
      /** where the redirect is waited for */
      readonly listening?: string;
      /** why it is not, though it was meant to be */
      readonly notListening?: string;
      readonly notListeningCode?: LoginErrorCode;
    }
  | {
      readonly kind: 'done';
      readonly id: string;
      readonly message: string;
      readonly loginAtMs: number;
      readonly endsAtMs: number;
      readonly problem?: string;
    }
  | { readonly kind: 'failed'; readonly id: string; readonly code: LoginFailureCode; readonly message: string };

export class LoginService {
  readonly #deps: LoginServiceDependencies;
  readonly #listeners = new Set<() => void>();
  #attempt: LoginAttempt | undefined;
  #starting: Promise<LoginView> | undefined;
  #isClosed = false;

  constructor(dependencies: LoginServiceDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Starts a login, or joins the one that is under way, whatever its options are.
   * @throws LoginError `callback_missing`, `callback_not_a_url`, `callback_not_https`
   */
  async start(options: LoginRequestOptions = {}): Promise<LoginView> {
    if (this.#attempt !== undefined && this.#attempt.phase.kind !== 'ended') return this.state();
    this.#starting ??= this.#start(options).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  state(): LoginView {
    return this.#attempt === undefined ? { kind: 'idle' } : viewOf(this.#attempt);
  }

  /** Takes a redirected address that somebody pasted. */
  paste(text: string): PasteVerdict {
    return this.#attempt?.paste(text) ?? { kind: 'too_late', message: 'No login is under way. Start one' };
  }

  /** Ends the waiting of the login under way, if it is the one with this id. */
  cancel(id?: string): void {
    if (id === undefined || id === this.#attempt?.id) this.#attempt?.cancel();
  }

  /** Called when something that `state` shows has changed. Returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Cancels what waits, waits for a code that is being exchanged, and frees the port. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#starting?.catch(() => undefined);
    this.#attempt?.cancel();
    await this.#attempt?.closed();
  }

  async #start({ timeoutMs = DEFAULT_LOGIN_TIMEOUT_MS, listen = true }: LoginRequestOptions): Promise<LoginView> {
    if (this.#isClosed) return this.state();
    const { configuration, onLoggedIn, log, nowMs } = this.#deps;
    // The port of the one before may still be open, for its browser's last page.
    await this.#attempt?.closed();
    const attempt = await LoginAttempt.start({
      ...configuration(),
      timeoutMs: Math.min(Math.max(timeoutMs, MIN_LOGIN_TIMEOUT_MS), MAX_LOGIN_TIMEOUT_MS),
      listen,
      post: postForm,
      keep: onLoggedIn,
      warn: (message) => log.warn(message),
      nowMs,
      random: randomBytes,
      onChange: () => this.#changed(),
    });
    this.#attempt = attempt;
    log.info(
      `Login started; waiting ${duration(attempt.expiresAtMs - nowMs())} for ${attempt.listening === undefined ? 'the redirected address to be pasted' : `the redirect at ${attempt.listening}`}`,
    );
    void attempt.result.then((result) => this.#log(result));
    this.#changed();
    return this.state();
  }

  #log(result: LoginResult): void {
    const { log } = this.#deps;
    if (result.kind === 'logged_in') log.info(loggedIn(result.loginAtMs));
    else log[isUsersDoing(result.code) ? 'info' : 'error'](`Login failed: ${result.message}`);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function viewOf({ id, authorizeUrl, expiresAtMs, listening, notListening, phase }: LoginAttempt): LoginView {
  switch (phase.kind) {
    case 'waiting':
    case 'exchanging':
      return {
        kind: phase.kind,
        id,
        authorizeUrl,
        expiresAtMs,
        ...(listening === undefined ? {} : { listening }),
        ...(notListening === undefined
          ? {}
          : { notListening: notListening.message, notListeningCode: notListening.code }),
      };
    case 'ended': {
      const { result } = phase;
      if (result.kind === 'failed') return { kind: 'failed', id, code: result.code, message: result.message };
      const { loginAtMs, problem } = result;
      return {
        kind: 'done',
        id,
        message: loggedIn(loginAtMs),
        loginAtMs,
        endsAtMs: loginEndsAt(loginAtMs),
        ...(problem === undefined ? {} : { problem }),
      };
    }
  }
}

function isUsersDoing(code: LoginFailureCode): boolean {
  return code === 'cancelled' || code === 'timeout' || code === 'denied';
}

function loggedIn(loginAtMs: number): string {
  const end = new Date(loginEndsAt(loginAtMs));
  const two = (value: number) => String(value).padStart(2, '0');
  return `Logged in for 7 days, until ${end.getFullYear()}-${two(end.getMonth() + 1)}-${two(end.getDate())} ${two(end.getHours())}:${two(end.getMinutes())}`;
}
