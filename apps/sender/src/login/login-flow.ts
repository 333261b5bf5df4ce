/**
 * One login, from the address for the browser to the tokens: waits for the redirect or for what somebody pastes of it,
 * whichever comes first, and exchanges the code at once. What is decided is in redirect-url.ts and login-answer.ts.
 */
import type { AppConfig } from '../app-config.ts';
import type { Exchange } from '../refresh/token-endpoint.ts';
import type { TokenRequest } from '../refresh/token-request.ts';
import { authorizeUrl, newState } from './authorize-url.ts';
import { callbackCertificate } from './callback-certificate.ts';
import type { CallbackListener } from './callback-listener.ts';
import { parseCallback } from './callback-url.ts';
import type { LandingView } from './landing-page.ts';
import { judgeLoginAnswer, unavailable, type LoginTokens } from './login-answer.ts';
import { LoginError } from './login-error.ts';
import { loginEndsAt } from './login-lifetime.ts';
import { loginRequest } from './login-request.ts';
import type { LoginPhase, LoginResult, PasteVerdict } from './login-result.ts';
import { judgeRedirect, type ExpectedRedirect } from './redirect-url.ts';

export interface LoginParts {
  readonly app: AppConfig;
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  /** For the exchange of the code. */
  readonly httpTimeoutMs: number;
  /** How long to wait for the code. */
  readonly timeoutMs: number;
  /** Whether to catch the redirect; if that cannot be done, the attempt goes on without, and `notListening` says why. */
  readonly listen: boolean;
  readonly certificateFile: string;
  readonly post: (request: TokenRequest, timeoutMs: number) => Promise<Exchange>;
  /** Saves and publishes the new tokens. Resolves to what went wrong all the same, in words. */
  readonly keep: (tokens: LoginTokens, loginAtMs: number) => Promise<string | undefined>;
  readonly warn: (message: string) => void;
  readonly nowMs: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly onChange: () => void;
}

export class LoginAttempt {
  readonly id: string;
  /** For the browser. It holds the state: not for the log. */
  readonly authorizeUrl: string;
  readonly expiresAtMs: number;
  /** Never rejects. */
  readonly result: Promise<LoginResult>;
  readonly #parts: LoginParts;
  readonly #expected: ExpectedRedirect;
  readonly #ended: PromiseWithResolvers<LoginResult> = Promise.withResolvers();
  readonly #timer: ReturnType<typeof setTimeout>;
  #phase: LoginPhase = { kind: 'waiting' };
  #listener: CallbackListener | undefined;
  #notListening: LoginError | undefined;
  #closed: Promise<void> = Promise.resolve();

  /** @throws LoginError `callback_missing`, `callback_not_a_url`, `callback_not_https` */
  static async start(parts: LoginParts): Promise<LoginAttempt> {
    const callback = parseCallback(parts.app.callbackUrl);
    const attempt = new LoginAttempt(parts, parts.app.callbackUrl ?? callback.href);
    if (parts.listen) await attempt.#listen(callback);
    return attempt;
  }

