/** Log files that have a second name: made by a backup, or by a stranger who wants a file of ours written to. Runs as root. */
import { chmodSync, linkSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { WRITERS } from './file-writers.ts';
import { HostileFolder } from './hostile-folder.ts';

if (process.geteuid?.() === 0) {
  describe('a second name of a log file', () => {
    const secondName = async (fileMode: number, folderMode: number): Promise<{ said: string[]; text: string }> => {
      const place = new HostileFolder();
      const file = place.path('token_receiver.1.log');
      writeFileSync(file, 'earlier\n');
      chmodSync(file, fileMode);
      linkSync(file, join(place.ours, 'backup.1.log'));
      chmodSync(place.folder, folderMode);
      const said = [...((await WRITERS['the log file']?.write(file)) ?? [])];
      return { said, text: readFileSync(file, 'utf8') };
    };

    test('that a backup made does not stop the log', async () => {
      for (const [fileMode, folderMode] of [
        [0o600, 0o755],
        [0o600, 0o775],
      ] as const) {
        const { said, text } = await secondName(fileMode, folderMode);
        expect(said).toEqual([]);
        expect(text).toMatch(/^earlier\n.*Started\n$/);
      }
    });

    test('that a stranger may have made is not written to', async () => {
      for (const [fileMode, folderMode] of [
        [0o600, 0o1777],
        [0o620, 0o775],
        [0o602, 0o755],
      ] as const) {
        const { said, text } = await secondName(fileMode, folderMode);
        expect(said).toEqual([expect.stringMatching(/\.1\.log is another file's name too; remove it/)]);
        expect(text).toBe('earlier\n');
      }
    });
  });
} else {
  console.warn('Second names of log files are not tried: it takes root');
}
