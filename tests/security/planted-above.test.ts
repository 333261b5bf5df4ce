/** Folders and links of a stranger higher up in the path of what we write. Runs as root, against a user that is not there. */
import { chmodSync, chownSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { linkTarget } from '@token-relay/paths';
import { SECRET, WRITERS } from '../crash/file-writers.ts';
import { HostileFolder, plantLink, STRANGER } from '../crash/hostile-folder.ts';

function strangersFolder(path: string): string {
  mkdirSync(path);
  chownSync(path, STRANGER, STRANGER);
  return path;
}

/** What is planted in a folder that everyone may write to, and the path below it that our file then has. */
const ATTACKS: Readonly<Record<string, (place: HostileFolder) => string>> = {
  "a stranger's folder": (place) => strangersFolder(place.path('run')),
  "a stranger's link to a folder of ours": (place) => {
    plantLink(place.ours, place.path('run'));
    return place.path('run');
  },
  "a stranger's link to a folder of their own": (place) => {
    plantLink(strangersFolder(place.path('theirs')), place.path('run'));
    return place.path('run');
  },
  "a folder of ours below a stranger's": (place) => {
    const ours = join(strangersFolder(place.path('above')), 'run');
    mkdirSync(ours);
    return ours;
  },
  "a folder below a stranger's link to a folder of ours": (place) => {
    plantLink(dirname(place.ours), place.path('above'));
    return join(place.path('above'), 'ours');
  },
};

const cases = [0o1777, 0o777].flatMap((mode) =>
  Object.entries(ATTACKS).flatMap(([attack, plant]) =>
    Object.entries(WRITERS).map(([what, writer]) => ({ what, writer, attack, plant, mode, shown: mode.toString(8) })),
  ),
);

if (process.geteuid?.() === 0) {
  test.each(cases)('$attack in a folder with mode $shown: $what is not written', async ({ writer, plant, mode }) => {
    const place = new HostileFolder();
    chmodSync(place.folder, mode);
    const folder = plant(place);
    const said = await writer.write(join(folder, writer.file));
    expect(place.isUnharmed()).toBe(true);
    expect(place.readableBy(STRANGER, SECRET)).toEqual([]);
    expect(said.join('\n')).toMatch(/remove it|name a file/);
    expect(readdirSync(folder).filter((name) => name !== 'precious')).toEqual([]);
  });

  describe('no stranger, and goes on working:', () => {
    const made = (place: HostileFolder, name: string, mode: number, uid: number, gid: number): string => {
      const path = join(dirname(place.ours), name);
      mkdirSync(path);
      chmodSync(path, mode);
      chownSync(path, uid, gid);
      return path;
    };

    test.each([
      { what: "a folder of root's that a group may write to, as /var/log and /var/local", mode: 0o2775, uid: 0 },
      { what: "a user's folder that the user's own group may write to (umask 002)", mode: 0o775, uid: STRANGER },
      { what: "a mount in which everything is one user's, and everyone may write", mode: 0o777, uid: STRANGER },
    ])('$what', async ({ mode, uid }) => {
      const folder = made(new HostileFolder(), 'place', mode, uid, STRANGER);
      const below = join(folder, 'below');
      mkdirSync(below);
      chownSync(below, uid, STRANGER);
      await expect(linkTarget(join(below, 'file'))).resolves.toBe(join(below, 'file'));
    });

    test('our own folder and link in a folder that everyone may write to', async () => {
      const place = new HostileFolder();
      chmodSync(place.folder, 0o1777);
      mkdirSync(place.path('own'));
      symlinkSync('own', place.path('link'));
      await expect(linkTarget(join(place.path('link'), 'file'))).resolves.toBe(join(place.path('own'), 'file'));
    });

    test("/run/user/UID, a user's session folder", async () => {
      const session = made(new HostileFolder(), '54321', 0o700, STRANGER, STRANGER);
      await expect(linkTarget(join(session, 'token.sock'))).resolves.toBe(join(session, 'token.sock'));
    });
  });
} else {
  console.warn('Planted folders are not tried: it takes root, and a second user');
}
