/** The ways in which Schwab refuses a refresh token, over real HTTP, with the waits between on a moved clock. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MINUTE, MovedClockRig, SECOND } from './moved-clock.ts';

const FORMS = ['A', 'B', 'C', 'rfc'] as const;

test.each(FORMS)('refused once (form %s): no alarm, and accepted half a minute later', async (form) => {
  const rig = await MovedClockRig.start();
  rig.sandbox.addFault({ kind: 'refuse', form });
  await rig.pass(25 * MINUTE + SECOND);
  expect(rig.state).toBe('confirming');
  expect(rig.sender.report.status().problem).toMatch(/refused/);
  expect(rig.sender.report.status().advice).toBeUndefined();
  await rig.pass(30 * SECOND);
  expect(rig.state).toBe('healthy');
  expect(rig.sandbox.requests.map(({ outcome }) => outcome)).toEqual(['fault', 'issued']);
  expect(rig.count(/^WARN .*one refusal is no proof/)).toBe(1);
  expect(rig.count(/^WARN/)).toBe(1);
  expect(rig.count(/^ERROR/)).toBe(0);
  expect(rig.hooksRun()).toEqual([]);
});

test.each(FORMS)(
  'refused three times (form %s): login required, said once; then accepted: recovered without a restart',
  async (form) => {
    const rig = await MovedClockRig.start();
    const before = readFileSync(rig.tokenFile, 'utf8');
    const held = rig.receiver.getLatestToken()?.message;
    rig.sandbox.addFault({ kind: 'refuse', form }, 4);
    await rig.pass(25 * MINUTE + SECOND);
    await rig.pass(30 * SECOND);
    expect(rig.state).toBe('confirming');
    await rig.pass(2 * MINUTE + SECOND);
    expect(rig.state).toBe('login_required');
    expect(rig.sender.report.status().advice).toContain('token-refresh-sender login');
    expect(rig.count(/^ERROR Login required: .*token-refresh-sender login/)).toBe(1);
    expect(rig.hooksRun()).toEqual([expect.stringMatching(/^login_required - Login required: .*refused/)]);
    // Nothing that was held is given up.
    expect(readFileSync(rig.tokenFile, 'utf8')).toBe(before);
    expect(rig.receiver.getLatestToken()?.message).toEqual(held);

    await rig.pass(31 * MINUTE);
    expect(rig.sandbox.requests).toHaveLength(4);
    expect(rig.state).toBe('login_required');
    await rig.pass(30 * MINUTE);
    expect(rig.state).toBe('healthy');
    expect(rig.count(/^INFO Recovered/)).toBe(1);
    expect(rig.count(/^ERROR/)).toBe(1);
    expect(rig.hooksRun()).toHaveLength(1);
    expect(rig.receiver.getLatestToken()?.message.expiresAtMs).toBeGreaterThan(Date.now());
    expect(rig.receiver.getTokenCount()).toBe(2);
    await rig.pass(25 * MINUTE);
    expect(rig.receiver.getTokenCount()).toBe(3);
  },
);
