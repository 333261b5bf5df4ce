/** What the maintainer scripts have to know of the units: their names, and the folders that systemd makes for them. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Entry } from './package-tree.ts';

/** What `systemctl show` says of an open socket that only a new one can change. */
const SOCKET_PROPERTIES = 'Id,Listen,SocketUser,SocketGroup,SocketMode,DirectoryMode,Backlog,FileDescriptorName';

/** Each a list with spaces, for the shell. */
export interface UnitFacts extends Readonly<Record<string, string>> {
  readonly sockets: string;
  readonly services: string;
  /** those that are part of no other: when they are restarted, all are */
  readonly 'first-units': string;
  readonly 'socket-properties': string;
  readonly 'state-folders': string;
  readonly 'logs-folders': string;
  readonly 'runtime-folders': string;
}

export function unitFacts(entries: readonly Entry[]): UnitFacts {
  const units = entries.filter(({ path }) => /^usr\/lib\/systemd\/system\/[^/]+\.(service|socket)$/.test(path));
  const named = (kind: string) => units.map(({ path }) => basename(path)).filter((name) => name.endsWith(kind));
  const settings = units.map(({ content }) =>
    'file' in content ? readFileSync(content.file, 'utf8') : String(content.text),
  );
  const folders = (setting: string, parent: string) => {
    const names = settings.flatMap((unit) =>
      [...unit.matchAll(new RegExp(`^${setting}=(.*)$`, 'gm'))].flatMap(([, list = '']) => list.trim().split(/\s+/)),
    );
    // `a/b` and `c:d` (a link) are both below the first name.
    return [...new Set(names.map((name) => `${parent}/${name.split(/[/:]/)[0] ?? name}`))].sort().join(' ');
  };
  return {
    sockets: named('.socket').join(' '),
    services: named('.service').join(' '),
    'first-units': units
      .filter((_, index) => !/^PartOf=/m.test(settings[index] ?? ''))
      .map(({ path }) => basename(path))
      .join(' '),
    'socket-properties': SOCKET_PROPERTIES,
    'state-folders': folders('StateDirectory', '/var/lib'),
    'logs-folders': folders('LogsDirectory', '/var/log'),
    'runtime-folders': folders('RuntimeDirectory', '/run'),
  };
}
