import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type HeldToken, type Rejection, TokenReceiver, type TokenReceiverOptions } from '../src/index.ts';
import { tempFolder } from './temp-folder.ts';

/** A receiver on a Unix socket of its own that is stopped when the test is over. */
export async function runningReceiver(
  options: TokenReceiverOptions = {},
): Promise<{ receiver: TokenReceiver; path: string }> {
  const path = options.unixSocketPath ?? join(tempFolder(), 'token.sock');
  const receiver = new TokenReceiver({ unixSocketPath: path, ...options });
  onTestFinished(() => receiver.stop());
  await receiver.start();
  return { receiver, path };
}

export function nextToken(receiver: TokenReceiver): Promise<HeldToken> {
  return new Promise((resolve) => {
    const off = receiver.onToken((held) => {
      off();
      resolve(held);
    });
  });
}

export function nextRejection(receiver: TokenReceiver): Promise<Rejection> {
  return new Promise((resolve) => {
    const off = receiver.onRejected((rejection) => {
      off();
      resolve(rejection);
    });
  });
}
