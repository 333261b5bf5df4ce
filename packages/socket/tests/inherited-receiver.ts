/** A receiver on descriptor 3, as a program of its own: says when it listens, when it holds a token, and why it cannot. */
import { createServer } from 'node:http';
import { serveInheritedSocket, TokenReceiver } from '../src/index.ts';

const [what, path = ''] = process.argv.slice(2);
const receiver = new TokenReceiver({ unixSocketFd: 3, unixSocketPath: path, tcpPort: 0 });
const say = (line: string): void => console.log(line);
const fail = (error: unknown): void =>
  say(error instanceof Error && 'code' in error ? `failed ${String(error.code)}: ${error.message}` : 'failed');

if (what === 'http') {
  const server = createServer((_, response) => response.end('hello'));
  const claim = await serveInheritedSocket(server, 3, path);
  say(`started ${claim.path}`);
} else {
  receiver.onSocketNews((news) => say(news.kind === 'lost' ? `lost ${news.error.code}` : news.kind));
  receiver.onToken(({ message }) => say(`holds ${message.accessToken}`));
  await receiver.start().then((addresses) => say(`started ${JSON.stringify(addresses)}`), fail);
  process.once('SIGTERM', () => {
    void receiver
      .stop()
      .then(() => receiver.start())
      .then(() => say('started again'), fail);
  });
}
