/** HTTP/1.1 requests as bytes: right, nearly right, and such as two servers would read in two ways. */
import fc from 'fast-check';
import { bytesOf } from '../arbitraries.ts';
import { SECRET } from '../secrets.ts';

export interface HttpSurface {
  readonly paths: readonly string[];
  readonly bodies: readonly string[];
  readonly host: string;
}

const METHODS = [
  'GET',
  'GET',
  'GET',
  'POST',
  'POST',
  'HEAD',
  'OPTIONS',
  'PUT',
  'DELETE',
  'CONNECT',
  'TRACE',
  'get',
  'G\tT',
  'PRI',
  'QUERY',
  '',
];
const VERSIONS = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1.1 ',
  'http/1.1',
  '',
];
const ENDS = [
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\n',
  '\r',
  '\r\r\n',
  '\r\n ',
  '\n\r',
];
/** Fields with which requests are smuggled, and fields that change what is answered. */
const FIELDS = [
  'Content-Length: 0', 'Content-Length: 5', 'Content-Length: 5, 5', 'Content-Length: +5', 'Content-Length: 0x5', 'Content-Length: -1', 'Content-Length: 99999999999999999999', 'Content-Length : 5', 'Content-Length:\t5', 'Content-Length: 5000',
  'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity', 'Transfer-Encoding: chunked, identity', 'Transfer-Encoding: gzip, chunked', 'Transfer-Encoding:\x0bchunked', 'Transfer-Encoding : chunked', 'Transfer-Encoding: xchunked', 'Transfer-Encoding: "chunked"', 'transfer-encoding: CHUNKED', 'TE: trailers',
  'Connection: close', 'Connection: keep-alive', 'Connection: upgrade', 'Upgrade: websocket', 'Upgrade: h2c', 'Expect: 100-continue', 'Expect: nonsense', 'Host: evil.example', 'Host:', 'Host: a, b', 'Origin: null', 'Origin: http://evil.example',
  'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'If-None-Match: "1"', 'If-None-Match: *', 'If-None-Match: W/"1", "2"', 'Last-Event-ID: 1', 'Accept: */*', 'Content-Type: application/json', 'Content-Type: application/x-www-form-urlencoded', 'Content-Encoding: gzip',
  `Authorization: Bearer ${SECRET}`, `Cookie: ${SECRET}`, ' folded: value', ': no name', 'no colon', 'x: \0', 'x: \x7f', 'x\0y: z', 'é: ü', '__proto__: x',
] as const; // prettier-ignore

const SMUGGLED = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n';

export function httpRequests({ paths, bodies, host }: HttpSurface): fc.Arbitrary<Uint8Array> {
  const target = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...paths) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.constantFrom(...paths),
          fc.constantFrom(
            '?',
            '?wait=1',
            '?wait=300',
            '?wait=0',
            '?wait=1e3',
            '?%',
            '?wait=%31',
            '#x',
            '/',
            '/..',
            '%2e',
            '//',
            '?&=&',
            `?token=${SECRET}`,
          ),
        )
        .map((parts) => parts.join('')),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '*',
        '',
        '/%00',
        '/../../etc/passwd',
        '//v1/token',
        'http://localhost/v1/token',
        'http://evil.example/',
        'HTTP://x',
        'localhost:80',
        '/\u00e9',
        '/ ',
        `/${'a'.repeat(3_000)}`,
        `/${SECRET}`,
      ),
    },
  );
  const field = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...FIELDS) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.string({ maxLength: 12 }), fc.string({ maxLength: 40 })).map((parts) => parts.join(': ')),
    },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 9_000 }).map((length) => `X-Long: ${'x'.repeat(length)}`) },
  );
  const content = fc.oneof(
    { weight: 4, arbitrary: fc.constant('') },
    { weight: 4, arbitrary: fc.constantFrom(...bodies) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        `0\r\n\r\n${SMUGGLED}`,
        `5\r\nhello\r\n0\r\n\r\n`,
        SMUGGLED,
        `5;ext=${SECRET}\r\nhello\r\n0\r\nTrailer: x\r\n\r\n`,
        'ffffffffffffffff\r\n',
        '5\r\nhel',
        '-1\r\n',
        '0x5\r\nhello\r\n0\r\n\r\n',
        '5\nhello\n0\n\n',
        ' 5\r\nhello\r\n0\r\n\r\n',
        '5 \r\nhello\r\n0\r\n\r\n',
        SECRET,
      ),
    },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 12_000 }).map((length) => 'b'.repeat(length)) },
  );
  const request = fc
    .tuple(
      fc.constantFrom(...METHODS),
      target,
      fc.constantFrom(...VERSIONS),
      fc.array(field, { maxLength: 4 }),
      fc.constantFrom(...ENDS),
      content,
      fc.integer({ min: 0, max: 11 }),
    )
    .map(([method, path, version, fields, end, body, luck]) => {
      const length = luck > 5 && body !== '' ? [`Content-Length: ${Buffer.byteLength(body)}`] : [];
      const type =
        luck % 2 === 0
          ? []
          : [
              body.startsWith('{')
                ? 'Content-Type: application/json'
                : 'Content-Type: application/x-www-form-urlencoded',
            ];
      const origin = luck === 1 || luck === 7 ? [`Origin: http://${host}`] : [];
      const lines = [
        `${method} ${path} ${version}`,
        ...(luck === 0 ? [] : [`Host: ${host}`]),
        ...length,
        ...type,
        ...origin,
        ...fields,
      ];
      return `${lines.join(end)}\r\n\r\n${body}`;
    });
  const several = fc.oneof(
    { weight: 8, arbitrary: request },
    { weight: 3, arbitrary: fc.array(request, { minLength: 2, maxLength: 5 }).map((all) => all.join('')) },
    {
      weight: 1,
      arbitrary: fc.tuple(request, fc.integer({ min: 2, max: 120 })).map(([one, times]) => one.repeat(times)),
    },
  );
  return fc.oneof(
    { weight: 30, arbitrary: several.map(bytesOf) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  );
}

export function httpWords({ paths, host }: HttpSurface): readonly string[] {
  return [...paths, ...FIELDS, ...METHODS, ...VERSIONS, ...ENDS, host, SMUGGLED, '\r\n\r\n', '\0', '0\r\n\r\n', SECRET];
}
