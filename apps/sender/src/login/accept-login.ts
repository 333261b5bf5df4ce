/** Takes over the tokens of a new login: saved first, then published. */
import type { Log } from '@token-relay/daemon';
import { TokenError, type TokenManager } from '@token-relay/tokens';
import type { Refresher } from '../refresh/refresher.ts';
import type { TimelineEventKind } from '../web/timeline.ts';
import { loginTokenSet, type LoginTokens } from './login-answer.ts';

export interface AcceptLoginContext {
  readonly manager: TokenManager;
  readonly refresher: Refresher;
  readonly log: Log;
  readonly tokenFile: string;
  readonly record: (kind: TimelineEventKind, text: string) => void;
}

/**
 * The old tokens stay until the new ones are saved, or cannot be. Resolves to what went wrong all the same, in words.
 * @param loginAtMs when the login was made, epoch milliseconds
 */
export async function acceptLogin(
  { manager, refresher, log, tokenFile, record }: AcceptLoginContext,
  tokens: LoginTokens,
  loginAtMs: number,
): Promise<string | undefined> {
  let problem: string | undefined;
  let saveError: TokenError | undefined;
  try {
    await manager.set(loginTokenSet(tokens, loginAtMs));
    log.info(`Tokens of the new login saved to ${tokenFile}`);
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    if (error.code === 'newer_login_on_disk') {
      refresher.tokenFileChanged();
      return `A still newer login has come into ${tokenFile} meanwhile, and is used in place of this one`;
    }
    if (error.code !== 'token_save_failed') throw error;
    saveError = error;
    problem = `The login is made, but not saved: ${error.message}`;
  }
  record('login', 'Logged in for 7 days');
  refresher.loginAccepted(saveError);
  return problem;
}
