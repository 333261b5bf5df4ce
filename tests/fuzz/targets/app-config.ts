/** schwab_app_config.yaml: all that stands in it is a secret. */
import { ConfigurationError } from '@token-relay/daemon';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { appConfigWarnings, readAppConfig } from '../../../apps/sender/src/app-config.ts';
import { parseCallback } from '../../../apps/sender/src/login/callback-url.ts';
import { LoginError } from '../../../apps/sender/src/login/login-error.ts';
import { asBytes } from '../arbitraries.ts';
import { demandNoSecret } from '../secrets.ts';
import { demand, type FuzzTarget } from '../target.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { demandPlace, loaded } from './settings-target.ts';
import { settingsText, YAML_WORDS } from './yaml-arbitraries.ts';

const NAMES = ['app_name', 'app_key', 'app_secret', 'callback_url', 'app_secert'];

export const appConfig: FuzzTarget = {
  name: 'schwab_app_config.yaml',
  feeds: '`schwab_app_config.yaml`, read as the sender reads it; the same bytes as the credential `app_secret`',
  inputs: asBytes(settingsText(NAMES)),
  dictionary: [...NAMES.map((one) => `${one}: `), ...YAML_WORDS, 'https://127.0.0.1:8182', 'YOUR-APP-KEY'],
  runs: { long: 15_000, short: 600 },
  maxBytes: 20_000,
  isGuided: true,
  open: () => {
    const folder = temporaryFolder();
    const file = join(folder.path, 'schwab_app_config.yaml');
    const credential = join(folder.path, 'app_secret');
    return {
      async check(input) {
        writeFileSync(file, input, { mode: 0o600 });
        writeFileSync(credential, input, { mode: 0o600 });
        for (const credentials of [undefined, folder.path]) {
          const config = await loaded(() => readAppConfig(file, credentials));
          if (config instanceof ConfigurationError) {
            demandNoSecret(config, 'the error');
            demandPlace(config, Buffer.from(input).toString('utf8'));
            continue;
          }
          demand(config.appKey !== '' && config.appSecret !== '', 'schema', 'an empty key or secret was accepted');
          demandNoSecret(appConfigWarnings(config).join('\n'), 'a warning');
          checkCallback(config.callbackUrl);
        }
      },
      close: folder.remove,
    };
  },
};

function checkCallback(callbackUrl: string | undefined): void {
  try {
    parseCallback(callbackUrl);
  } catch (error) {
    if (!(error instanceof LoginError)) throw error;
  }
}
