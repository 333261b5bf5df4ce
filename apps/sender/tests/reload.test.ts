/** What a reload changes, and what it leaves alone. */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Sender } from '../src/sender.ts';
import { loadSenderSettings, type SenderSettings } from '../src/settings.ts';
import { recordingLog } from './recording-log.ts';
import { temporaryFolder } from './temporary-folder.ts';

const rest = { appConfig: { appKey: 'made-up-key', appSecret: 'made-up-secret' }, certificates: new Map() };

function rig() {
  const folder = temporaryFolder();
  const lines: string[] = [];
  const settingsWith = (flags: Record<string, string>): Promise<SenderSettings> =>
    loadSenderSettings({
      env: { XDG_RUNTIME_DIR: folder },
      cwd: folder,
      uid: process.getuid?.() ?? 0,
      flags: { tokenFile: join(folder, 'none.json'), ...flags },
    });
  const senderWith = async (flags: Record<string, string>): Promise<Sender> => {
    const sender = new Sender({
      settings: await settingsWith(flags),
      ...rest,
      log: recordingLog(lines),
      pid: process.pid,
      hideSecret: () => undefined,
      hookHost: { environment: process.env, kill: process.kill.bind(process) },
    });
    onTestFinished(() => sender.close());
    return sender;
  };
  return { folder, lines, settingsWith, senderWith };
}

test('a hook that runs when the hooks are changed is not cut off, and the new one is run from then on', async () => {
  const { folder, lines, settingsWith, senderWith } = rig();
  const [gate, sent] = [join(folder, 'gate'), join(folder, 'sent')];
  execFileSync('mkfifo', [gate]);
  // Open for both, it does not wait for the hook.
  const pipe = openSync(gate, 'r+');
  onTestFinished(() => closeSync(pipe));
  const script = (text: string) => JSON.stringify({ login_required: ['/bin/sh', '-c', text, gate, sent] });
  const sender = await senderWith({ hooks: script('read line < "$0"; echo "$line" > "$1"') });
  // There is no token file, and the hook begins.
  await sender.load();
  await sender.reconfigure({ settings: await settingsWith({ hooks: script('echo new >> "$1"') }), ...rest });
  writeSync(pipe, 'a whole mail\n');
  await sender.news.hooksSettled();
  expect(readFileSync(sent, 'utf8')).toBe('a whole mail\n');
  expect(lines.filter((line) => line.includes('Hook'))).toEqual([
    expect.stringMatching(/^DEBUG Hook login_required: \/bin\/sh succeeded/),
  ]);
});

test('a stop ends the hooks of before the reload too', async () => {
  const { folder, lines, settingsWith, senderWith } = rig();
  const gate = join(folder, 'gate');
  execFileSync('mkfifo', [gate]);
  const hooks = (text: string) => JSON.stringify({ login_required: ['/bin/sh', '-c', text, gate] });
  const sender = await senderWith({ hooks: hooks('read line < "$0"') });
  await sender.load();
  await sender.reconfigure({ settings: await settingsWith({ hooks: hooks('true') }), ...rest });
  await sender.close();
  expect(existsSync(gate)).toBe(true);
  expect(lines.filter((line) => line.includes('Hook'))).toEqual([
    expect.stringMatching(/^DEBUG Hook login_required: \/bin\/sh was stopped/),
  ]);
});
