/** A folder with what a sender needs: the app's credentials, and a login that it is to keep alive. */
import type { Sandbox } from '@token-relay/schwab-sandbox';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes the folder anew, with a new login. Returns the flags for it. */
export function makeSenderHome(home: string, sandbox: Sandbox): string[] {
  const flags = makeHomeWithoutLogin(home, sandbox);
  sandbox.logIn();
  writeFileSync(tokenFileIn(home), sandbox.tokenFileText(), { mode: 0o600 });
  return flags;
}

/** The same, and the login is to come from elsewhere. */
export function makeHomeWithoutLogin(home: string, sandbox: Sandbox): string[] {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { mode: 0o700 });
  const { appKey, appSecret } = sandbox.credentials;
  const appConfig = join(home, 'app.yaml');
  writeFileSync(appConfig, `app_key: ${appKey}\napp_secret: ${appSecret}\n`, { mode: 0o600 });
  return [`--app-config=${appConfig}`, `--token-file=${tokenFileIn(home)}`, `--token-url=${sandbox.tokenUrl}`];
}

/** The sender refreshes it at its start. */
export function makeTokenDue(home: string): void {
  const text = readFileSync(tokenFileIn(home), 'utf8');
  const due = text.replace(/"expires_at": ?\d+/, `"expires_at": ${Math.floor(Date.now() / 1_000) - 60}`);
  if (due === text) throw new Error('the token file says expires_at anew');
  writeFileSync(tokenFileIn(home), due, { mode: 0o600 });
}

function tokenFileIn(home: string): string {
  return join(home, 'tokens.json');
}
