/** A host of a cluster that has no token: another may well have a login, which one that is made here would end. */
import { TokenError } from '@token-relay/tokens';
import { expect, test } from 'vitest';
import { HOUR, MINUTE, RefresherRig, SECOND } from '../../tests/refresher-rig.ts';

class MadeUpGate {
  open = false;
  readonly joined = () => Promise.resolve();
  readonly isOpen = () => this.open;
  readonly pass = () => Promise.resolve(this.open);
  readonly closedBecause = () => 'made up';
  readonly awaits = () => 'waiting for made-up reasons';
  readonly held = () => undefined;
}

async function fresh(): Promise<{ rig: RefresherRig; gate: MadeUpGate }> {
  const gate = new MadeUpGate();
  const rig = new RefresherRig(gate);
  rig.disk = undefined;
  return { rig: await rig.start(), gate };
}

test('no token while another host refreshes: waiting, said once as a warning, and no alarm', async () => {
  const { rig } = await fresh();
  await rig.pass(2 * HOUR);
  expect(rig.refresher.snapshot().state).toMatchObject({ kind: 'waiting', reason: 'tokens.json does not exist' });
  expect(rig.lines).toEqual([
    'WARN No token yet: tokens.json does not exist; waiting for made-up reasons. A login here would end the one that the others have',
  ]);
  expect(rig.recorded).toEqual([]);
  expect(rig.asked).toEqual([]);
});

test('a token file that cannot be used is no reason to log in either', async () => {
  const rig = new RefresherRig(new MadeUpGate());
  rig.diskProblem = new TokenError('token_file_invalid', 'tokens.json is not a token file: log in again');
  await rig.start();
  expect(rig.lines).toEqual([
    expect.stringMatching(
      /^WARN No token yet: tokens\.json cannot be used; waiting for made-up reasons\. A login here/,
    ),
  ]);
});

test('a refresh that is asked for meanwhile asks nobody to log in', async () => {
  const { rig } = await fresh();
  await rig.pass(SECOND);
  expect(await rig.refresher.refreshNow()).toEqual({
    kind: 'following',
    message: 'No token yet: tokens.json does not exist; waiting for made-up reasons.',
  });
  expect(rig.lines).toHaveLength(1);
});

test('the token that the others have ends it', async () => {
  const { rig } = await fresh();
  await rig.refresher.take({ ...rig.tokenSet('theirs'), origin: { host: 'alpha', revision: 8 } }, undefined);
  expect(rig.state).toBe('healthy');
  expect(rig.published.map(({ accessToken }) => accessToken)).toEqual(['access-theirs']);
});

test('whose turn it is to refresh, and has nothing to refresh with, says at once that a login is required', async () => {
  const { rig, gate } = await fresh();
  await rig.pass(MINUTE);
  gate.open = true;
  rig.refresher.gateChanged();
  await rig.pass(SECOND);
  expect(rig.state).toBe('login_required');
  expect(rig.lines.at(-1)).toMatch(/^ERROR Login required: tokens\.json does not exist\./);
  expect(rig.recorded).toEqual(['login_required']);
  // It goes on being so where the lead is another's again: who leads now has no other.
  gate.open = false;
  rig.refresher.gateChanged();
  await rig.refresher.refreshNow();
  expect(rig.state).toBe('login_required');
  expect(rig.lines).toHaveLength(2);
});
