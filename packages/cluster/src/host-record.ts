/** What lies in the store in the clear, because nothing in it is secret: who leads, and what each host says of itself. */
import * as z from 'zod/mini';
import type { Role } from './membership.ts';

export const MAX_HOST_BYTES: number = 8 * 1024;
/** It is shown on terminals, and whoever can write to the store can write it. */
const word = z.string().check(z.regex(/^[\w.+-]{1,64}$/));
const hostName = z.string().check(z.regex(/^[\w-]{1,64}$/));

export interface LeaseRecord {
  readonly host: string;
  /** of this run of it */
  readonly instance: string;
}

export interface HostRecord {
  readonly host: string;
  readonly version: string;
  readonly role: Role;
  /** of the login: healthy, retrying, … */
  readonly state: string;
  /** of the token set that it holds */
  readonly revision?: number | undefined;
  /** since the access token was issued, when this was written */
  readonly token_age_seconds?: number | undefined;
}

const leaseSchema: z.ZodMiniType<LeaseRecord> = z.object({
  host: hostName,
  instance: z.string().check(z.maxLength(64)),
});

const hostSchema: z.ZodMiniType<HostRecord> = z.object({
  host: hostName,
  version: word,
  role: z.enum(['leader', 'follower', 'alone', 'waiting', 'single']),
  state: word,
  revision: z.optional(z.int().check(z.minimum(1))),
  token_age_seconds: z.optional(z.number().check(z.minimum(-1e9), z.maximum(1e9))),
});

export function writeJson(value: LeaseRecord | HostRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** @returns undefined for what is not of this program */
export function readLease(value: Uint8Array): LeaseRecord | undefined {
  return parsed(leaseSchema, value);
}

/** @returns undefined for what is not of this program */
export function readHost(value: Uint8Array): HostRecord | undefined {
  return parsed(hostSchema, value);
}

function parsed<Value>(schema: z.ZodMiniType<Value>, value: Uint8Array): Value | undefined {
  if (value.length > MAX_HOST_BYTES) return undefined;
  try {
    const result = z.safeParse(schema, JSON.parse(new TextDecoder().decode(value)));
    return result.success ? result.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
