/** Where paths lead, on real folders. Those of two users take root; the second user is not there. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { linkTarget } from '@token-relay/paths';

/** Nobody has this number. */
const STRANGER = 54_321;

class Place {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'link-target-')));
  constructor(mode = 0o755) {
    onTestFinished(() => rmSync(this.root, { recursive: true, force: true }));
    chmodSync(this.root, mode);
  }

  path(...names: readonly string[]): string {
    return join(this.root, ...names);
  }

  folder(...names: readonly string[]): string {
    mkdirSync(this.path(...names));
    return this.path(...names);
  }

  file(...names: readonly string[]): string {
    writeFileSync(this.path(...names), '');
    return this.path(...names);
  }

  link(target: string, ...names: readonly string[]): string {
    symlinkSync(target, this.path(...names));
    return this.path(...names);
  }
}

function strangers(path: string): string {
  lchownSync(path, STRANGER, STRANGER);
  return path;
}

/** Makes what there is, and says the path that is asked for, and where it has to lead (default: to itself) or why it may not. */
type Case = (place: Place) => { path: string; to?: string; refused?: RegExp };

const ANYONE: Readonly<Record<string, Case>> = {
  'a file of ours': (place) => ({ path: place.file('file') }),
  'a folder of ours': (place) => ({ path: place.folder('folder') }),
  'a file that is not there yet': (place) => ({ path: place.path('file') }),
  'a file in a folder that is not there': (place) => ({ path: place.path('folder', 'file'), refused: /^ENOENT/ }),
  'a name below a file': (place) => ({ path: join(place.file('file'), 'below'), refused: /^ENOTDIR/ }),
  'our link to our file': (place) => ({ path: place.link('file', 'link'), to: place.file('file') }),
  'our link to a file that is not there yet': (place) => ({ path: place.link('new', 'link'), to: place.path('new') }),
  'a file below our link to a folder': (place) => {
    place.link(place.folder('folder'), 'link');
    return { path: place.path('link', 'file'), to: place.file('folder', 'file') };
  },
  'a file below our link to a link to a folder': (place) => {
    place.link(place.folder('folder'), 'second');
    place.link('second', 'first');
    return { path: place.path('first', 'file'), to: place.file('folder', 'file') };
  },
  'a link that leads to itself': (place) => ({ path: place.link('link', 'link'), refused: /too many links/ }),
  'the folder above the one that a link leads to': (place) => {
    place.folder('above');
    place.link(place.folder('above', 'folder'), 'link');
    place.file('file');
    return { path: `${place.root}/link/../file`, to: place.file('above', 'file') };
  },
  'a file above a folder of ours': (place) => ({
    to: place.file('file'),
    path: `${place.folder('folder')}/../file`,
  }),
  'a path with slashes and dots that say nothing': (place) => ({
    to: place.folder('folder'),
    path: `${place.root}/.//folder/`,
  }),
};

const OF_TWO_USERS: Readonly<Record<string, Case>> = {
  "a stranger's file where anyone may write: a file is not judged": (place) => ({
    path: strangers(place.file('file')),
  }),
  "a stranger's named pipe where anyone may write": (place) => {
    execFileSync('mkfifo', [place.path('pipe')]);
    return { path: strangers(place.path('pipe')) };
  },
  "a file in a stranger's folder where anyone may write": (place) => {
    strangers(place.folder('folder'));
    return { path: place.file('folder', 'file'), refused: /folder belongs to user 54321, .* remove it/ };
  },
  "a file in our folder below a stranger's where anyone may write": (place) => {
    strangers(place.folder('above'));
    place.folder('above', 'ours');
    return { path: place.file('above', 'ours', 'file'), refused: /above belongs to user 54321, .* remove it/ };
  },
  "a stranger's folder where anyone may write": (place) => ({
    path: strangers(place.folder('folder')),
    refused: /folder belongs to user 54321/,
  }),
  "a stranger's link to their own file where anyone may write": (place) => {
    strangers(place.file('file'));
    return { path: strangers(place.link('file', 'link')), refused: /link belongs to user 54321/ };
  },
  "a file in a stranger's folder where they may not write": (place) => {
    place.folder('home');
    strangers(place.folder('home', 'folder'));
    return { path: place.file('home', 'folder', 'file') };
  },
  "a stranger's link to our file where they may not write": (place) => {
    place.folder('home');
    const link = strangers(place.link(place.file('file'), 'home', 'link'));
    return { path: link, refused: /is a link that user 54321 made to what is not theirs/ };
  },
  "a stranger's link to their own file where they may not write": (place) => {
    place.folder('home');
    const file = strangers(place.file('home', 'file'));
    return { path: strangers(place.link('file', 'home', 'link')), to: file };
  },
};

/**
 * A path that is written as the kernel would have it is looked at all at once; with a dot in it, it is followed name by name.
 * What is found must be the same.
 */
const WAYS: Readonly<Record<string, (path: string) => string>> = {
  'as it is': (path) => path,
  'name by name': (path) => `/.${path}`,
  'from the working folder': (path) => `${relative(process.cwd(), '/')}${path}`,
};

const each = (cases: Readonly<Record<string, Case>>) =>
  Object.entries(cases).flatMap(([what, make]) =>
    Object.entries(WAYS).map(([way, written]) => ({ what, make, way, written })),
  );

async function judge(place: Place, make: Case, written: (path: string) => string): Promise<void> {
  const { path, to = path, refused } = make(place);
  const found = linkTarget(written(path));
  if (refused === undefined) await expect(found).resolves.toBe(to);
  else await expect(found).rejects.toThrow(refused);
}

test.each(each(ANYONE))('$what leads where the kernel goes, $way', async ({ make, written }) => {
  await judge(new Place(), make, written);
});

test('the root of all leads to itself', async () => {
  await expect(linkTarget('/')).resolves.toBe('/');
});

if (process.geteuid?.() === 0) {
  test.each(each(OF_TWO_USERS))('$what is judged by whose it is, $way', async ({ make, written }) => {
    await judge(new Place(0o1777), make, written);
  });

  describe('a friend', () => {
    test.each(Object.entries(WAYS))('is trusted with a folder where anyone may write, %s', async (_way, written) => {
      const place = new Place(0o1777);
      strangers(place.folder('folder'));
      const file = place.file('folder', 'file');
      await expect(linkTarget(written(file), STRANGER)).resolves.toBe(file);
      await expect(linkTarget(written(file), STRANGER + 1)).rejects.toThrow(/folder belongs to user 54321/);
    });
  });
} else {
  console.warn('Whose a folder or link is is not tried: it takes root, and a second user');
}
