/** Before each file of tests (vitest.config.ts): listens for the secrets that the sandbox mints, and those that tests send. */
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { isRecording, recordSecret, recordSecretsIn } from './record.ts';

if (isRecording) {
  subscribe('schwab-sandbox:secret', (secret) => recordSecret(String(secret)));
  subscribe('net.client.socket', (message) => listenTo((message as { readonly socket: Socket }).socket));
}

function listenTo(socket: Socket): void {
  for (const name of ['write', 'end'] as const) {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called on the socket
    const send = socket[name] as (...args: unknown[]) => unknown;
    Object.assign(socket, {
      [name]: (...args: unknown[]) => {
        const [data] = args;
        if (typeof data === 'string' || data instanceof Uint8Array)
          recordSecretsIn(Buffer.from(data).toString('latin1'));
        return Reflect.apply(send, socket, args);
      },
    });
  }
}
