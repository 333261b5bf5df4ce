import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('V8 has the flag: it would take another name without a word', async () => {
  const program = "import { expectShortLives } from '@token-relay/daemon'; expectShortLives(); console.log('gone on');";
  const flags = ['--conditions=source', '--input-type=module', '--no-allocation-site-pretenuring', '--eval', program];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, flags, { cwd: import.meta.dirname });
  expect([stdout, stderr]).toEqual(['gone on\n', '']);
});
