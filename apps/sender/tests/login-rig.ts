/** A login against the sandbox, with the callback on a free port of this machine. */
import { startSandbox, type Sandbox, type SandboxOptions } from '@token-relay/schwab-sandbox';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LoginTokens } from '../src/login/login-answer.ts';
import { LoginAttempt, type LoginParts } from '../src/login/login-flow.ts';
import { postForm } from '../src/refresh/token-endpoint.ts';
import { freePort } from './free-port.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface LoginRig {
  readonly sandbox: Sandbox;
  readonly callbackUrl: string;
  readonly folder: string;
  readonly warnings: string[];
  readonly kept: { readonly tokens: LoginTokens; readonly loginAtMs: number }[];
  readonly start: (over?: Partial<LoginParts>) => Promise<LoginAttempt>;
}

export async function loginRig(options: Partial<SandboxOptions> = {}): Promise<LoginRig> {
  const callbackUrl = `https://127.0.0.1:${await freePort()}`;
  const sandbox = await startSandbox({ autoApprove: true, callbackUrl, ...options });
  onTestFinished(() => sandbox.close());
  const folder = temporaryFolder();
  const warnings: string[] = [];
  const kept: LoginRig['kept'] = [];
  const start = async (over: Partial<LoginParts> = {}) => {
    const attempt = await LoginAttempt.start({
      app: { ...sandbox.credentials, callbackUrl },
      authorizeUrl: sandbox.authorizeUrl,
      tokenUrl: sandbox.tokenUrl,
      httpTimeoutMs: 10_000,
      timeoutMs: 60_000,
      listen: true,
      certificateFile: join(folder, 'certificate.pem'),
      post: postForm,
      keep: (tokens, loginAtMs) => {
        kept.push({ tokens, loginAtMs });
        return Promise.resolve(undefined);
      },
      warn: (message) => warnings.push(message),
      nowMs: Date.now,
      random: randomBytes,
      onChange: () => undefined,
      ...over,
    });
    onTestFinished(async () => {
      attempt.cancel();
      await attempt.closed();
    });
    return attempt;
  };
  return { sandbox, callbackUrl, folder, warnings, kept, start };
}
