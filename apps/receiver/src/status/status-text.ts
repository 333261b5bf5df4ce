/** The status in words: some lines for a terminal, one line for systemd. Pure. */
import type { ReceiverStatus } from './receiver-status.ts';

const STATES: Readonly<Record<ReceiverStatus['state'], string>> = {
  waiting: 'waiting for the first token',
  holding: 'holding a valid token',
  expired: 'THE TOKEN HAS EXPIRED and no newer one came; see: token-refresh-sender status',
};

export function statusLines(status: ReceiverStatus): string[] {
  const rejected = Object.entries(status.rejected).map(([code, count]) => `${count} ${code}`);
  const { token } = status;
  return [
    `State:       ${STATES[status.state]}`,
    `Token:       ${token === undefined ? 'none' : `${token.fingerprint}…, generation ${status.generation}, received ${local(token.received_at)} over ${token.from}`}`,
    `Expires:     ${token === undefined ? '-' : expiry(status)}`,
    `Listening:   ${status.listening.join(', ')}`,
    `Refused:     ${rejected.length > 0 ? rejected.join(', ') : 'nothing'}`,
    ...(status.last_error === undefined ? [] : [`Last error:  ${status.last_error}`]),
    `Daemon:      version ${status.version}, process ${status.pid}, started ${local(status.started_at)}`,
  ];
}

/** For `systemctl status`, one line. */
export function systemdStatus(status: ReceiverStatus): string {
  if (status.state === 'waiting') return `Waiting for the first token on ${status.listening.join(', ')}`;
  if (status.state === 'expired') return `The token expired at ${expiry(status)} and no newer one came`;
  const until = status.token?.expires_at === undefined ? 'of unknown expiry' : `until ${expiry(status)}`;
  return `Token ${until}, generation ${status.generation}`;
}

function expiry({ token }: ReceiverStatus): string {
  return token?.expires_at === undefined ? 'unknown' : local(token.expires_at);
}

function local(isoTime: string): string {
  const date = new Date(isoTime);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
