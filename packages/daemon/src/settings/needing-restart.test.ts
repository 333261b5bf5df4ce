import { expect, test } from 'vitest';
import { needingRestart } from './needing-restart.ts';

const plan = { logLevel: 'at once', tokenFile: 'restart', tls: 'restart' } as const;

test('names what was changed and is not used before a restart, as it is written in the file', () => {
  const running = { logLevel: 'info', tokenFile: '/a', tls: { cert: 'x' } };
  expect(needingRestart(plan, running, { logLevel: 'debug', tokenFile: '/a', tls: { cert: 'x' } })).toEqual([]);
  expect(needingRestart(plan, running, { logLevel: 'info', tokenFile: '/b', tls: { cert: 'x' } })).toEqual([
    'token_file',
  ]);
  expect(needingRestart(plan, running, { logLevel: 'info', tokenFile: '/a', tls: undefined })).toEqual(['tls']);
});
