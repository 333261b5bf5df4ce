/** `schwab_app_config.yaml`: the app registered at Schwab. Holds secrets: read by its owner alone. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError, readSecretYaml } from '@token-relay/daemon';
import * as z from 'zod/mini';
import type { AppCredentials } from './refresh/token-request.ts';

/** What the example file holds where the user's own values belong. */
const PLACEHOLDER = /^(YOUR|PUT)[-_]/i;

/** SCHWAB.md, "Endpoints". */
const KEY_LENGTHS = [32, 48] as const;
const SECRET_LENGTHS = [16, 64] as const;

const text = z.string().check(z.minLength(1));

const appConfigSchema = z.strictObject({
  app_name: z.optional(z.string()),
  app_key: text,
  /** may come from `$CREDENTIALS_DIRECTORY/app_secret` instead */
  app_secret: z.optional(text),
  /** must match the registered one byte for byte */
  callback_url: z.optional(text),
});

export interface AppConfig extends AppCredentials {
  readonly callbackUrl?: string;
}

/** There is no secret, neither in the file nor among the credentials. */
export class AppSecretMissing extends ConfigurationError {}

/**
 * @param credentialsFolder systemd's `$CREDENTIALS_DIRECTORY` (systemd.exec(5), LoadCredential=): its `app_secret`, if
 *   it is there, takes the place of the file's.
 * @throws ConfigurationError that names the file and what to do.
 */
export async function readAppConfig(path: string, credentialsFolder: string | undefined): Promise<AppConfig> {
  const credentials = credentialsFolder === undefined ? {} : { credentialsDirectory: credentialsFolder };
  const config = await readSecretYaml(path, appConfigSchema, credentials).catch((error: unknown) => {
    if (!(error instanceof ConfigurationError) || error.code !== 'config_missing') throw error;
    throw new ConfigurationError(
      'config_missing',
      'there is no such file; write app_key, app_secret and callback_url of your app at developer.schwab.com there (schwab_app_config.example.yaml shows how), and run chmod 600 on it.',
      { file: path },
    );
  });
  const appSecret = (await credentialFrom(credentialsFolder, 'app_secret')) ?? config.app_secret;
  if (appSecret === undefined) {
    throw new AppSecretMissing(
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

/** What looks wrong and need not be: how long Schwab's keys and secrets are, and that nobody can log in. */
export function appConfigWarnings({ appKey, appSecret, callbackUrl }: AppConfig): readonly string[] {
  const odd = (name: string, value: string, lengths: readonly [number, number]) =>
    lengths.includes(value.length)
      ? []
      : [`${name} has ${value.length} characters, and Schwab's have ${lengths.join(' or ')}: is all of it there?`];
  return [
    ...odd('app_key', appKey, KEY_LENGTHS),
    ...odd('app_secret', appSecret, SECRET_LENGTHS),
    ...(callbackUrl === undefined
      ? ['there is no callback_url, without which nobody can log in; add the one of your app at developer.schwab.com']
      : []),
  ];
}

async function credentialFrom(folder: string | undefined, name: string): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  const file = join(folder, name);
  const fail = (problem: string) => new ConfigurationError('config_unreadable', problem, { file });
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    if (errno === 'ENOENT') return undefined;
    throw fail(`the credential cannot be read (${errno}); see LoadCredential= of the unit`);
  });
  if (text?.trim() === '') throw fail('the credential is empty; see LoadCredential= of the unit');
  return text?.trim();
}
