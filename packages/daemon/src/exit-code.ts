/** What a command's exit status says (sysexits.h for 64 and above; DESIGN.md, "Commands"). */
export const ExitCode = {
  done: 0,
  failed: 1,
  /** The command line was wrong. */
  usage: 2,
  /** EX_UNAVAILABLE: the daemon is not running. */
  unavailable: 69,
  /** EX_TEMPFAIL: nothing is wrong for good; the same command may work later. */
  tryAgain: 75,
  /** EX_NOPERM: Schwab no longer accepts the login; somebody has to log in again. */
  loginRequired: 77,
  /** EX_CONFIG: the configuration has to be changed before this can work. */
  configuration: 78,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
