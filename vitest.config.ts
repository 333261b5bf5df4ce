import { defineConfig } from 'vitest/config';

const source = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } };

/** Three rings: decisions beside their code, shells with real sockets and files, and the built daemons as processes. */
export default defineConfig({
  ...source,
  test: {
    projects: [
      { ...source, test: { name: 'unit', include: ['{packages,apps,scripts}/**/src/**/*.test.ts'] } },
      {
        ...source,
        test: { name: 'integration', include: ['{packages,apps}/*/tests/**/*.test.ts'], testTimeout: 30_000 },
      },
      {
        ...source,
        test: {
          name: 'system',
          include: ['tests/system/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
