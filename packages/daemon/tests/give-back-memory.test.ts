import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const program = `
  import { memoryGiver } from '@token-relay/daemon';
  let held = { used: 'by the start' };
  const seen = new WeakRef(held);
  // By now all is loaded, and nothing else would have V8 look for garbage.
  setTimeout(() => (held = undefined), 500);
  const stop = new AbortController();
  const giveBackSoon = memoryGiver(stop.signal);
  giveBackSoon();
  if (process.argv[1] === 'stop') stop.abort();
  // More work, which is over later.
  if (process.argv[1] === 'again') setTimeout(giveBackSoon, 1_900);
  setTimeout(() => console.log(seen.deref() === undefined ? 'given back' : 'kept', typeof globalThis.gc), 3_000);
`;

async function output(...args: string[]): Promise<string> {
  const flags = ['--conditions=source', '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, ...args], { cwd: import.meta.dirname });
  return stdout;
}

test('what only the start needed is given back soon after it, and no program gets at the collector', async () => {
  expect(await output()).toBe('given back undefined\n');
});

test('not when the process is about to stop', async () => {
  expect(await output('stop')).toBe('kept undefined\n');
});

test('not in the midst of work', async () => {
  expect(await output('again')).toBe('kept undefined\n');
});
