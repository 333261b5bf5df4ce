import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asOrdinaryUser } from '../../../tests/rigs/ordinary-user.ts';
import { check } from '../src/commands/check.ts';
import { formatState } from '../src/holding/state-text.ts';
import { answer, Stage } from './commands-rig.ts';

/** What `check` prints, once its exit code is the right one. */
async function checked(stage: Stage, flags: Readonly<Record<string, unknown>>, code = 0): Promise<string> {
  stage.printed.out = '';
  const unixSocketPath = join(stage.folder, 'token.sock');
  expect(await stage.run(check, { unixSocketPath, ...flags })).toBe(code);
  return stage.printed.out;
}

describe('a sink that could not be written is a warning', () => {
  const LOGIN = '{"creation_timestamp":1,"token":{"access_token":"a","refresh_token":"made-up-r"}}';
  test.each<[string, (path: string) => void, RegExp]>([
    ['a folder', (path) => mkdirSync(path), /could not save .*: it is a folder; name a file/],
    ['a named pipe', (path) => execFileSync('mkfifo', [path]), /it is not a regular file; name a file/],
    ['a login', (path) => writeFileSync(path, LOGIN), /sink is not overwritten: it holds a login/],
    [
      'a state file',
      (path) => writeFileSync(path, formatState({ generation: 1 }, '[{"refresh_token":"none"}]')),
      /sink is not overwritten: it is the state file of a receiver/,
    ],
    [
      'a link into a folder that is missing',
      (path) => symlinkSync('/missing-folder/token', path),
      /it is a link to \/missing-folder\/token, and the folder \/missing-folder does not exist/,
    ],
    ['links in a circle', (path) => symlinkSync(path, path), /its links lead in a circle/],
    [
      'a link to where no file can be',
      (path) => symlinkSync('/proc/x', path),
      /no file can be made in \/proc \(ENOENT\)/,
    ],
  ])('%s', async (_, make, words) => {
    const stage = new Stage();
    const path = join(stage.folder, 'sink');
    make(path);
    const text = await checked(stage, { sinks: JSON.stringify([{ path, format: 'raw' }]) });
    expect(text).toMatch(new RegExp(`^warning: sink: .*${words.source}`, 'm'));
    expect(text).not.toContain('made-up');
    expect(text).not.toMatch(/ok: sink/);
  });

  test('a socket that listens', async () => {
    const stage = new Stage();
    const path = join(stage.folder, 'somebody.sock');
    await using somebody = createServer();
    await once(somebody.listen(path), 'listening');
    const text = await checked(stage, { sinks: JSON.stringify([{ path, format: 'raw' }]) });
    expect(text).toMatch(/^warning: sink: could not save .*somebody\.sock: it is not a regular file/m);
  });

  test('a file of its own is no place for a sink: exit code 78', async () => {
    const stage = new Stage();
    await checked(stage, { sinks: JSON.stringify([{ path: stage.api, format: 'raw' }]) }, 78);
    expect(stage.printed.err).toMatch(/api_socket_path/);
  });

  test('a folder that is missing, or that this user may not write to', async () => {
    const stage = new Stage();
    mkdirSync(join(stage.folder, 'closed'), { mode: 0o555 });
    const sinks = ['missing', 'closed'].map((name) => ({ path: join(stage.folder, name, 'token'), format: 'raw' }));
    await asOrdinaryUser([stage.folder], async () => {
      const text = await checked(stage, { sinks: JSON.stringify(sinks) });
      expect(text).toMatch(/^warning: sink: .*missing\/token: the folder .*missing does not exist \(ENOENT\)/m);
      expect(text).toMatch(/^warning: sink: .*closed\/token: permission denied \(EACCES\)/m);
    });
  });
});

test('a sink that can be written is ok, also through a link, and nothing of the look is left', async () => {
  const stage = new Stage();
  mkdirSync(join(stage.folder, 'sinks'));
  const inFolder = (name: string) => join(stage.folder, 'sinks', name);
  writeFileSync(inFolder('old'), 'made-up-old');
  symlinkSync('target', inFolder('link'));
  const sinks = ['old', 'new', 'link'].map((name) => ({ path: inFolder(name), format: 'raw' }));
  const text = await checked(stage, { sinks: JSON.stringify(sinks) });
  expect(text.match(/^ok: sink .* \(raw\)$/gm)).toHaveLength(3);
  expect(readdirSync(join(stage.folder, 'sinks'))).toEqual(['link', 'old']);
  expect(readFileSync(inFolder('old'), 'utf8')).toBe('made-up-old');
});

describe('metrics_port', () => {
  async function takenPort(): Promise<string> {
    const server = createServer((socket) => socket.destroy());
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? String(address.port) : '';
  }

  test('that is free is ok', async () => {
    const stage = new Stage();
    expect(await checked(stage, { metricsPort: '0' })).toMatch(/^ok: metrics_port 0$/m);
  });

  test('that is taken is a problem', async () => {
    const port = await takenPort();
    expect(await checked(new Stage(), { metricsPort: port }, 78)).toMatch(
      new RegExp(`^problem: metrics_port: another program is listening on 127\\.0\\.0\\.1:${port}\\.`, 'm'),
    );
  });

  test('that is taken, while the receiver runs, is a warning: it may be its own', async () => {
    const stage = new Stage();
    await stage.serve((_, response) => answer(response, 200, 'ok'));
    expect(await checked(stage, { metricsPort: await takenPort() })).toMatch(
      /^warning: metrics_port: another program .* the receiver that runs at .*api\.sock/m,
    );
  });
});

test('the program of a hook is looked for in PATH, and its arguments are not shown', async () => {
  const stage = new Stage();
  const script = join(stage.folder, 'script');
  writeFileSync(script, '#!/bin/sh\n', { mode: 0o644 });
  const hooks = {
    token: [['true'], ['no-such-program', 'made-up-secret']],
    stale: ['./script'],
    recovered: [stage.folder],
  };
  const text = await checked(stage, { hooks: JSON.stringify(hooks) });
  expect(text).toMatch(/^ok: hook token: true$/m);
  expect(text).toMatch(/^warning: hook token: no-such-program: there is no such program in \//m);
  expect(text).toMatch(/^warning: hook stale: \.\/script may not be executed by this user/m);
  expect(text).toMatch(/^warning: hook recovered: .* may not be executed/m);
  expect(text).not.toContain('made-up');
});

test('a state_file in a folder that is missing is a warning', async () => {
  const stage = new Stage();
  const missing = join(stage.folder, 'missing', 'state.json');
  expect(await checked(stage, { stateFile: missing })).toMatch(
    /^warning: state_file: could not save .*state\.json: the folder .*missing does not exist .* restart of the receiver loses the token$/m,
  );
  expect(await checked(stage, { stateFile: join(stage.folder, 'state.json') })).toMatch(/^ok: state_file /m);
});
