/** Schwab's answers over a real connection: raw bytes, cut off, endless, compressed. */
import fc from 'fast-check';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { postForm } from '../../../apps/sender/src/refresh/token-endpoint.ts';
import { refreshRequest } from '../../../apps/sender/src/refresh/token-request.ts';
import { bytesOf } from '../arbitraries.ts';
import { inPieces, pick, randomOf } from '../random.ts';
import { demandNoSecret, SECRET } from '../secrets.ts';
import { demand, type FuzzTarget } from '../target.ts';
import { ANSWER_WORDS, answerBody, checkJudgements } from './schwab-answer.ts';

/** MAX_ANSWER_BYTES of token-endpoint.ts. */
const MAX_BODY = 256 * 1024;
const HTTP_TIMEOUT_MS = 400;
/** A request is given up within its timeout, on a machine that is busy with other things. */
const SETTLED_WITHIN_MS = 20_000;
const ENDLESS_BLOCK = Buffer.alloc(64 * 1024, 'x');

/** 20 MiB each, in a few kilobytes. */
const zeros = Buffer.alloc(20 * 1024 ** 2);
const BOMBS = {
  gzip: gzipSync(zeros),
  deflate: deflateSync(zeros),
  br: brotliCompressSync(zeros),
  twice: gzipSync(gzipSync(zeros)),
};

const headers = fc.array(
  fc.constantFrom(
    'Content-Length: 0',
    'Content-Length: 1',
    'Content-Length: 999999',
    'Content-Length: -1',
    'Content-Length: 5, 6',
    'Transfer-Encoding: chunked',
    'Content-Encoding: gzip',
    'Content-Encoding: deflate',
    'Content-Encoding: br',
    'Content-Encoding: gzip, gzip',
    'Content-Encoding: x',
    'Content-Type: application/json',
    'Content-Type: text/html; charset=utf-16',
    'Retry-After: 1',
    'Retry-After: Mon, 02 Mar 2026 15:04:00 GMT',
    `Retry-After: ${SECRET}`,
    'Location: http://127.0.0.1:1/',
    'Location: //evil.example',
    'Connection: keep-alive',
    'Set-Cookie: a=b',
    `X: ${SECRET}`,
    'bad header',
    'X: \0',
    'Trailer: X',
    `X-Long: ${'x'.repeat(20_000)}`,
  ),
  { maxLength: 4 },
);
const statusLine = fc.constantFrom(
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200 OK',
  'HTTP/1.1 400 Bad Request',
  'HTTP/1.1 401 Unauthorized',
  'HTTP/1.1 429 Too Many Requests',
  'HTTP/1.1 503 x',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK',
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x',
  'HTTP/1.1 301 Moved',
  'HTTP/1.1 204 None',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 999 x',
  'HTTP/1.1 99 x',
  'ICY 200 OK',
  'SSH-2.0-x',
  '',
);
const plain = fc.tuple(statusLine, headers, answerBody, fc.boolean()).map(([first, fields, body, hasLength]) => {
  const lines = [first, ...fields, ...(hasLength ? [`Content-Length: ${Buffer.byteLength(body)}`] : [])];
  return bytesOf(`${lines.join('\r\n')}\r\n\r\n${body}`);
});
const compressed = fc
  .tuple(
    answerBody,
    fc.constantFrom('gzip', 'deflate', 'br', 'x-gzip', 'GZIP'),
    fc.constantFrom(gzipSync, deflateSync, brotliCompressSync),
    fc.integer({ min: 0, max: 12 }),
  )
  .map(([body, name, compress, lost]) => {
    const bytes = compress(body);
    return Buffer.concat([
      bytesOf(`HTTP/1.1 200 OK\r\nContent-Encoding: ${name}\r\n\r\n`),
      bytes.subarray(0, Math.max(0, bytes.length - lost)),
    ]);
  });
const bomb = fc
  .tuple(fc.constantFrom('gzip', 'deflate', 'br', 'gzip, gzip', 'identity'), fc.constantFrom(...Object.values(BOMBS)))
  .map(([name, bytes]) =>
    Buffer.concat([
      bytesOf(`HTTP/1.1 200 OK\r\nContent-Encoding: ${name}\r\nContent-Length: ${bytes.length}\r\n\r\n`),
      bytes,
    ]),
  );

export const schwabHttp: FuzzTarget = {
  name: 'schwab-http',
  feeds: "the token endpoint's client over real connections: cut, endless, contradictory and compressed answers",
  inputs: fc.oneof(
    { weight: 12, arbitrary: plain },
    { weight: 4, arbitrary: compressed },
    { weight: 1, arbitrary: bomb },
  ),
  dictionary: [
    ...ANSWER_WORDS,
    'HTTP/1.1 200 OK\r\n',
    '\r\n\r\n',
    'Content-Encoding: gzip\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Content-Length: ',
    '0\r\n\r\n',
    'ffffffff\r\n',
  ],
  runs: { long: 4_000, short: 100 },
  maxBytes: 80_000,
  isGuided: false,
  open: async () => {
    const sockets = new Set<Socket>();
    let answer: (socket: Socket) => void = () => undefined;
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
      // The request is of no interest; the answer follows its first bytes.
      socket.once('data', () => answer(socket)).resume();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const request = refreshRequest(
      `http://127.0.0.1:${port}/token`,
      { appKey: 'k'.repeat(32), appSecret: SECRET },
      SECRET,
    );
    return {
      async check(input) {
        answer = (socket) => send(socket, input);
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<undefined>(
          (resolve) => (timer = setTimeout(() => resolve(undefined), SETTLED_WITHIN_MS)),
        );
        const exchange = await Promise.race([postForm(request, HTTP_TIMEOUT_MS), late]);
        clearTimeout(timer);
        demand(exchange !== undefined, 'hang', `a request was not given up after ${HTTP_TIMEOUT_MS} ms`);
        if (exchange.kind === 'fault') {
          demandNoSecret(exchange.reason, 'the reason of a fault');
        } else {
          const { body } = exchange.answer;
          demand(
            Buffer.byteLength(body) <= 3 * MAX_BODY,
            'bounds',
            `a body of ${Buffer.byteLength(body)} bytes was taken`,
          );
          demand(
            isAmongWhatCame(body, input),
            'schema',
            'the body of an answer is not among the bytes that came for it',
          );
          checkJudgements(exchange.answer);
        }
        for (const socket of sockets) socket.destroy();
      },
      async close() {
        for (const socket of sockets) socket.destroy();
        server.close();
        await once(server, 'close');
      },
    };
  },
};

/** Nothing of another answer, nothing made up. What was compressed or in chunks, or is no text, stands there in another form. */
export function isAmongWhatCame(body: string, input: Uint8Array): boolean {
  const came = Buffer.from(input).toString('utf8');
  if (/encoding/i.test(came) || body.includes('\uFFFD')) return true;
  return came.includes(body) || `${came}${'x'.repeat(body.length)}`.includes(body);
}

/** Whole, torn off, or followed by more and more; left open now and then. */
function send(socket: Socket, input: Uint8Array): void {
  const random = randomOf(input);
  for (const piece of inPieces(random, input, 4)) socket.write(piece);
  const ending = pick(random, ['end', 'end', 'end', 'end', 'end', 'reset', 'endless', random() < 0.2 ? 'open' : 'end']);
  if (ending === 'end') socket.end();
  if (ending === 'reset') setImmediate(() => socket.resetAndDestroy());
  if (ending === 'endless') {
    const more = () => {
      while (!socket.destroyed && socket.write(ENDLESS_BLOCK));
    };
    socket.on('drain', more);
    more();
  }
}
