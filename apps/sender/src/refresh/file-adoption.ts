/** The token file as others may change it: reads it, takes over what is newer, and says why something is not taken over. */
import type { Log } from '@token-relay/daemon';
import { isLoginInFuture, isNewerLogin, TokenError, type TokenManager, type TokenSet } from '@token-relay/tokens';
import { diskLine, futureLoginLine } from './disk-words.ts';

export interface FileAdoptionDependencies {
  readonly manager: TokenManager;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly tokenFile: string;
  /** Whether the token file is written encrypted. */
  readonly isEncrypting: boolean;
}

/** What a look at the file came to. `other`: taken over in place of a login that is over, and not newer than that one. */
export type Adoption = 'nothing' | 'newer' | 'other';

/** A file that is there and whole, and must not be used as it is: a person has to change the configuration. */
const REFUSED_AT_START: ReadonlySet<TokenError['code']> = new Set([
  'token_file_too_open',
  'token_file_encrypted',
  'token_file_key_wrong',
  'format_unsuitable',
]);

export class FileAdoption {
  readonly #deps: FileAdoptionDependencies;
  #lastVerdict: Awaited<ReturnType<TokenManager['adoptIfNewer']>> = 'unchanged';
  #futureSaid: number | undefined;

  constructor(dependencies: FileAdoptionDependencies) {
    this.#deps = dependencies;
  }

  /** The first reading. A file that is missing or broken is a state, not an exit. @throws TokenError `token_file_too_open` */
  async load(): Promise<void> {
    try {
      await this.#deps.manager.load();
    } catch (error) {
      if (!(error instanceof TokenError) || REFUSED_AT_START.has(error.code)) throw error;
    }
    await this.#convert();
    this.#sayIfInFuture();
  }

  /**
   * Takes over what is newer on disk.
   * @param isHeldOver Schwab refused the login that is held for good: then another one, even if it is not newer
   */
  async look(isHeldOver: boolean): Promise<Adoption> {
    const { manager, log, nowMs, tokenFile } = this.#deps;
    const before = manager.get();
    const verdict = await manager.adoptIfNewer({ isHeldOver });
    const isNews = verdict !== this.#lastVerdict;
    this.#lastVerdict = verdict;
    if (verdict === 'adopted') {
      this.#sayIfInFuture();
      return isHeldOver && isAnotherLogin(before, manager.get(), nowMs()) ? 'other' : 'newer';
    }
    const line = diskLine(verdict, {
      tokenFile,
      isSaved: manager.isSaved(),
      isHeld: manager.get() !== undefined,
      readProblem: manager.getLastReadError()?.message,
    });
    if (isNews && line !== undefined) log[line.level](line.message);
    return 'nothing';
  }

  /** Writes the file again if its encryption was turned on or off. It reads it again too: nothing may be decided before. */
  async #convert(): Promise<void> {
    const { manager, log, tokenFile, isEncrypting } = this.#deps;
    try {
      const form = isEncrypting ? 'encrypted' : 'plain';
      if (await manager.rewrite()) log.info(`The token file is ${form} from now on: ${tokenFile}`);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      // What is wrong with a file that cannot be read is said as the state of the login.
      if (error.code === 'token_save_failed') log.warn(`${error.message}; the next refresh tries again`);
    }
  }

  /** Once for each such time. */
  #sayIfInFuture(): void {
    const { manager, log, nowMs, tokenFile } = this.#deps;
    const tokenSet = manager.get();
    if (tokenSet?.loginAtMs === undefined || tokenSet.loginAtMs === this.#futureSaid) return;
    if (!isLoginInFuture(tokenSet, nowMs())) return;
    this.#futureSaid = tokenSet.loginAtMs;
    const { level, message } = futureLoginLine(tokenFile, tokenSet.loginAtMs);
    log[level](message);
  }
}

function isAnotherLogin(before: TokenSet | undefined, after: TokenSet | undefined, nowMs: number): boolean {
  if (before?.refreshToken === undefined || after === undefined) return false;
  return before.refreshToken !== after.refreshToken && !isNewerLogin(after, before, nowMs);
}
