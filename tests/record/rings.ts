/** Which rings of tests (vitest.config.ts) use secrets and have daemons speak: one of them without a record has lost it. */
export const RECORDED_RINGS: readonly string[] = [
  'integration',
  'fuzz',
  'system',
  'crash',
  'browser',
  'chaos',
  'cluster',
  'security',
  'systemd',
];
