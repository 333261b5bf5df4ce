/** The OpenAPI 3.1 document of an interface, made from what its routes say of themselves. */
import * as z from 'zod/mini';
import type { ProblemKind } from './problem.ts';
import type { BodyDescription, EmptyDescription, Parameter, Route, RouteDescription } from './route.ts';
import { METHOD_NOT_ALLOWED, NOT_FOUND, serverProblemsOf } from './server-problems.ts';

export interface OpenApiInfo {
  title: string;
  version: string;
  description: string;
}

type Json = Record<string, unknown>;
type Schemas = Record<string, Json>;

const PROBLEM_TYPE = 'application/problem+json';

const problemSchema = z.object({
  type: z.literal('about:blank'),
  title: z.string().check(z.describe('for people')),
  status: z.int().check(z.gte(400), z.lte(599)),
  code: z.string().check(z.describe('for programs')),
  detail: z.optional(z.string().check(z.describe('what is special about this case, and what to do'))),
});

export const openApiDescription: RouteDescription = {
  id: 'getOpenApiDocument',
  summary: 'This document',
  answers: [
    {
      status: 200,
      description: 'An OpenAPI 3.1 document',
      type: 'application/json',
      schema: z.looseObject({ openapi: z.string() }),
    },
  ],
};

export async function openApiDocument(info: OpenApiInfo, routes: readonly Route[]): Promise<Json> {
  const schemas: Schemas = { Problem: jsonSchema(problemSchema) };
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const description = await route.describe?.();
    if (description === undefined) continue;
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route, description, schemas) };
  }
  return {
    openapi: '3.1.1',
    info,
    servers: [
      { url: 'http://localhost', description: 'Over the Unix socket: curl --unix-socket PATH http://localhost/…' },
    ],
    paths,
    components: {
      schemas,
      responses: {
        // Where there is no operation, and so no answer of its own to describe.
        NotFound: problemResponse([NOT_FOUND]),
        MethodNotAllowed: problemResponse([METHOD_NOT_ALLOWED]),
      },
    },
  };
}

function operation(route: Route, description: RouteDescription, schemas: Schemas): Json {
  const { id, summary, answers, problems = [], query = {}, requestHeaders = {} } = description;
  const parameters = [...parametersIn('query', query), ...parametersIn('header', requestHeaders)];
  const byStatus = Map.groupBy([...problems, ...serverProblemsOf(route, description)], ({ status }) => status);
  const responses: Json = {};
  for (const answer of answers) responses[answer.status] = response(answer, schemas);
  for (const [status, kinds] of byStatus) responses[status] = problemResponse(kinds);
  return {
    operationId: id,
    summary,
    ...(description.description === undefined ? {} : { description: description.description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    responses,
  };
}

function parametersIn(place: 'query' | 'header', parameters: Readonly<Record<string, Parameter>>): Json[] {
  return Object.entries(parameters).map(([name, { description, schema }]) => ({
    name,
    in: place,
    description,
    schema: jsonSchema(schema),
  }));
}

function response(answer: BodyDescription | EmptyDescription, schemas: Schemas): Json {
  const headers = Object.entries(answer.headers ?? {}).map(
    ([name, { description, schema }]) => [name, { description, required: true, schema: jsonSchema(schema) }] as const,
  );
  return {
    description: answer.description,
    ...(headers.length === 0 ? {} : { headers: Object.fromEntries(headers) }),
    ...('schema' in answer ? { content: { [answer.type]: { schema: bodySchema(answer, schemas) } } } : {}),
  };
}

function bodySchema({ name, schema }: BodyDescription, schemas: Schemas): Json {
  if (name === undefined) return jsonSchema(schema);
  schemas[name] ??= jsonSchema(schema);
  return { $ref: `#/components/schemas/${name}` };
}

function problemResponse(kinds: readonly ProblemKind[]): Json {
  const retried = kinds.filter(({ retryAfterSeconds }) => retryAfterSeconds !== undefined);
  const status = kinds[0]?.status;
  return {
    description: kinds.map(({ code, title }) => `\`${code}\`: ${title}`).join('; '),
    ...(retried.length === 0 ? {} : { headers: { 'Retry-After': retryAfter(retried.length === kinds.length) } }),
    content: {
      [PROBLEM_TYPE]: {
        schema: {
          allOf: [
            { $ref: '#/components/schemas/Problem' },
            {
              type: 'object',
              properties: { status: { const: status }, code: { enum: [...new Set(kinds.map(({ code }) => code))] } },
            },
          ],
        },
      },
    },
  };
}

function retryAfter(required: boolean): Json {
  return { description: 'seconds', required, schema: { type: 'string', pattern: '^\\d+$' } };
}

/** Without what is not known today: a reader ignores members that a later version adds. */
function jsonSchema(schema: z.core.$ZodType): Json {
  const made: Json = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema: part }) => {
      // The bounds of JavaScript's numbers tell nobody anything.
      if (part.minimum === Number.MIN_SAFE_INTEGER) delete part.minimum;
      if (part.maximum === Number.MAX_SAFE_INTEGER) delete part.maximum;
    },
  });
  delete made['$schema'];
  return made;
}
