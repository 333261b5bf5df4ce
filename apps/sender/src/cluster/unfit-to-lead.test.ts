import { expect, test } from 'vitest';
import type { LoginState } from '../refresh/login-state.ts';
import { isUnfitToLead } from './unfit-to-lead.ts';

const now = 1_762_983_055_000;
const since = (agoMs: number) => ({ sinceMs: now - agoMs, reason: 'made up' });

test.each<[string, boolean, LoginState]>([
  ['is healthy', false, { kind: 'healthy' }],
  ['has no token yet', false, { kind: 'waiting', ...since(600_000) }],
  ['has app credentials that Schwab does not know', true, { kind: 'misconfigured', answers: 1, ...since(0) }],
  ['was not answered for a minute', false, { kind: 'retrying', failures: 5, ...since(60_000) }],
  ['was not answered for more than a minute', true, { kind: 'retrying', failures: 5, ...since(60_001) }],
  [
    'asks once more whether the login is over',
    false,
    { kind: 'confirming', refusals: 2, failures: 0, confirmAtBootMs: 0, ...since(600_000) },
  ],
  ['has a login that is over, as everybody has', false, { kind: 'login_required', ...since(86_400_000) }],
])('a leader that %s lets another try: %s', (_, isUnfit, state) => {
  expect(isUnfitToLead(state, now - 86_400_000, now)).toBe(isUnfit);
});

test.each<[string, LoginState]>([
  ['has not been answered for long', { kind: 'retrying', failures: 50, ...since(600_000) }],
  ['had wrong app credentials before', { kind: 'misconfigured', answers: 3, ...since(600_000) }],
])('one that %s, and leads for a minute only, is given the chance', (_, state) => {
  expect(isUnfitToLead(state, now - 60_000, now)).toBe(false);
  expect(isUnfitToLead(state, now - 60_001, now)).toBe(true);
});
