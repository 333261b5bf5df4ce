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
 * @param options.named a settings file that was named: then it is that of the services only if it lies there
 * @param options.isOwnDaemonThere whether a daemon of this user's own has left its socket: a command is then about that
 *   one, wherever it is typed; without it, that is not asked
 * @param options.exists default: looks
 */
export function settingsFolder(options: {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  named?: string | undefined;
  isOwnDaemonThere?: (() => boolean) | undefined;
  exists?: ((path: string) => boolean) | undefined;
}): SettingsFolder {
  const { env, cwd, named, isOwnDaemonThere = () => false, exists = existsSync } = options;
  if (named !== undefined) return dirname(resolve(cwd, named)) === serviceFolders.settings ? SERVICE : WORKING;
  const candidates = [WORKING, ...userFolders(env), SERVICE];
  const isInUse = ({ path }: SettingsFolder): boolean => FILES.some((file) => exists(resolve(cwd, path, file)));
  const found = candidates.find(isInUse) ?? WORKING;
  return found.kind === 'service' && isOwnDaemonThere() ? WORKING : found;
}

function userFolders({ XDG_CONFIG_HOME: configHome, HOME: home }: Readonly<Record<string, string | undefined>>) {
  const parent = isAbsolute(configHome) ? configHome : isAbsolute(home) ? join(home, '.config') : undefined;
  if (parent === undefined) return [];
  const path = join(parent, 'token-relay');
  return [{ kind: 'own', path, stateFolder: path }] as const;
}

/** XDG base directories: a relative path is to be ignored. */
function isAbsolute(path: string | undefined): path is string {
  return path?.startsWith('/') === true;
}
