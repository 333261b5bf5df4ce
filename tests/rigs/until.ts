import { vi } from 'vitest';

/** Resolves when it is so, and fails after 20 seconds. */
export const until = (condition: () => boolean): Promise<unknown> =>
  vi.waitUntil(condition, { timeout: 20_000, interval: 5 });
