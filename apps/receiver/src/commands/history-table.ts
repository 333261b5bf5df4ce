/** The history as a table for people. Pure. */
import * as z from 'zod/mini';
import { localTime, printable } from './words.ts';

/** `GET /v1/history`, newest first. Words that a newer receiver may have are shown as they are. */
export const historySchema = z.object({
  tokens: z.array(
    z.object({
      generation: z.number(),
      fingerprint: z.string(),
      received_at: z.string(),
      from: z.string(),
      peer: z.optional(z.string()),
      expires_at: z.optional(z.string()),
      refresh_token: z.string(),
    }),
  ),
});

export type History = z.infer<typeof historySchema>;

const HEAD = ['RECEIVED', 'GENERATION', 'FROM', 'TOKEN', 'EXPIRES', 'REFRESH TOKEN'];

export function historyLines({ tokens }: History): string[] {
  if (tokens.length === 0) return ['No token has come yet.'];
  const rows = tokens.map((token) => [
    localTime(token.received_at),
    String(token.generation),
    token.peer === undefined ? token.from : `${token.from} ${token.peer}`,
    token.fingerprint,
    token.expires_at === undefined ? 'unknown' : localTime(token.expires_at),
    token.refresh_token,
  ]);
  const cells = [HEAD, ...rows].map((row) => row.map(printable));
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
