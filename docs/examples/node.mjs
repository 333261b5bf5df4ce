// A Node program that always has the present token: prints a line for each new one, and asks for it every second as a bot would.
import { TokenClient, TokenClientError } from '@token-relay/client';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

const tokens = new TokenClient();
tokens.onToken(({ accessToken, expiresAtMs }) => {
  const fingerprint = createHash('sha256').update(accessToken).digest('hex').slice(0, 8);
  const left =
    expiresAtMs === undefined
      ? 'expiry unknown'
      : `expires in ${Math.floor((expiresAtMs - Date.now()) / 1_000)} seconds`;
  console.log(`new token ${fingerprint}, ${left}`);
});

let told;
while (!stop.signal.aborted) {
  try {
    const token = await tokens.getAccessToken({ timeoutMs: 2_000, signal: stop.signal });
    // Here your program uses it: { headers: { Authorization: `Bearer ${token}` } }
    if (told !== undefined) console.error(`there is a token again (${token.length} characters)`);
    told = undefined;
    await sleep(1_000, undefined, { signal: stop.signal });
  } catch (error) {
    if (stop.signal.aborted) break;
    if (!(error instanceof TokenClientError)) throw error;
    // The client goes on trying by itself.
    if (error.code !== told) console.error(error.message);
    told = error.code;
  }
}
await tokens.close();
