/** sender.yaml and receiver.yaml, through the daemons' own load path. */
import { ConfigurationError } from '@token-relay/daemon';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { yamlName } from '../../../packages/daemon/src/settings/setting.ts';
import { asBytes } from '../arbitraries.ts';
import type { FuzzTarget } from '../target.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { demandNoSecretValue, demandNumbers, demandPlace, loaded } from './settings-target.ts';
import { settingsText, YAML_WORDS } from './yaml-arbitraries.ts';

interface Loading {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly uid: number;
  readonly flags: Readonly<Record<string, unknown>>;
  readonly exists: () => boolean;
}

const SECRETS = ['app_secret', 'app_key', 'access_token', 'refresh_token'];

export function settingsFile(
  name: string,
  definitions: object,
  load: (loading: Loading) => Promise<object>,
): FuzzTarget {
  const names = Object.keys(definitions).map(yamlName);
  return {
    name,
    feeds: `\`${name}\`, loaded as the daemon loads it`,
    inputs: asBytes(settingsText([...names, ...SECRETS])),
    dictionary: [...names.map((one) => `${one}: `), ...YAML_WORDS, '25m', '0660', '127.0.0.1:9999', 'https://'],
    runs: { long: 15_000, short: 600 },
    maxBytes: 50_000,
    isGuided: true,
    open: () => {
      const folder = temporaryFolder();
      mkdirSync(join(folder.path, 'run'), { mode: 0o700 });
      const file = join(folder.path, name);
      const loading: Loading = {
        env: { XDG_RUNTIME_DIR: join(folder.path, 'run') },
        cwd: folder.path,
        uid: process.getuid?.() ?? 0,
        flags: { config: file },
        exists: () => false,
      };
      return {
        async check(input) {
          writeFileSync(file, input, { mode: 0o600 });
          const result = await loaded(() => load(loading));
          const text = Buffer.from(input).toString('utf8');
          if (!(result instanceof ConfigurationError)) {
            demandNumbers(result);
            return;
          }
          demandPlace(result, text);
          demandNoSecretValue(result, text);
        },
        close: folder.remove,
      };
    },
  };
}
