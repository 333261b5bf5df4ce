/** The socket for `LoadCredential=` where nobody has named a place for it, and its default place is taken at the start. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { LOOK_EVERY_MS } from '@token-relay/daemon';
import { until } from '../../../tests/rigs/until.ts';
import { CredentialSocket } from '../src/credential/credential-socket.ts';
import { deliver, makeReceiver } from './running-receiver.ts';

/** A receiver that has started while another program listens where its `credential.sock` would be. */
async function withoutItsPlace() {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  // Behind the receiver's end, which has to find the tick that it began.
  onTestFinished(() => void vi.useRealTimers());
  const made = await makeReceiver();
  const path = join(made.folder, 'credential.sock');
  // Who only looks whether it is there goes without reading.
  const other = createServer((socket) => socket.on('error', () => undefined).end('not ours'));
  onTestFinished(() => void other.close());
  await once(other.listen(path), 'listening');
  await made.receiver.start();
  const tick = () => vi.advanceTimersByTimeAsync(LOOK_EVERY_MS);
  return { ...made, path, other, tick };
}

/** Node removes the socket's file with it. */
async function end(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

test('a credential socket whose place is taken at the start is made when the place is free', async () => {
  const { receiver, tokens, path, other, tick, lines } = await withoutItsPlace();
  const said = (what: string) => lines.filter((line) => line.includes(what)).length;
  expect(said('No socket for LoadCredential=')).toBe(1);
  await tick();
  expect(await text(connect(path))).toBe('not ours');

  await end(other);
  await tick();
  await until(() => said('Units can load their credential now') === 1);
  await deliver(tokens, 'made-up-token');
  expect(await text(connect(path))).toBe('made-up-token');
  expect(said('No socket for LoadCredential=')).toBe(1);

  const tried = vi.spyOn(CredentialSocket.prototype, 'start');
  onTestFinished(() => tried.mockRestore());
  await tick();
  expect(tried).not.toHaveBeenCalled();
  await receiver.stop();
  expect(existsSync(path)).toBe(false);
});

test('a receiver that has stopped makes no credential socket any more', async () => {
  const { receiver, path, other, tick } = await withoutItsPlace();
  await receiver.stop();
  await end(other);
  await tick();
  expect(existsSync(path)).toBe(false);
});

test('a receiver that stops while the socket is made removes it', async () => {
  const { receiver, path, other } = await withoutItsPlace();
  await end(other);
  vi.advanceTimersByTime(LOOK_EVERY_MS);
  await receiver.stop();
  expect(existsSync(path)).toBe(false);
});
