import { describe, expect, test } from 'vitest';
import { ConfigurationError } from './configuration-error.ts';
import { listenFds } from './listen-fds.ts';

const PID = 4711;
const env = (variables: Record<string, string>) => ({ LISTEN_PID: String(PID), ...variables });

describe('the sockets of socket units', () => {
  test('come with their names, in the order of their descriptors', () => {
    expect(listenFds(env({ LISTEN_FDS: '2', LISTEN_FDNAMES: 'token:api' }), PID)).toEqual([
      { fd: 3, name: 'token' },
      { fd: 4, name: 'api' },
    ]);
  });

  test('without names are unknown', () => {
    expect(listenFds(env({ LISTEN_FDS: '1' }), PID)).toEqual([{ fd: 3, name: 'unknown' }]);
  });

  test.each([
    {},
    { LISTEN_PID: '4712', LISTEN_FDS: '1' },
    { LISTEN_FDS: '1' },
    { LISTEN_PID: ' 4711', LISTEN_FDS: '9' },
  ])('are none where the variables are for another process: %j', (variables: Record<string, string>) => {
    expect(listenFds(variables, PID)).toEqual([]);
  });

  test.each([
    [{}, 'LISTEN_FDS is missing'],
    [{ LISTEN_FDS: '' }, 'LISTEN_FDS is ""'],
    [{ LISTEN_FDS: '0' }, 'LISTEN_FDS is "0"'],
    [{ LISTEN_FDS: '-1' }, 'LISTEN_FDS is "-1"'],
    [{ LISTEN_FDS: '1e3' }, 'LISTEN_FDS is "1e3"'],
    [{ LISTEN_FDS: '65' }, 'and not a number from 1 to 64'],
    [{ LISTEN_FDS: '99999999999999999999' }, 'and not a number from 1 to 64'],
    [{ LISTEN_FDS: '2', LISTEN_FDNAMES: 'token' }, 'LISTEN_FDNAMES is "token": 1 names, for 2 sockets'],
    [{ LISTEN_FDS: '1', LISTEN_FDNAMES: 'token:api' }, '2 names, for 1 sockets'],
  ])('are a mistake that is named, where the variables make no sense: %j', (variables, problem) => {
    expect(() => listenFds(env(variables), PID)).toThrow(ConfigurationError);
    expect(() => listenFds(env(variables), PID)).toThrow(problem);
  });
});
