/** The OpenAPI document as it is served, and whether an answer is what it says. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { Client, Reply } from './api-rig.ts';

type Json = Record<string, unknown>;

interface Response {
  readonly headers?: Record<string, { required: boolean; schema: Json }>;
  readonly content?: Record<string, { schema: Json }>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, { get: { responses: Record<string, Response> } }>;
  readonly components: { schemas: Record<string, Json>; responses: Record<string, Response> };
}

/** What is sent and not described is a fault too, though readers have to bear it. */
function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict);
  if (typeof value !== 'object' || value === null) return value;
  const made = Object.fromEntries(Object.entries(value).map(([name, part]) => [name, strict(part)]));
  return 'properties' in value && 'required' in value && !('additionalProperties' in value)
    ? { ...made, additionalProperties: false }
    : made;
}

export class ServedDocument {
  readonly document: Document;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  /** path, status and code, of the problems that it describes and of those that were seen */
  readonly described = new Set<string>();
  readonly seen = new Set<string>();

  private constructor(text: string) {
    this.document = JSON.parse(text) as Document;
    this.#ajv.addSchema(strict(this.document) as Json, 'document', undefined, false);
    for (const [path, { get }] of Object.entries(this.document.paths)) {
      for (const [status, { content = {} }] of Object.entries(get.responses)) {
        const codes = JSON.stringify(content['application/problem+json'] ?? {}).match(/"code":\{"enum":(\[[^\]]*\])/);
        for (const code of JSON.parse(codes?.[1] ?? '[]') as string[]) this.described.add(`${path} ${status} ${code}`);
      }
    }
  }

  static async ask(client: Client): Promise<ServedDocument> {
    const reply = await client.get('/openapi.json').reply();
    expect(reply).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    const served = new ServedDocument(reply.body);
    served.expectDescribed('/openapi.json', reply);
    return served;
  }

  /** Of an answer to GET. */
  expectDescribed(path: string, reply: Reply): void {
    const pointer = `#/paths/${path.replaceAll('/', '~1')}/get/responses/${reply.status}`;
    this.#expectResponse(this.document.paths[path]?.get.responses[String(reply.status)], pointer, reply);
    if (reply.status >= 400) this.seen.add(`${path} ${reply.status} ${codeOf(reply)}`);
  }

  /** Of an answer where there is no operation. */
  expectComponent(name: string, reply: Reply): void {
    this.#expectResponse(this.document.components.responses[name], `#/components/responses/${name}`, reply);
  }

  expectValid(name: string, value: unknown): void {
    this.#validate(`#/components/schemas/${name}`, value);
  }

  #expectResponse(response: Response | undefined, pointer: string, { headers, body }: Reply): void {
    expect(response, pointer).toBeDefined();
    for (const [name, { required, schema }] of Object.entries(response?.headers ?? {})) {
      if (!required && headers[name.toLowerCase()] === undefined) continue;
      expect(this.#ajv.validate(schema, headers[name.toLowerCase()]), `${pointer} ${name}`).toBe(true);
    }
    const types = Object.keys(response?.content ?? {});
    if (types.length === 0) {
      expect(body, pointer).toBe('');
      return;
    }
    const type = headers['content-type'] ?? '';
    expect(types, pointer).toContain(type);
    const value: unknown = type.endsWith('json') ? JSON.parse(body) : body;
    this.#validate(`${pointer}/content/${type.replaceAll('/', '~1').replaceAll(' ', '%20')}/schema`, value);
  }

  #validate(pointer: string, value: unknown): void {
    const validate = this.#ajv.getSchema(`document${pointer}`);
    expect(validate, pointer).toBeDefined();
    expect([validate?.(value), validate?.errors], `${pointer} ${JSON.stringify(value)}`).toEqual([true, null]);
  }
}

function codeOf({ body }: Reply): string {
  return String((JSON.parse(body) as { code?: unknown }).code);
}
