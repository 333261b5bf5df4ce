import { expect, test } from 'vitest';
import { whoseReceiver } from './whose-receiver.ts';

test.each([
  [{ isDaemon: false, own: true, service: true }, 'own'],
  [{ isDaemon: false, own: true, service: false }, 'own'],
  [{ isDaemon: false, own: false, service: true }, 'service'],
  [{ isDaemon: false, own: false, service: false }, 'own'],
  [{ isDaemon: true, own: false, service: true }, 'own'],
])('%j: the receiver that is meant is the %s', (signs, whose) => {
  const { isDaemon, own, service } = signs;
  expect(whoseReceiver({ isDaemon, isOwnThere: () => own, isServiceThere: () => service })).toBe(whose);
});
