import type { Log } from '@token-relay/daemon';
import { expect, test } from 'vitest';
import { PeerRefusalLog } from './peer-refusal-log.ts';

function recording(): { log: Log; warnings: string[] } {
  const warnings: string[] = [];
  const ignore = () => undefined;
  return { log: { debug: ignore, info: ignore, warn: (text) => warnings.push(text), error: ignore }, warnings };
}
const stranger = {
  code: 'untrusted',
  address: '192.0.2.7',
  name: 'mallory',
  reason: 'the certificate is not ours',
} as const;

test('a refused peer is told of once, with its name and address, and counted each time', () => {
  const { log, warnings } = recording();
  const refusals = new PeerRefusalLog(log);
  for (let time = 0; time < 3; time += 1) refusals.add(stranger);
  expect(warnings).toEqual([
    'A TLS client was refused: mallory at 192.0.2.7: the certificate is not ours. More of the same are only counted.',
  ]);
  expect(refusals.counts).toEqual({ untrusted: 3 });
  refusals.add({ ...stranger, code: 'expired' });
  expect(warnings).toHaveLength(2);
  refusals.forget();
  refusals.add(stranger);
  expect(warnings).toHaveLength(3);
});

test('a name that a stranger chose writes no second line into the log', () => {
  const { log, warnings } = recording();
  new PeerRefusalLog(log).add({ ...stranger, name: 'a\n[2026] INFO: all is well' });
  expect(warnings[0]).not.toContain('\n');
});

test('the memory for peers is bounded', () => {
  const { log, warnings } = recording();
  const refusals = new PeerRefusalLog(log);
  for (let host = 0; host < 300; host += 1) refusals.add({ ...stranger, address: `host-${host}` });
  expect(warnings).toHaveLength(300);
  refusals.add({ ...stranger, address: 'host-299' });
  expect(warnings).toHaveLength(300);
  refusals.add({ ...stranger, address: 'host-0' });
  expect(warnings).toHaveLength(301);
});

test('a stranger that changes its name is told of once; a known one under each of its names', () => {
  const { log, warnings } = recording();
  const refusals = new PeerRefusalLog(log);
  for (const name of ['one', 'two', 'three']) refusals.add({ ...stranger, name });
  expect(warnings).toHaveLength(1);
  for (const name of ['one', 'two']) refusals.add({ ...stranger, code: 'name_not_permitted', name });
  expect(warnings).toHaveLength(3);
});
