/** A sender's message, as the load of the figures. */
import { connect } from 'node:net';

/** 2.5 kB; every number is a new token. */
export function message(number: number): string {
  const accessToken = `I0.${String(number).padStart(8, '0')}${'made-up-token-'.repeat(170)}`.slice(0, 2_440);
  return JSON.stringify({ access_token: `${accessToken}@`, expires_at: 2_000_000_000 });
}

/** Resolves when the receiver has answered `OK` and closed, with the moment of the `OK` on the clock of `nowUs`. */
export function deliver(path: string, payload: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let reply = '';
    let atUs = Number.NaN;
    const socket = connect({ path }, () => socket.write(payload));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      reply += chunk;
      if (reply === 'OK') atUs = nowUs();
    });
    socket.on('error', reject);
    socket.on('close', () => (reply === 'OK' ? resolve(atUs) : reject(new Error(`replied ${reply}`))));
  });
}

/** A clock that all processes of the machine share, µs. */
export function nowUs(): number {
  return Number(process.hrtime.bigint()) / 1_000;
}
