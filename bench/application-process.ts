/** An application: prints the moment at which each new token reached it, µs. application-process.ts API_SOCKET */
import { TokenClient } from '@token-relay/client';
import { nowUs } from './load/deliver.ts';

const client = new TokenClient({ socketPath: process.argv[2] ?? '' });
await client.getAccessToken();
client.onToken(() => {
  const atUs = nowUs();
  process.stdout.write(`${atUs}\n`);
});
process.stdout.write('ready\n');
// The client does not keep a process alive.
setInterval(() => undefined, 1 << 30);
