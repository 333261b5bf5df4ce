import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ask, deliver, makeReceiver, runningReceiver } from './running-receiver.ts';

test('stopped, it leaves no socket behind', async () => {
  const { receiver, tokens, api } = await runningReceiver();
  await deliver(tokens, 'made-up-access');
  await receiver.stop();
  expect([existsSync(tokens), existsSync(api)]).toEqual([false, false]);
});

test('a start that fails leaves no socket behind, and harms no other program', async () => {
  const { receiver, tokens, api } = await makeReceiver();
  await using other = createServer((socket) => void socket.end());
  await once(other.listen(tokens), 'listening');
  await expect(receiver.start()).rejects.toMatchObject({ code: 'socket_in_use' });
  await receiver.stop();
  expect([existsSync(tokens), existsSync(api)]).toEqual([true, false]);
});

test('TCP in place of a Unix socket that cannot be made: a warning and the status name the path', async () => {
  const { receiver, tokens, api, lines } = await makeReceiver();
  mkdirSync(tokens);
  await receiver.start();
  const { listening, last_error } = JSON.parse((await ask(api, '/v1/status')).text) as Record<string, unknown>;
  expect(listening).toEqual([expect.stringMatching(/^tcp:127\.0\.0\.1:\d+$/)]);
  expect(last_error).toContain(tokens);
  expect(lines.join('\n')).toContain(`${tokens} exists and is not a socket`);
  expect(lines.join('\n')).toContain('Listening on TCP in its place; the socket is tried again every 30 s.');
});

test('both at once, if that is asked for', async () => {
  const { receiver, tokens } = await runningReceiver({ preferUnixSocket: false });
  expect(receiver.status().listening).toEqual([`unix:${tokens}`, expect.stringMatching(/^tcp:127\.0\.0\.1:\d+$/)]);
});

test('a group that is none is refused before anything is made', async () => {
  const attempt = makeReceiver({ socketGroup: 'no-such-group' });
  await expect(attempt).rejects.toMatchObject({ name: 'ConfigurationError', exitCode: 78 });
});

test('settings that nobody gave are in the runtime folder of the user', async () => {
  const { loadReceiverSettings } = await import('../src/settings.ts');
  const { folder } = await makeReceiver();
  const settings = await loadReceiverSettings({
    env: { RUNTIME_DIRECTORY: folder },
    cwd: folder,
    uid: 0,
    flags: { config: join(folder, 'empty.yaml') },
  });
  expect([settings.unixSocketPath, settings.apiSocketPath]).toEqual([
    join(folder, 'token.sock'),
    join(folder, 'api.sock'),
  ]);
});
