/** `token-refresh-sender tokens import`: makes another program's tokens the login. */
import { CommandFailure, ExitCode, type Surroundings } from '@token-relay/daemon';
import {
  checkImport,
  importTokens,
  isNewerLogin,
  knownLoginAtMs,
  losesRefreshToken,
  TokenError,
  tokenSetFromEnvironment,
  type CheckedTokens,
  type TokenManager,
  type TokenSet,
} from '@token-relay/tokens';
import { resolve } from 'node:path';
import { loginEndsAt } from '../login/login-lifetime.ts';
import { withTokens, type Flags, type RunningDaemon } from './token-command.ts';

export async function importCommand(surroundings: Surroundings, flags: Flags, source: string): Promise<void> {
  await withTokens(surroundings, flags, async ({ settings, encryption, manager, say, daemon }) => {
    const force = flags['force'] === true;
    const { tokenSet, warnings } =
      source === 'env'
        ? fromEnvironment(surroundings.env)
        : await fromFile(resolve(surroundings.cwd, source), encryption?.key);
    for (const warning of warnings) surroundings.stderr.write(`warning: ${warning}\n`);
    const held = await heldTokens(manager, force);
    if (held !== undefined && !force && !isImprovement(tokenSet, held, Date.now())) {
      const why = losesRefreshToken(held, tokenSet)
        ? 'can be refreshed, and what is imported cannot'
        : 'is as new or newer';
      throw new CommandFailure(
        `${settings.tokenFile} has a login that ${why}; nothing is changed. To import all the same, stop the sender and use --force.`,
        ExitCode.failed,
      );
    }
    if (daemon !== undefined && !isTakenOver(tokenSet, daemon, Date.now())) {
      throw new CommandFailure('The running sender would keep its own login: stop it first.', ExitCode.failed);
    }
    await manager.set(tokenSet);
    const until = tokenSet.loginAtMs === undefined ? 'at an unknown time' : localTime(loginEndsAt(tokenSet.loginAtMs));
    say(`Imported to ${settings.tokenFile}; the login ends ${until}.`);
    if (daemon !== undefined) say('The running sender takes it over at once.');
  });
}

/** What is wrong with the source is wrong with what was typed, and not with the sender's configuration or login. */
async function fromFile(path: string, encryptionKey: Uint8Array | undefined): Promise<CheckedTokens> {
  try {
    return await importTokens(path, { encryptionKey });
  } catch (error) {
    if (error instanceof TokenError) throw new CommandFailure(error.message, ExitCode.failed);
    throw error;
  }
}

function fromEnvironment(env: Surroundings['env']): CheckedTokens {
  const tokenSet = tokenSetFromEnvironment(env);
  if (tokenSet === undefined) {
    throw new CommandFailure('Neither SCHWAB_ACCESS_TOKEN nor SCHWAB_REFRESH_TOKEN is set.', ExitCode.failed);
  }
  return checkImport(tokenSet, 'the environment', Date.now());
}

/**
 * What the token file holds. One that is broken has perhaps a login that a person can save; one that others can read or
 * that is encrypted with another key is not looked into, and not replaced either.
 */
async function heldTokens(manager: TokenManager, force: boolean): Promise<TokenSet | undefined> {
  try {
    return await manager.load();
  } catch (error) {
    if (!(error instanceof TokenError) || error.code !== 'token_file_invalid') throw error;
    if (force) return undefined;
    throw new CommandFailure(`${error.message}. Nothing is changed; to import over it, use --force.`, ExitCode.failed);
  }
}

/** Whether nothing is lost by it: a newer login, or any login of known time where that of ours is not known. */
function isImprovement(tokenSet: TokenSet, held: TokenSet, nowMs: number): boolean {
  if (losesRefreshToken(held, tokenSet)) return false;
  return knownLoginAtMs(held, nowMs) === undefined || isNewerLogin(tokenSet, held, nowMs);
}

/** Whether the running sender will prefer it to what it holds, by the rules of `judgeDisk`. */
function isTakenOver(tokenSet: TokenSet, { report }: RunningDaemon, nowMs: number): boolean {
  if (report === undefined || tokenSet.refreshToken === undefined) return false;
  if (report.state === 'login_required') return true;
  const theirs = report.login === undefined ? {} : { loginAtMs: Date.parse(report.login.logged_in_at) };
  return isNewerLogin(tokenSet, theirs, nowMs);
}

function localTime(ms: number): string {
  return new Date(ms).toLocaleString('sv-SE').slice(0, 16);
}
