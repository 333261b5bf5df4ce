import { TokenError } from '@token-relay/tokens';
import { expect, test } from 'vitest';
import { HOUR, MINUTE, RefresherRig, SECOND } from '../../tests/refresher-rig.ts';

const LOUD = /^ERROR could not save: disk full\. The new tokens are in memory only/;

test('Saved before published, and a save that fails does not hold back delivery: loud once, retried until it is saved', async () => {
  const rig = await new RefresherRig().start();
  rig.diskFull = true;
  await rig.pass(25 * MINUTE);
  expect(rig.published.at(-1)).toMatchObject({ accessToken: 'access-1', saved: false });
  expect(rig.refresher.snapshot().saved).toBe(false);
  await rig.pass(10 * MINUTE);
  rig.refresher.tokenFileChanged();
  await rig.pass(10 * MINUTE);
  expect(rig.count(LOUD)).toBe(1);
  expect(rig.count(/^(WARN|ERROR)/)).toBe(1);
  rig.diskFull = false;
  await rig.pass(MINUTE);
  expect(rig.refresher.snapshot().saved).toBe(true);
  expect(rig.disk).toMatchObject({ accessToken: 'access-1' });
  expect(rig.count(/^INFO Tokens saved to tokens\.json after all/)).toBe(1);
  expect(rig.published).toHaveLength(2);
});

test('the next refresh is not held up by a save that fails, and the newest tokens are the ones that are saved', async () => {
  const rig = await new RefresherRig().start();
  rig.diskFull = true;
  await rig.pass(3 * HOUR);
  expect(rig.asked).toHaveLength(7);
  rig.diskFull = false;
  await rig.pass(MINUTE);
  expect(rig.disk).toMatchObject({ accessToken: 'access-7' });
});

test('a refresh that saves ends the matter: no more tries, and the next failed save is loud again', async () => {
  const rig = await new RefresherRig().start();
  rig.diskFull = true;
  await rig.pass(25 * MINUTE + 2 * SECOND);
  rig.diskFull = false;
  expect(await rig.refresher.refreshNow()).toMatchObject({ kind: 'refreshed' });
  await rig.pass(10 * MINUTE);
  rig.diskFull = true;
  expect(await rig.refresher.refreshNow()).toMatchObject({ kind: 'not_saved' });
  expect(rig.count(LOUD)).toBe(2);
});

test('a newer login that appears while ours cannot be saved is taken over, and that ends the matter', async () => {
  const rig = await new RefresherRig().start();
  rig.diskFull = true;
  await rig.pass(26 * MINUTE);
  rig.disk = rig.tokenSet('newer');
  await rig.pass(MINUTE);
  expect(rig.published.at(-1)?.accessToken).toBe('access-newer');
  expect(rig.refresher.snapshot().saved).toBe(true);
  rig.diskFull = false;
  await rig.pass(10 * MINUTE);
  expect(rig.disk).toMatchObject({ accessToken: 'access-newer' });
});

test('a newer login that may not be read is neither overwritten nor asked for without end', async () => {
  const rig = await new RefresherRig().start();
  rig.disk = { ...rig.tokenSet('newer'), loginAtMs: rig.clock.nowMs() + SECOND };
  rig.diskProblem = new TokenError('token_file_too_open', 'others can get at tokens.json: run chmod 600');
  await rig.pass(50 * MINUTE);
  expect(rig.disk).toMatchObject({ accessToken: 'access-newer' });
  expect(rig.count(/^WARN others can get at/)).toBe(1);
  expect(rig.count(/^ERROR/)).toBe(1);
  rig.diskProblem = undefined;
  await rig.pass(MINUTE);
  expect(rig.asked.at(-1)?.refreshToken).toBe('refresh-newer');
  expect(rig.refresher.snapshot().saved).toBe(true);
});

test('stopping tries to save once more; if that fails too, it says that the tokens are lost', async () => {
  const saved = await new RefresherRig().start();
  saved.diskFull = true;
  await saved.refresher.refreshNow();
  saved.diskFull = false;
  await saved.stop();
  expect(saved.disk).toMatchObject({ accessToken: 'access-1' });

  const lost = await new RefresherRig().start();
  lost.diskFull = true;
  await lost.refresher.refreshNow();
  await lost.stop();
  expect(lost.lines.at(-1)).toMatch(/^ERROR could not save: .*newest tokens are lost/);
});
