import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { openApiDocument } from './open-api.ts';
import type { Route, RouteDescription } from './route.ts';

const INFO = { title: 'made up', version: '1.2.3', description: 'for a test' };
const answer: Route['answer'] = () => ({ status: 200 });

function description(more: Partial<RouteDescription> = {}): RouteDescription {
  return { id: 'made', summary: 'Made up', answers: [{ status: 204, description: 'Nothing' }], ...more };
}

type Operation = Record<'parameters' | 'responses', unknown>;

async function operation(route: Partial<Route>, more: Partial<RouteDescription> = {}): Promise<Operation> {
  const made: Route = { method: 'GET', path: '/made', answer, describe: () => description(more), ...route };
  const document = await openApiDocument(INFO, [made]);
  const paths = document['paths'] as Record<string, Record<string, Operation>>;
  return paths['/made']?.[made.method.toLowerCase()] ?? { parameters: undefined, responses: undefined };
}

function responseTo(status: number, { responses }: Operation): unknown {
  return (responses as Record<number, unknown>)[status];
}

const text = (value: unknown): string => JSON.stringify(value);

test('a route that does not say what it is stays out; two methods of a path are beside each other', async () => {
  const { paths, openapi, info } = await openApiDocument(INFO, [
    { method: 'GET', path: '/silent', answer },
    { method: 'GET', path: '/made', answer, describe: () => description({ id: 'get' }) },
    { method: 'POST', path: '/made', answer, describe: () => Promise.resolve(description({ id: 'post' })) },
  ]);
  expect({ openapi, info }).toEqual({ openapi: '3.1.1', info: INFO });
  expect(paths).toEqual({
    '/made': {
      get: expect.objectContaining({ operationId: 'get' }) as unknown,
      post: expect.objectContaining({ operationId: 'post' }) as unknown,
    },
  });
});

test('query and header parameters have the schema that is given', async () => {
  const { parameters } = await operation(
    {},
    {
      query: { n: { description: 'how many', schema: z.number().check(z.gte(1)) } },
      requestHeaders: { 'If-None-Match': { description: 'what is there', schema: z.string() } },
    },
  );
  expect(parameters).toEqual([
    { name: 'n', in: 'query', description: 'how many', schema: { type: 'number', minimum: 1 } },
    { name: 'If-None-Match', in: 'header', description: 'what is there', schema: { type: 'string' } },
  ]);
});

test('the problems of a status are one answer, with the codes of this route', async () => {
  const busy = { status: 503, code: 'busy', title: 'Busy', retryAfterSeconds: 1 };
  const made = await operation({}, { problems: [busy, { status: 503, code: 'late', title: 'Late' }] });
  const answers = responseTo(503, made);
  expect(answers).toMatchObject({ headers: { 'Retry-After': {} } });
  expect(text(answers)).toContain('"code":{"enum":["busy","late","too_many_connections"]}');
  expect(text(answers)).toContain('"status":{"const":503}');
  expect(text(responseTo(400, made))).not.toContain('Retry-After');
});

test.each([
  ['a body that is too large, where one can be sent', { method: 'POST' }, {}, 'body_too_large', true],
  ['not where none is read', {}, {}, 'body_too_large', false],
  ['a body that is not JSON, where that is read', { method: 'POST', maxJsonBytes: 10 }, {}, 'bad_json', true],
  ['not where none is read', { method: 'POST' }, {}, 'bad_json', false],
  ['a stream behind another answer', {}, { streams: true }, 'pipelined_stream', true],
  ['not for what is no stream', {}, {}, 'pipelined_stream', false],
  ['that all connections are taken', {}, {}, 'too_many_connections', true],
  ['not where it is answered even then', { evenWhenFull: true }, {}, 'too_many_connections', false],
] as const)('the problems of the server: %s', async (_what, route, more, code, has) => {
  expect(text(await operation(route, more)).includes(`"${code}"`)).toBe(has);
});

test('a schema with a name is there once; the bounds of JavaScript are not', async () => {
  const named = {
    status: 200,
    description: 'It',
    type: 'application/json',
    name: 'It',
    schema: z.object({ n: z.int(), m: z.int().check(z.gte(1)) }),
  };
  const describe = (): RouteDescription => description({ answers: [named] });
  const { components, paths } = await openApiDocument(INFO, [
    { method: 'GET', path: '/a', answer, describe },
    { method: 'GET', path: '/b', answer, describe },
  ]);
  expect(text(paths).match(/"\$ref":"#\/components\/schemas\/It"/g)).toHaveLength(2);
  expect(components).toMatchObject({
    schemas: {
      It: {
        type: 'object',
        properties: { n: { type: 'integer' }, m: { type: 'integer', minimum: 1 } },
        required: ['n', 'm'],
      },
    },
  });
  expect(text(components)).not.toContain('9007199254740991');
});
