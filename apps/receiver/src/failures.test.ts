import { CommandFailure, LocalHttpError, type LocalHttpErrorCode } from '@token-relay/daemon';
import { SocketBindError, TlsMaterialError, type SocketBindErrorCode } from '@token-relay/socket';
import { expect, test } from 'vitest';
import { asCommandFailure } from './failures.ts';

test.each<[SocketBindErrorCode, number]>([
  ['socket_in_use', 1],
  ['address_in_use', 1],
  ['out_of_resources', 1],
  ['not_a_socket', 78],
  ['path_too_long', 78],
  ['folder_missing', 78],
  ['not_writable', 78],
  ['group_not_permitted', 78],
  ['tls_required', 78],
  ['bad_descriptor', 78],
])('a socket that cannot be made, %s: exit code %d, with its own words', (code, exitCode) => {
  const failure = asCommandFailure(new SocketBindError(code, 'the words'));
  expect(failure).toBeInstanceOf(CommandFailure);
  expect(failure).toMatchObject({ message: 'the words', exitCode });
});

test('certificates that cannot be used: exit code 78, with their own words', () => {
  expect(asCommandFailure(new TlsMaterialError('key_too_open', 'the words', '/x.key'))).toMatchObject({
    message: 'the words',
    exitCode: 78,
  });
});

test.each<[LocalHttpErrorCode, number, RegExp]>([
  ['daemon_not_running', 69, /nobody listens at \/run\/api\.sock\)\. Start it with: token-receiver run$/],
  ['denied', 1, /^the words: its mode and group are the receiver's socket_mode and socket_group\.$/],
  ['timeout', 75, /^the words; try again\.$/],
  ['bad_answer', 1, /^the words$/],
])('a receiver that cannot be asked, %s: exit code %d, and what to do', (code, exitCode, words) => {
  const failure = asCommandFailure(new LocalHttpError(code, '/run/api.sock', 'the words'));
  expect(failure).toMatchObject({ exitCode, message: expect.stringMatching(words) as string });
});

test.each<[LocalHttpErrorCode, RegExp]>([
  ['daemon_not_running', /Start it with: systemctl start token-receiver$/],
  [
    'denied',
    /^the words: it is open to the group token-readers\. As root: usermod --append --groups token-readers USER/,
  ],
])("the system's service, %s: what to do about that one", (code, words) => {
  const failure = asCommandFailure(new LocalHttpError(code, '/run/token-receiver/api.sock', 'the words'));
  expect(failure).toMatchObject({ message: expect.stringMatching(words) as string });
});

test('an unknown error stays what it is: a bug', () => {
  const bug = new TypeError('undefined is not a function');
  expect(asCommandFailure(bug)).toBe(bug);
});
