/** The status in words: some lines for a terminal, one line for systemd. Pure. */
import { localTime, printable } from '../commands/words.ts';
import type { ReceiverStatus } from './receiver-status.ts';

const STATES: Readonly<Record<ReceiverStatus['state'], string>> = {
  waiting: 'waiting for the first token',
  holding: 'holding a valid token',
  stale: 'holding a token that still works, but NO NEWER ONE CAME; see: token-refresh-sender status',
  expired: 'THE TOKEN HAS EXPIRED and no newer one came; see: token-refresh-sender status',
};

export function statusLines(status: ReceiverStatus): string[] {
  const rejected = Object.entries(status.rejected).map(([code, count]) => `${count} ${code}`);
  const { token } = status;
  return [
    `State:       ${STATES[status.state]}`,
    `Token:       ${token === undefined ? 'none' : `${token.fingerprint}…, generation ${status.generation}, received ${localTime(token.received_at)} ${way(token)}`}`,
    `Expires:     ${token === undefined ? '-' : expiry(status)}`,
    `Listening:   ${status.listening.join(', ')}`,
    `Readers:     ${readers(status)}`,
    ...status.sinks.map((sink) => `Sink:        ${sinkWords(sink)}`),
    ...(status.state_saved ? [] : ['Restart:     WOULD LOSE THE TOKEN: the state file cannot be written; see the log']),
    `Refused:     ${rejected.length > 0 ? rejected.join(', ') : 'nothing'}`,
    ...(status.last_error === undefined ? [] : [`Last error:  ${status.last_error}`]),
    `Daemon:      version ${status.version}, process ${status.pid}, started ${localTime(status.started_at)}`,
  ];
}

/** For `systemctl status`, one line. */
export function systemdStatus(status: ReceiverStatus): string {
  if (status.state === 'waiting') return `Waiting for the first token on ${status.listening.join(', ')}`;
  if (status.state === 'stale') return `The token still works until ${expiry(status)}, but no newer one came`;
  if (status.state === 'expired') return `The token expired at ${expiry(status)} and no newer one came`;
  const until = status.token?.expires_at === undefined ? 'of unknown expiry' : `until ${expiry(status)}`;
  return `Token ${until}, generation ${status.generation}`;
}

function expiry({ token }: ReceiverStatus): string {
  return token?.expires_at === undefined ? 'unknown' : localTime(token.expires_at);
}

function way({ from, peer }: NonNullable<ReceiverStatus['token']>): string {
  return peer === undefined ? `over ${from}` : `over ${from} from ${printable(peer)}`;
}

function readers({ readers: { connections, events, waiting } }: ReceiverStatus): string {
  return `${connections} connected, ${events} following, ${waiting} waiting for a token`;
}

function sinkWords({ path, format, state, problem }: ReceiverStatus['sinks'][number]): string {
  const words = { idle: 'no token yet', ok: 'has the newest token', failing: `FAILING: ${problem ?? 'unknown'}` };
  return `${path} (${format}): ${words[state]}`;
}