  private constructor(parts: LoginParts, callbackUrl: string) {
    const { app, timeoutMs, nowMs, random } = parts;
    this.#parts = parts;
    this.id = Buffer.from(random(6)).toString('hex');
    this.#expected = { callbackUrl, state: newState(random) };
    this.authorizeUrl = authorizeUrl({ endpoint: parts.authorizeUrl, appKey: app.appKey, ...this.#expected });
    this.expiresAtMs = nowMs() + timeoutMs;
    this.result = this.#ended.promise;
    this.#timer = setTimeout(() => this.#stopWaiting('timeout', 'Nobody logged in in time. Start again'), timeoutMs);
  }

  get phase(): LoginPhase {
    return this.#phase;
  }

  /** Where the redirect is waited for, if it is. */
  get listening(): string | undefined {
    return this.#listener?.origin;
  }

  /** Why it is not, though it was meant to be. */
  get notListening(): LoginError | undefined {
    return this.#notListening;
  }

  /** Takes what somebody pasted. A wrong text does not end the attempt. */
  paste(text: string): PasteVerdict {
    if (this.#phase.kind !== 'waiting') {
      return { kind: 'too_late', message: 'An address was already taken; this login waits for no other' };
    }
    const verdict = judgeRedirect(text, this.#expected);
    switch (verdict.kind) {
      case 'code':
        this.#exchange(verdict.code).catch((error: unknown) => {
          this.#parts.warn(`The login failed unexpectedly: ${error instanceof Error ? error.message : String(error)}`);
          this.#end({ kind: 'failed', code: 'internal_error', message: 'The login failed unexpectedly; see the log' });
        });
        return { kind: 'taken' };
      case 'denied':
      case 'not_approved':
      case 'authorize_error':
        this.#end({ kind: 'failed', code: verdict.kind, message: verdict.message });
        return { kind: 'taken' };
      case 'not_a_url':
      case 'not_the_callback':
      case 'no_code':
      case 'cut':
      case 'missing_state':
      case 'wrong_state':
        return verdict;
    }
  }

  /** Ends the waiting. A code that is being exchanged is not abandoned: its result still comes. */
  cancel(): void {
    this.#stopWaiting('cancelled', 'The login was cancelled');
  }

  /** Resolves when the attempt has ended and its port is free again. */
  async closed(): Promise<void> {
    await this.result;
    await this.#closed;
  }

  async #listen(callback: URL): Promise<void> {
    const { certificateFile, nowMs, warn } = this.#parts;
    try {
      // What it stands on, TLS, is not loaded before somebody logs in.
      const { listenForRedirect } = await import('./callback-listener.ts');
      const certificate = await callbackCertificate(certificateFile, nowMs(), warn);
      this.#listener = await listenForRedirect({
        callback,
        certificate,
        onRedirect: (address) => this.#redirected(address),
      });
    } catch (error) {
      if (!(error instanceof LoginError)) throw error;
      this.#notListening = error;
    }
    // It may have been cancelled meanwhile.
    if (this.#phase.kind === 'ended') this.#closed = this.#listener?.close() ?? this.#closed;
  }

  async #redirected(address: string): Promise<LandingView> {
    const verdict = this.paste(address);
    if (verdict.kind !== 'taken' && verdict.kind !== 'too_late') {
      this.#parts.warn(`A redirect to the callback was not taken. ${verdict.message}`);
      return { kind: 'not_taken', message: verdict.message };
    }
    // Too late is most often the same redirect once more: a browser loads a page again when its user was asked something.
    const result = await this.result;
    if (result.kind === 'failed') return { kind: 'failed', message: result.message };
    return {
      kind: 'logged_in',
      endsAtMs: loginEndsAt(result.loginAtMs),
      ...(result.problem === undefined ? {} : { problem: result.problem }),
    };
  }

  async #exchange(code: string): Promise<void> {
    const { app, tokenUrl, httpTimeoutMs, post, keep, nowMs, onChange } = this.#parts;
    this.#phase = { kind: 'exchanging' };
    onChange();
    const loginAtMs = nowMs();
    const request = loginRequest(tokenUrl, app, { code, callbackUrl: this.#expected.callbackUrl });
    const exchange = await post(request, httpTimeoutMs);
    const outcome =
      exchange.kind === 'fault' ? unavailable(capitalised(exchange.reason)) : judgeLoginAnswer(exchange.answer);
    if (outcome.kind === 'failed') {
      this.#end(outcome);
      return;
    }
    const problem = await keep(outcome.tokens, loginAtMs);
    this.#end({ kind: 'logged_in', loginAtMs, ...(problem === undefined ? {} : { problem }) });
  }

  #stopWaiting(code: 'timeout' | 'cancelled', message: string): void {
    if (this.#phase.kind === 'waiting') this.#end({ kind: 'failed', code, message });
  }

  #end(result: LoginResult): void {
    if (this.#phase.kind === 'ended') return;
    this.#phase = { kind: 'ended', result };
    clearTimeout(this.#timer);
    this.#ended.resolve(result);
    this.#closed = this.#listener?.close() ?? this.#closed;
    this.#parts.onChange();
  }
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
