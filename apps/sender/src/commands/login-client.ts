/** The login as `token-refresh-sender login` asks for it, over the control socket of whoever holds it. */
import { CommandFailure, ExitCode, LocalHttpError, requestLocal, type LocalAnswer } from '@token-relay/daemon';
import * as z from 'zod/mini';
import { loginViewSchema, pasteVerdictSchema } from '../control/control-login.ts';
import { asCommandFailure } from '../failures.ts';

export type WireLogin = z.infer<typeof loginViewSchema>;
export type PendingLogin = Extract<WireLogin, { state: 'waiting' | 'exchanging' }>;
export type EndedLogin = Extract<WireLogin, { state: 'done' | 'failed' }>;

/** Longer than a browser may keep the port of the login before, which a new one waits for. */
const ANSWER_TIMEOUT_MS = 20_000;

/** What the route takes, with room for the JSON around it. */
const MAX_PASTE_CHARACTERS = 7_900;

const problemSchema = z.object({ code: z.string(), detail: z.optional(z.string()) });

export class LoginClient {
  readonly #socketPath: string;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Starts a login or joins the one under way; undefined if nobody listens. @throws CommandFailure */
  async start(options: { timeoutMs: number; listen: boolean }): Promise<PendingLogin | undefined> {
    try {
      const { timeoutMs, listen } = options;
      const view = this.#view(await this.#ask('POST', '/v1/login', { timeout_ms: timeoutMs, listen }));
      if (view.state === 'waiting' || view.state === 'exchanging') return view;
    } catch (error) {
      if (error instanceof LocalHttpError && error.code === 'daemon_not_running') return undefined;
      throw asCommandFailure(error);
    }
    throw new CommandFailure('The login ended as soon as it had begun; try again.', ExitCode.tryAgain);
  }

  /** @throws CommandFailure */
  async state(): Promise<WireLogin> {
    return this.#view(await this.#askOrFail('GET', '/v1/login'));
  }

  /** Resolves to what is wrong with the pasted text; undefined if it was taken. @throws CommandFailure */
  async paste(text: string): Promise<string | undefined> {
    if (JSON.stringify(text).length > MAX_PASTE_CHARACTERS || Buffer.byteLength(text) !== text.length) {
      return 'That is too long, or has letters that no such address has. Copy the address alone, from the address bar';
    }
    const answer = await this.#askOrFail('POST', '/v1/login/paste', { url: text });
    const verdict = z.safeParse(pasteVerdictSchema, answer.body);
    if (!verdict.success) throw this.#notASender(answer);
    return verdict.data.verdict === 'taken' ? undefined : (verdict.data.message ?? verdict.data.verdict);
  }

  /** @throws CommandFailure */
  async cancel(id: string): Promise<WireLogin> {
    return this.#view(await this.#askOrFail('POST', '/v1/login/cancel', { id }));
  }

  #ask(method: 'GET' | 'POST', path: string, json?: object): Promise<LocalAnswer> {
    return requestLocal(this.#socketPath, {
      method,
      path,
      timeoutMs: ANSWER_TIMEOUT_MS,
      ...(json === undefined ? {} : { json }),
    });
  }

  async #askOrFail(method: 'GET' | 'POST', path: string, json?: object): Promise<LocalAnswer> {
    try {
      return await this.#ask(method, path, json);
    } catch (error) {
      if (error instanceof LocalHttpError && error.code === 'daemon_not_running') {
        throw new CommandFailure('The sender has stopped, and the login with it; log in again.', ExitCode.unavailable);
      }
      throw asCommandFailure(error);
    }
  }

  #view(answer: LocalAnswer): WireLogin {
    const view = z.safeParse(loginViewSchema, answer.body);
    if (view.success) return view.data;
    const problem = z.safeParse(problemSchema, answer.body);
    if (problem.success && problem.data.code.startsWith('callback_')) {
      throw new CommandFailure(problem.data.detail ?? problem.data.code, ExitCode.configuration);
    }
    throw this.#notASender(answer);
  }

  #notASender({ status }: LocalAnswer): CommandFailure {
    return new CommandFailure(
      `The program at ${this.#socketPath} answered HTTP ${status}; it is stopping, or is no token-refresh-sender of this version. Try again.`,
      ExitCode.tryAgain,
    );
  }
}
