/** Whose login a command is about, and whose the daemon's is: the paths that nobody has named. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadSenderSettings } from '../src/settings.ts';
import { temporaryFolder } from './temporary-folder.ts';

const SERVICE = {
  appConfig: '/etc/token-relay/schwab_app_config.yaml',
  tokenFile: '/var/lib/token-relay/schwab_tokens.json',
  controlSocketPath: '/run/token-refresh-sender/control.sock',
  target: '/run/token-receiver/token.sock',
  isService: true,
};

interface Where {
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly isDaemon?: boolean;
  /** of the files of settings, those that are there */
  readonly files?: readonly string[];
}

/** A user on a machine with the services, unless `files` says otherwise. */
function user() {
  const session = temporaryFolder();
  const own = join(session, 'token-relay');
  const uid = process.getuid?.() ?? 0;
  return {
    runs: () => {
      mkdirSync(own, { mode: 0o700 });
      writeFileSync(join(own, 'control.sock'), '');
    },
    own: (name: string) => join(own, name),
    here: (name: string) => join(session, 'configs', name),
    at: (name: string) => join(session, name),
    places: async ({ flags = {}, env = {}, isDaemon = false, files = [SERVICE.appConfig] }: Where = {}) => {
      const { appConfig, tokenFile, controlSocketPath, targets, isService } = await loadSenderSettings({
        env: { XDG_RUNTIME_DIR: session, HOME: session, ...env },
        cwd: session,
        uid,
        flags,
        isDaemon,
        exists: (path) => files.includes(path),
      });
      const address = targets[0]?.address;
      const target = address?.kind === 'unix' ? address.path : undefined;
      return { appConfig, tokenFile, controlSocketPath, target, isService };
    },
  };
}

describe('with no settings but those of the services', () => {
  test.each([false, true])("a command and the daemon are the service's (daemon: %j)", async (isDaemon) => {
    expect(await user().places({ isDaemon })).toEqual(SERVICE);
  });

  test("a command is about the user's own sender if that runs, and a second daemon is no reason for the service to change", async () => {
    const { runs, own, at, places } = user();
    runs();
    expect(await places()).toEqual({
      appConfig: at('.config/token-relay/schwab_app_config.yaml'),
      tokenFile: at('.config/token-relay/schwab_tokens.json'),
      controlSocketPath: own('control.sock'),
      target: own('token.sock'),
      isService: false,
    });
    expect(await places({ isDaemon: true })).toEqual(SERVICE);
  });

  test.each([
    ['a flag', { flags: { tokenFile: '/home/made-up/tokens.json' } }],
    ['a variable', { env: { TOKEN_SENDER_TOKEN_FILE: '/home/made-up/tokens.json' } }],
  ])('a token file named by %s has a lock of its own: it is not that of the service', async (_how, where) => {
    const { own, places } = user();
    for (const isDaemon of [false, true]) {
      expect(await places({ ...where, isDaemon })).toMatchObject({
        tokenFile: '/home/made-up/tokens.json',
        controlSocketPath: own('control.sock'),
        isService: false,
      });
    }
  });

  test('what is named is taken', async () => {
    const named = { appConfig: '/a/app.yaml', controlSocketPath: '/a/control.sock' };
    const places = await user().places({ flags: { ...named, socketPath: '/a/token.sock' } });
    expect(places).toEqual({ ...SERVICE, ...named, target: '/a/token.sock' });
  });
});

test('with settings in the working folder, all is there and in the runtime folder', async () => {
  const { own, here, places } = user();
  for (const isDaemon of [false, true]) {
    expect(await places({ isDaemon, files: [here('schwab_app_config.yaml'), SERVICE.appConfig] })).toEqual({
      appConfig: here('schwab_app_config.yaml'),
      tokenFile: here('schwab_tokens.json'),
      controlSocketPath: own('control.sock'),
      target: own('token.sock'),
      isService: false,
    });
  }
});

test("with settings of the user's own in ~/.config/token-relay, all is there and in the runtime folder", async () => {
  const { own, at, places } = user();
  expect(await places({ files: [at('.config/token-relay/schwab_app_config.yaml'), SERVICE.appConfig] })).toEqual({
    appConfig: at('.config/token-relay/schwab_app_config.yaml'),
    tokenFile: at('.config/token-relay/schwab_tokens.json'),
    controlSocketPath: own('control.sock'),
    target: own('token.sock'),
    isService: false,
  });
});

test('on a machine without the services nothing of theirs is used', async () => {
  const { own, here, places } = user();
  expect(await places({ files: [] })).toMatchObject({
    tokenFile: here('schwab_tokens.json'),
    controlSocketPath: own('control.sock'),
    isService: false,
  });
});
