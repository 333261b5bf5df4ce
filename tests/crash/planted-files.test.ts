/**
 * Each file that a privileged daemon or command writes, in a folder where a stranger has been first: nothing of ours is harmed, no
 * secret is put where the stranger can read it, and what cannot be done is said. Runs as root, against a user that is not there.
 */
import { lstatSync } from 'node:fs';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { recordOutput } from '../record/record.ts';
import { SECRET, WRITERS } from './file-writers.ts';
import { ATTACKS, demandRoot, HostileFolder, plantLink, STRANGER } from './hostile-folder.ts';
import { useKnownNames } from './known-names.ts';
import { temporariesOf } from './known-paths.ts';

const cases = Object.entries(WRITERS).flatMap(([what, writer]) =>
  Object.entries(ATTACKS).map(([attack, plant]) => ({ what, attack, writer, plant })),
);

beforeAll(demandRoot);

describe('planted beforehand', () => {
  test.each(cases)('$attack does no harm when $what is written', { timeout: 15_000 }, async ({ writer, plant }) => {
    const place = new HostileFolder();
    const path = place.path(writer.file);
    plant(place, path);
    const said = await writer.write(path);
    recordOutput('planted', said.map((line) => `${line}\n`).join(''));
    expect(place.isUnharmed()).toBe(true);
    expect(place.readableBy(STRANGER, SECRET)).toEqual([]);
    if (said.length === 0) expect(lstatSync(path)).toMatchObject({ uid: 0, nlink: 1 });
    else expect(said.join('\n')).toMatch(/remove it|move it|name another|name a file|choose another|Move it|is moved/);
  });

  test.each(Object.entries(WRITERS))(
    'a link at the name of the temporary file of %s does no harm',
    async (_what, writer) => {
      const place = new HostileFolder();
      const path = place.path(writer.file);
      for (const temporary of temporariesOf(path)) plantLink(place.victim, temporary);
      onTestFinished(useKnownNames());
      await writer.write(path);
      expect(place.isUnharmed()).toBe(true);
      expect(place.readableBy(STRANGER, SECRET)).toEqual([]);
    },
  );
});
