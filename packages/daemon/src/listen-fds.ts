import { ConfigurationError } from './configuration-error.ts';

/** A socket that listens already, opened by systemd for a socket unit before this program was started. */
export interface ListenFd {
  readonly fd: number;
  /** `FileDescriptorName=` of the socket unit; `unknown` if nobody has named it. */
  readonly name: string;
}

/** sd_listen_fds(3): SD_LISTEN_FDS_START. */
const FIRST_FD = 3;
/** More than any service of ours is given; descriptors beyond it are a mistake, or somebody's joke. */
const MAX_FDS = 64;

/**
 * The sockets that were handed over, as sd_listen_fds_with_names(3) reads them; none if the variables are meant for
 * another process. Pure.
 * @throws ConfigurationError `config_invalid`, if they are for this process and make no sense
 */
export function listenFds(env: Readonly<Record<string, string | undefined>>, pid: number): readonly ListenFd[] {
  const { LISTEN_PID: forPid, LISTEN_FDS: count, LISTEN_FDNAMES: names } = env;
  if (forPid !== String(pid)) return [];
  if (count === undefined || !/^[1-9]\d{0,3}$/.test(count) || Number(count) > MAX_FDS) {
    throw invalid(`LISTEN_FDS is ${quoted(count)}, and not a number from 1 to ${MAX_FDS}`);
  }
  const given = names?.split(':');
  if (given !== undefined && given.length !== Number(count)) {
    throw invalid(`LISTEN_FDNAMES is ${quoted(names)}: ${given.length} names, for ${count} sockets`);
  }
  return Array.from({ length: Number(count) }, (_, index) => ({
    fd: FIRST_FD + index,
    name: given?.[index] ?? 'unknown',
  }));
}

function invalid(problem: string): ConfigurationError {
  return new ConfigurationError('config_invalid', `${problem}; see sd_listen_fds(3), and look at what starts this.`);
}

function quoted(text: string | undefined): string {
  return text === undefined ? 'missing' : JSON.stringify(text.slice(0, 80));
}
