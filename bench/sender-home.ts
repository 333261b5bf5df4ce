/** A folder with what a sender needs: the app's credentials, and a login that it is to keep alive. */
import type { Sandbox } from '@token-relay/schwab-sandbox';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes the folder anew, with a new login. Returns the flags for it. */
export function makeSenderHome(home: string, sandbox: Sandbox): string[] {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { mode: 0o700 });
  const { appKey, appSecret } = sandbox.credentials;
  const [appConfig, tokenFile] = [join(home, 'app.yaml'), join(home, 'tokens.json')];
  writeFileSync(appConfig, `app_key: ${appKey}\napp_secret: ${appSecret}\n`, { mode: 0o600 });
  sandbox.logIn();
  writeFileSync(tokenFile, sandbox.tokenFileText(), { mode: 0o600 });
  return [`--app-config=${appConfig}`, `--token-file=${tokenFile}`, `--token-url=${sandbox.tokenUrl}`];
}
