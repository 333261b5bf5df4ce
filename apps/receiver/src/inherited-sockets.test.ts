import { expect, test } from 'vitest';
import { inheritedSockets } from './inherited-sockets.ts';

test('the sockets of the socket units are known by their names, in any order, and any of them may be missing', () => {
  expect(inheritedSockets([])).toEqual({});
  expect(inheritedSockets([{ fd: 3, name: 'api' }])).toEqual({ api: 3 });
  const all = ['credential', 'token', 'api'].map((name, index) => ({ fd: 3 + index, name }));
  expect(inheritedSockets(all)).toEqual({ credential: 3, token: 4, api: 5 });
});

test.each(['unknown', 'token-receiver.socket', 'Token', ''])('one named %j is refused by its name', (name) => {
  const refused = () =>
    inheritedSockets([
      { fd: 3, name: 'api' },
      { fd: 4, name },
    ]);
  expect(refused).toThrow(`a socket named "${name}" (descriptor 4)`);
  expect(refused).toThrow('FileDescriptorName= of the socket unit must be one of token, api, credential');
});

test('two of the same name are refused', () => {
  const twice = [3, 4].map((fd) => ({ fd, name: 'token' }));
  expect(() => inheritedSockets(twice)).toThrow('two sockets named "token" (descriptors 3 and 4)');
});
