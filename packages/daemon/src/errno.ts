import * as z from 'zod/mini';

const withCode = z.object({ code: z.string() });

/** The code of a system error (`ENOENT`, `EACCES`…); undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  const parsed = z.safeParse(withCode, error);
  return parsed.success ? parsed.data.code : undefined;
}
