/** What the log says of a token file that is not taken over. Pure. */
import type { DiskVerdict } from '@token-relay/tokens';
import type { LogLine } from './failure-words.ts';

export interface DiskSituation {
  readonly tokenFile: string;
  /** Whether what is held is in the file, as far as we know. */
  readonly isSaved: boolean;
  /** Whether anything is held. */
  readonly isHeld: boolean;
  /** Why the file cannot be read, where it cannot. */
  readonly readProblem: string | undefined;
}

const KEEPING = 'keeping the tokens in use, which the next refresh will save';

/** Nothing where there is nothing to say. */
export function diskLine(verdict: DiskVerdict | 'invalid', situation: DiskSituation): LogLine | undefined {
  const { tokenFile, isSaved, isHeld, readProblem } = situation;
  const warn = (message: string): LogLine => ({ level: 'warn', message });
  switch (verdict) {
    case 'adopted':
    case 'unchanged':
      return undefined;
    case 'older':
      // While ours is not saved, the file is older of course.
      return isSaved
        ? warn(
            `${tokenFile} has older tokens than the ones in use; keeping the newer ones, which the next refresh will save`,
          )
        : undefined;
    case 'no_refresh_token':
      return warn(`${tokenFile} has lost its refresh token, without which the login ends in minutes; ${KEEPING}`);
    case 'unknown_login':
      return warn(
        `${tokenFile} has another login and does not say when it was made (no creation_timestamp); ${KEEPING}; should Schwab refuse them, the other login is taken over`,
      );
    case 'future_login':
      return warn(
        `${tokenFile} has another login that was made in the future: its creation_timestamp is wrong, or the clock of this machine; ${KEEPING}; should Schwab refuse them, the other login is taken over`,
      );
    case 'invalid':
      // With nothing held, it is said as the state of the login.
      return isHeld
        ? warn(`${readProblem ?? `${tokenFile} cannot be read`}; going on with the tokens in memory`)
        : undefined;
  }
}

/** About a login time that cannot be, of tokens that are in use all the same. */
export function futureLoginLine(tokenFile: string, loginAtMs: number): LogLine {
  const at = new Date(loginAtMs).toISOString();
  return {
    level: 'warn',
    message: `${tokenFile} says that its login was made in the future, on ${at}: its creation_timestamp is wrong, or the clock of this machine. When the 7 days of the login end is not known`,
  };
}
