/** What the client does to the process that uses it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MadeUpReceiver } from './made-up-receiver.ts';
import { temporaryFolder } from './temporary-folder.ts';

const index = join(import.meta.dirname, '../src/index.ts');

/** A program of its own, with a client of this socket in `client`. */
async function run(socketPath: string, lines: string): Promise<{ code: unknown; output: string }> {
  const program = `
    import { TokenClient } from ${JSON.stringify(index)};
    const client = new TokenClient({ socketPath: ${JSON.stringify(socketPath)} });
    ${lines}`;
  const child = spawn(process.execPath, ['--conditions=source', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const pipe of [child.stdout, child.stderr]) pipe.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as unknown[];
  return { code, output };
}

test('a client that is connected does not keep the process alive', async () => {
  const receiver = await MadeUpReceiver.started();
  receiver.hold('made-up-1');
  const { code, output } = await run(receiver.path, 'console.log(await client.getAccessToken());');
  expect(output).toBe('made-up-1\n');
  expect(code).toBe(0);
});

test('nor does one that tries again and again', async () => {
  const { code, output } = await run(
    join(temporaryFolder(), 'api.sock'),
    `client.onToken(console.log);
     await new Promise((resolve) => setTimeout(resolve, 50));`,
  );
  expect(output).toBe('');
  expect(code).toBe(0);
});

test('a call that waits does, to its end', async () => {
  const { code, output } = await run(
    join(temporaryFolder(), 'api.sock'),
    `await client.getAccessToken({ timeoutMs: 300 }).catch(({ code }) => console.log(code));
     console.log(await client.newerToken('made-up-1', { timeoutMs: 100 }));`,
  );
  expect(output).toBe('receiver_not_running\nundefined\n');
  expect(code).toBe(0);
});

test('close ends it with a wait still open', async () => {
  const { code, output } = await run(
    join(temporaryFolder(), 'api.sock'),
    `const wait = client.getAccessToken().catch(({ code }) => console.log(code));
     await client.close();
     await wait;`,
  );
  expect(output).toBe('closed\n');
  expect(code).toBe(0);
});
