import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { serviceFolders } from './service-folders.ts';

/** Where the settings are that nobody has named. */
export interface SettingsFolder {
  /** `service`: those of the system's services; `own`: of the working folder, or of this user. */
  readonly kind: 'own' | 'service';
  /** Relative to the working folder, or absolute. */
  readonly path: string;
  /** Where the token file is, if nobody has named it. */
  readonly stateFolder: string;
}

/** Any of them shows that a folder is in use. */
const FILES = ['sender.yaml', 'receiver.yaml', 'schwab_app_config.yaml'] as const;

const WORKING: SettingsFolder = { kind: 'own', path: 'configs', stateFolder: 'configs' };
const SERVICE: SettingsFolder = {
  kind: 'service',
  path: serviceFolders.settings,
  stateFolder: serviceFolders.state,
};

/**
 * The first that is in use of `configs` in the working folder, `$XDG_CONFIG_HOME/token-relay` (`~/.config/token-relay`),
 * and `/etc/token-relay`; the first of all, if none is. One login belongs together, so all that is not named comes from
 * the one folder.
 *
 * @param options.named a settings file that was named: all comes from its folder, if that is one of these
 * @param options.isServiceMeant asked if it would be that of the services: if they are not meant, it is the user's own
 * @param options.exists default: looks
 */
export function settingsFolder(options: {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  named?: string | undefined;
  isServiceMeant?: () => boolean;
  exists?: ((path: string) => boolean) | undefined;
}): SettingsFolder {
  const { env, cwd, named, isServiceMeant = () => true, exists = existsSync } = options;
  const users = userFolders(env);
  const candidates = [WORKING, ...users, SERVICE];
  if (named !== undefined) {
    const folder = dirname(resolve(cwd, named));
    return candidates.find(({ path }) => resolve(cwd, path) === folder) ?? WORKING;
  }
  const isInUse = ({ path }: SettingsFolder): boolean => FILES.some((file) => exists(resolve(cwd, path, file)));
  const found = candidates.find(isInUse) ?? WORKING;
  return found.kind === 'service' && !isServiceMeant() ? (users[0] ?? WORKING) : found;
}

function userFolders(env: Readonly<Record<string, string | undefined>>): readonly SettingsFolder[] {
  const { XDG_CONFIG_HOME: configHome, HOME: home } = env;
  const parent = isAbsolute(configHome) ? configHome : isAbsolute(home) ? join(home, '.config') : undefined;
  if (parent === undefined) return [];
  const path = join(parent, 'token-relay');
  return [{ kind: 'own', path, stateFolder: path }];
}

/** XDG base directories: a relative path is to be ignored. */
function isAbsolute(path: string | undefined): path is string {
  return path?.startsWith('/') === true;
}
