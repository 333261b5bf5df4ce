/** The load generator (load.c), on a processor of its own. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { pinned } from '../processors.ts';

export interface LoadSample {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly perSecond: number;
  /** The part of the time that the generator itself was working: at 1 it is what is measured. */
  readonly busy: number;
  /** Processor time of the server for each message or request, µs. */
  readonly processorUs: number;
}

export interface LoadOrder {
  readonly kind: 'ingest' | 'http';
  readonly path: string;
  readonly total: number;
  readonly concurrency: number;
}

/** Long for the slowest server on a busy machine. */
const TIMEOUT_MS = 300_000;
const run = promisify(execFile);
/** Every message of a bench is a new token. */
let first = 1;

export async function runLoad(
  program: string,
  { kind, path, total, concurrency }: LoadOrder,
  server: { readonly processorMs: () => number },
): Promise<LoadSample> {
  const processorMs = server.processorMs();
  const args = [kind, path, total, concurrency, first].map(String);
  first += total;
  const [command, all] = pinned('load', program, args);
  const { stdout } = await run(command, all, { timeout: TIMEOUT_MS });
  return {
    ...(JSON.parse(stdout) as Omit<LoadSample, 'processorUs'>),
    processorUs: ((server.processorMs() - processorMs) * 1_000) / total,
  };
}
