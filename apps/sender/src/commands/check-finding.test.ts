import { ConfigurationError } from '@token-relay/daemon';
import { TokenError } from '@token-relay/tokens';
import { expect, test } from 'vitest';
import { AppSecretMissing } from '../app-config.ts';
import { ClusterCredentialMissing } from '../cluster/cluster-files.ts';
import { findingOf } from './check-finding.ts';

test.each([
  new AppSecretMissing('config_invalid', 'there is no "app_secret".'),
  new ClusterCredentialMissing('config_invalid', 'cluster: there is no key.'),
])('what the service may have as its credential is a warning where that is not seen: %s', (error) => {
  expect(findingOf(error, true)).toEqual({
    kind: 'warning',
    message: `${error.message} Or the service has it as its credential, which is not seen here.`,
  });
  expect(findingOf(error, false)).toEqual({ kind: 'problem', message: error.message, exitCode: 78 });
});

test.each<[string, Error, number]>([
  ['a configuration that cannot be used', new ConfigurationError('config_too_open', 'run chmod 600'), 78],
  ['no login', new TokenError('token_not_found', 'there is none'), 77],
  ['a token file that cannot be used', new TokenError('token_file_invalid', 'it is broken'), 78],
])('%s is a problem, wherever it is looked at', (_, error, exitCode) => {
  for (const isSecretOutOfSight of [true, false])
    expect(findingOf(error, isSecretOutOfSight)).toEqual({ kind: 'problem', message: error.message, exitCode });
});

test('a fault of ours is no finding', () => {
  expect(findingOf(new TypeError('made up'), true)).toBeUndefined();
});
