import { expect, test } from 'vitest';
import { bindFailed, folderError } from './bind-error.ts';

const systemError = (code: string): Error => Object.assign(new Error('made up'), { code });

test.each([
  ['ENOSPC', 'Free some space on its disk.'],
  ['EDQUOT', 'Free some space on its disk.'],
  ['EMFILE', 'Close programs, or allow more open files (LimitNOFILE= of a unit).'],
  ['ENFILE', 'Close programs, or allow more open files (LimitNOFILE= of a unit).'],
  ['ENOMEM', 'The machine has no memory left: close programs.'],
])('%s may pass: out_of_resources, with what to do', (code, advice) => {
  for (const error of [bindFailed, (path: string, cause: Error) => folderError(cause, path)].map((make) =>
    make('/run/x.sock', systemError(code) as never),
  )) {
    expect(error.code).toBe('out_of_resources');
    expect(error.message).toBe(`The socket /run/x.sock could not be opened (${code}). ${advice}`);
  }
});

test('anything else: bind_failed', () => {
  expect(bindFailed('/run/x.sock', systemError('EBADF')).code).toBe('bind_failed');
});
