/** The real sender with its token file on a disk that is full, or has become read-only: a small tmpfs that only it sees. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import type { Program } from '../system/processes.ts';
import { RealPair } from './real-sender.ts';

/** A page of tmpfs. */
const PAGE = 4_096;
/** Keeps the file larger than a page, so that a disk with one page left takes half of it: a write that is truly short. */
const NOTE = 'n'.repeat(PAGE + 500);

/** Who is not root is it in a user namespace. */
const isRoot = process.geteuid?.() === 0;
const OWN_MOUNTS = [...(isRoot ? [] : ['--user', '--map-root-user']), '--mount'];
const ITS_MOUNTS = [...(isRoot ? [] : ['--user', '--preserve-credentials']), '--mount'];

/** Mounts a small disk over the folder, with the token file in it, and becomes the program. */
const ON_SMALL_DISK = `
set -e
cp -p "$1/schwab_tokens.json" "$1.json"
mount -t tmpfs -o size=64k,mode=700 tmpfs "$1"
mv "$1.json" "$1/schwab_tokens.json"
shift
exec "$@"`;

/** What the sender sees as its folder. */
class SmallDisk {
  readonly sender: Program;
  readonly #pair: RealPair;

  constructor(pair: RealPair) {
    this.#pair = pair;
    const file = JSON.parse(readFileSync(pair.tokenFile, 'utf8')) as object;
    writeFileSync(pair.tokenFile, JSON.stringify({ ...file, note: NOTE }));
    const through = ['unshare', ...OWN_MOUNTS, '--propagation=private', 'sh', '-c', ON_SMALL_DISK, 'sh', pair.folder];
    this.sender = pair.startSender({ through });
  }

  get folder(): string {
    return `/proc/${this.sender.child.pid}/root${this.#pair.folder}`;
  }

  /** Takes all the space but for one page. */
  fill(): void {
    let bytes = 64 * 1024;
    while (bytes > 0) {
      try {
        appendFileSync(`${this.folder}/filler`, Buffer.alloc(bytes));
      } catch {
        bytes = Math.floor(bytes / 2);
      }
    }
    writeFileSync(`${this.folder}/filler`, Buffer.alloc(statSync(`${this.folder}/filler`).size - PAGE));
  }

  empty(): void {
    rmSync(`${this.folder}/filler`);
  }

  remount(how: 'ro' | 'rw'): void {
    const target = String(this.sender.child.pid);
    // All that is given here mount(8) need not read up, which it does not find in a user namespace.
    const mount = ['mount', '-n', '-i', '-t', 'tmpfs', '-o', `remount,${how}`, 'tmpfs', this.#pair.folder];
    execFileSync('nsenter', ['--target', target, ...ITS_MOUNTS, ...mount]);
  }

  tokens(): { note: string; token: { access_token: string } } {
    const path = `${this.folder}/schwab_tokens.json`;
    expect(statSync(path).mode & 0o777).toBe(0o600);
    return JSON.parse(readFileSync(path, 'utf8')) as { note: string; token: { access_token: string } };
  }

  files(): string[] {
    return readdirSync(this.folder).filter((name) => name !== 'filler');
  }
}

const trouble = [
  ['that is full', 'ENOSPC', (disk: SmallDisk) => disk.fill(), (disk: SmallDisk) => disk.empty()],
  [
    'that has become read-only',
    'EROFS',
    (disk: SmallDisk) => disk.remount('ro'),
    (disk: SmallDisk) => disk.remount('rw'),
  ],
] as const;

beforeAll(() => {
  try {
    execFileSync('unshare', [...OWN_MOUNTS, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'pipe' });
  } catch (cause) {
    throw new Error('No small disk can be mounted here, which takes root, or a user namespace of your own', { cause });
  }
});

test.each(trouble)(
  'on a disk %s (%s) refreshing and delivering go on, it is said once and shown by status, and all is saved when there is room',
  async (_what, errno, spoil, mend) => {
    await using pair = await RealPair.make();
    const disk = new SmallDisk(pair);
    const { sender } = disk;
    await sender.line(/delivered/);
    const before = disk.tokens();
    spoil(disk);

    for (let refresh = 1; refresh <= 3; refresh += 1) {
      const { text } = await pair.command('refresh');
      expect(text).toContain(`but not saved: could not save`);
      expect(text).toContain(errno);
      await pair.delivered();
      // The earlier file is whole, and no part of a new one is beside it.
      expect([disk.tokens(), disk.files()]).toEqual([before, ['schwab_tokens.json']]);
    }
    expect((await pair.command('status')).text).toMatch(/NOT SAVED: the newest tokens are in memory only/);
    expect(JSON.parse((await pair.command('status', '--json')).text)).toMatchObject({
      saved: false,
      state: 'healthy',
    });

    mend(disk);
    await sender.line(/Tokens saved to .* after all/);
    expect(disk.tokens()).toMatchObject({ note: NOTE, token: { access_token: pair.issued() } });
    expect(disk.files()).toEqual(['schwab_tokens.json']);
    expect(JSON.parse((await pair.command('status', '--json')).text)).toMatchObject({ saved: true });
    const loud = sender.lines.filter((line) => /ERROR|WARN/.test(line));
    expect(loud).toEqual([expect.stringMatching(new RegExp(`ERROR: could not save .*${errno}.*in memory only`))]);
    expect((await sender.stop()).code).toBe(0);
  },
);

test('stopped while the disk is full, the sender says that its newest tokens are lost, and the earlier file is whole', async () => {
  await using pair = await RealPair.make();
  const disk = new SmallDisk(pair);
  await disk.sender.line(/delivered/);
  const before = disk.tokens();
  disk.fill();
  await pair.command('refresh');
  await disk.sender.line(/in memory only/);
  expect(disk.tokens()).toEqual(before);
  disk.sender.signal('SIGTERM');
  expect(await disk.sender.line(/its newest tokens are lost/)).toMatch(/ERROR: could not save .*ENOSPC/);
  await disk.sender.finished;
});
