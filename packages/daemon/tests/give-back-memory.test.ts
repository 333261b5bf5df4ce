import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const program = `
  import { giveBackMemorySoon } from '@token-relay/daemon';
  let held = { used: 'by the start' };
  const seen = new WeakRef(held);
  // By now all is loaded, and nothing else would have V8 look for garbage.
  setTimeout(() => (held = undefined), 500);
  const stop = new AbortController();
  giveBackMemorySoon(stop.signal);
  if (process.argv[1] === 'stop') stop.abort();
  setTimeout(() => console.log(seen.deref() === undefined ? 'given back' : 'kept', typeof globalThis.gc), 2_000);
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
