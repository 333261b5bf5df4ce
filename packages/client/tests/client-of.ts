import { onTestFinished } from 'vitest';
import { TokenClient, type AccessToken, type TokenClientOptions } from '../src/index.ts';

/** A client that is closed when the test is over. */
export function clientOf(socketPath?: string, options: TokenClientOptions = {}): TokenClient {
  const client = new TokenClient({ ...(socketPath === undefined ? {} : { socketPath }), ...options });
  onTestFinished(() => client.close());
  return client;
}

/** Resolves when the client has told of this token. */
export function tokenOf(client: TokenClient, token: string): Promise<AccessToken> {
  return new Promise((resolve) => {
    const off = client.onToken((told) => {
      if (told.accessToken !== token) return;
      off();
      resolve(told);
    });
  });
}
