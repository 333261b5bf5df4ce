/** `schwab_app_config.yaml`: the app registered at Schwab. Holds secrets: read by its owner alone. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, readSecretYaml } from '@token-relay/daemon';
import * as z from 'zod/mini';
import type { AppCredentials } from './refresh/token-request.ts';

/** What the example file holds where the user's own values belong. */
const PLACEHOLDER = /^(YOUR|PUT)[-_]/i;

const text = z.string().check(z.minLength(1));

const appConfigSchema = z.object({
  app_name: z.optional(z.string()),
  /** 32 or 48 characters at Schwab */
  app_key: text,
  /** 16 or 64 characters at Schwab; may come from `$CREDENTIALS_DIRECTORY/app_secret` instead */
  app_secret: z.optional(text),
  /** must match the registered one byte for byte */
  callback_url: z.optional(text),
});

export interface AppConfig extends AppCredentials {
  readonly callbackUrl?: string;
}

/**
 * @param credentialsFolder systemd's `$CREDENTIALS_DIRECTORY` (systemd.exec(5), LoadCredential=): its `app_secret`, if
 *   it is there, takes the place of the file's.
 * @throws ConfigurationError that names the file and what to do.
 */
export async function readAppConfig(path: string, credentialsFolder: string | undefined): Promise<AppConfig> {
  const config = await readSecretYaml(path, appConfigSchema);
  const appSecret = credentialFrom(credentialsFolder, 'app_secret') ?? config.app_secret;
  if (appSecret === undefined) {
    throw new ConfigurationError(
      'config_invalid',
      'there is no "app_secret"; add the secret of your app at developer.schwab.com.',
      { file: path },
    );
  }
  for (const [name, value] of [
    ['app_key', config.app_key],
    ['app_secret', appSecret],
  ] as const) {
    if (PLACEHOLDER.test(value)) {
      throw new ConfigurationError(
        'config_invalid',
        `"${name}" is still the example's; put the one of your app at developer.schwab.com there.`,
        { file: path },
      );
    }
  }
  return {
    appKey: config.app_key,
    appSecret,
    ...(config.callback_url === undefined ? {} : { callbackUrl: config.callback_url }),
  };
}

function credentialFrom(folder: string | undefined, name: string): string | undefined {
  if (folder === undefined) return undefined;
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}
