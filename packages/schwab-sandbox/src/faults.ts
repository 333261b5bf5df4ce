import { validateHeaderName, validateHeaderValue } from 'node:http';
import * as z from 'zod/mini';
import type { RefusalForm } from './answers.ts';
import { SandboxError } from './errors.ts';

/**
 * The grant is not looked at, so nothing is issued:
 * `status` (any status, `body` empty by default), `html` (an edge's page; 403 is Access Denied), `empty`, `not_json` (200),
 * `unauthorized` (the 401 of wrong credentials), `refuse` (the refresh token is refused in that form), `hang` (never an
 * answer), `reset` (the connection is reset).
 */
export type ReplacingFault =
  | { kind: 'status'; status: number; body?: string; headers?: Record<string, string> }
  | { kind: 'html'; status: number }
  | { kind: 'empty'; status: number }
  | { kind: 'not_json' }
  | { kind: 'unauthorized' }
  | { kind: 'refuse'; form: RefusalForm }
  | { kind: 'hang' }
  | { kind: 'reset' };

/**
 * The grant is done as ever, then its answer is spoiled: `cut_off` (half the body, then the connection ends), `stall` (half
 * the body, then nothing), `delay`, `gzip` (compressed, asked for or not), `huge` (a valid answer of `bytes`, default 32 MiB),
 * `expires_in_string`, `wrong_types` (200, each member of a type that it should not have), `no_refresh_token`.
 */
export type SpoilingFault =
  | { kind: 'cut_off' }
  | { kind: 'stall' }
  | { kind: 'delay'; ms: number }
  | { kind: 'gzip' }
  | { kind: 'huge'; bytes?: number }
  | { kind: 'expires_in_string' }
  | { kind: 'wrong_types' }
  | { kind: 'no_refresh_token' };

/** What can go wrong with one answer of the token endpoint. */
export type Fault = ReplacingFault | SpoilingFault;

/** How many answers in a row a fault spoils; `always` until the faults are cleared. */
export type FaultTimes = number | 'always';

const status = z.int().check(z.minimum(200), z.maximum(599));
const headers = z.record(z.string(), z.string()).check(z.refine(areHeaders));

const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    status,
    body: z.exactOptional(z.string()),
    headers: z.exactOptional(headers),
  }),
  z.strictObject({ kind: z.literal(['html', 'empty']), status }),
  z.strictObject({ kind: z.literal('refuse'), form: z.literal(['A', 'B', 'C', 'C_spaces', 'rfc']) }),
  z.strictObject({ kind: z.literal('delay'), ms: z.int().check(z.minimum(0), z.maximum(3_600_000)) }),
  z.strictObject({
    kind: z.literal('huge'),
    bytes: z.exactOptional(z.int().check(z.minimum(1), z.maximum(1_073_741_824))),
  }),
  z.strictObject({
    kind: z.literal([
      'not_json',
      'unauthorized',
      'hang',
      'reset',
      'cut_off',
      'stall',
      'gzip',
      'expires_in_string',
      'wrong_types',
      'no_refresh_token',
    ]),
  }),
]);

const orderSchema = z.looseObject({
  times: z._default(z.union([z.int().check(z.minimum(1)), z.literal('always')]), 1),
});

function areHeaders(given: Record<string, string>): boolean {
  try {
    for (const [name, value] of Object.entries(given)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    return true;
  } catch {
    return false;
  }
}

/** A body of `POST /sandbox/faults`: a fault, and `times` (default 1) beside it. Throws SandboxError `bad_fault`. */
export function parseFaultOrder(text: string): { fault: Fault; times: FaultTimes } {
  const order = orderSchema.safeParse(parseJson(text));
  if (!order.success) throw badFault('it must be a JSON object; times is 1 or more, or "always"');
  const { times, ...rest } = order.data;
  const fault = faultSchema.safeParse(rest);
  if (fault.success) return { fault: fault.data, times };
  const [issue] = fault.error.issues;
  if (issue?.code === 'unrecognized_keys') throw badFault(`a fault of this kind has no ${issue.keys.join(', ')}`);
  throw badFault(`look at its "${issue?.path.join('.') ?? 'kind'}"`);
}

function badFault(reason: string): SandboxError {
  return new SandboxError(
    'bad_fault',
    `The fault is not understood: ${reason}. An example: {"kind":"status","status":503,"times":3}`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
