/** Which receiver a command is about: the sockets that nobody has named. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadReceiverSettings } from '../src/settings.ts';
import { temporaryFolder } from './running-receiver.ts';

const SERVICE = {
  unixSocketPath: '/run/token-receiver/token.sock',
  apiSocketPath: '/run/token-receiver/api.sock',
  credentialSocketPath: '/run/token-receiver/credential.sock',
};

function user() {
  const session = temporaryFolder();
  const own = join(session, 'token-relay');
  return {
    runs: () => {
      mkdirSync(own, { mode: 0o700 });
      writeFileSync(join(own, 'api.sock'), '');
    },
    own: {
      unixSocketPath: join(own, 'token.sock'),
      apiSocketPath: join(own, 'api.sock'),
      credentialSocketPath: join(own, 'credential.sock'),
    },
    sockets: async (where: { isDaemon?: boolean; isServiceThere?: boolean; flags?: Record<string, unknown> }) => {
      const { isDaemon = false, isServiceThere = true, flags = {} } = where;
      const { unixSocketPath, apiSocketPath, credentialSocketPath } = await loadReceiverSettings({
        env: { XDG_RUNTIME_DIR: session, HOME: session },
        cwd: session,
        uid: process.getuid?.() ?? 0,
        flags,
        isDaemon,
        exists: (path) => isServiceThere && path === SERVICE.apiSocketPath,
      });
      return { unixSocketPath, apiSocketPath, credentialSocketPath };
    },
  };
}

test("a command finds the service where the user has no receiver of their own, and the user's own where they have", async () => {
  const { runs, own, sockets } = user();
  expect(await sockets({})).toEqual(SERVICE);
  runs();
  expect(await sockets({})).toEqual(own);
});

test("the daemon never takes the service's sockets; without a service a command does not look there either", async () => {
  const { own, sockets } = user();
  expect(await sockets({ isDaemon: true })).toEqual(own);
  expect(await sockets({ isServiceThere: false })).toEqual(own);
});

test('a socket that is named is taken', async () => {
  const named = await user().sockets({ flags: { apiSocketPath: '/a/api.sock' } });
  expect(named).toMatchObject({ apiSocketPath: '/a/api.sock', credentialSocketPath: '/a/credential.sock' });
});
