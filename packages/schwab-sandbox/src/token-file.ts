import * as z from 'zod/mini';
import { tokenBody } from './answers.ts';
import { SandboxError } from './errors.ts';
import type { IssuedTokens } from './login-book.ts';

const fileSchema = z.object({
  creation_timestamp: z.number(),
  token: z.object({ refresh_token: z.string().check(z.minLength(1)) }),
});

/** schwab-py's file (SCHWAB.md, "The token file"): integer seconds. */
export function formatTokenFile(tokens: IssuedTokens): string {
  const file = {
    creation_timestamp: Math.floor(tokens.loginAtMs / 1000),
    token: { ...tokenBody(tokens), expires_at: Math.floor(tokens.issuedAtMs / 1000) + tokens.expiresIn },
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** The login that a schwab-py file holds. Throws SandboxError `bad_token_file`. */
export function parseTokenFile(text: string): { refreshToken: string; loginAtMs: number } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const file = fileSchema.safeParse(value);
  if (!file.success) {
    throw new SandboxError(
      'bad_token_file',
      'A token file must hold creation_timestamp and token.refresh_token, as schwab-py writes it.',
    );
  }
  return { refreshToken: file.data.token.refresh_token, loginAtMs: file.data.creation_timestamp * 1000 };
}
