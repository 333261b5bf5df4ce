import { defineConfig } from 'vitest/config';

const source = { resolve: { conditions: ['source'] }, ssr: { resolve: { conditions: ['source'] } } };

/** Every ring keeps what scripts/run-tests.ts looks for secrets in. */
function recorded<Project extends { readonly test: { readonly name: string } }>(rings: readonly Project[]) {
  return rings.map((ring) => ({
    ...ring,
    test: { setupFiles: 'tests/record/setup.ts', env: { TOKEN_RELAY_TEST_RING: ring.test.name }, ...ring.test },
  }));
}

/** Rings: decisions beside their code, shells with real sockets and files, the built daemons as processes, pages in a browser, the package, the threat model, and a systemd. */
export default defineConfig({
  ...source,
  test: {
    projects: recorded([
      { ...source, test: { name: 'unit', include: ['{packages,apps,scripts}/**/src/**/*.test.ts'] } },
      {
        ...source,
        test: { name: 'integration', include: ['{packages,apps}/*/tests/**/*.test.ts'], testTimeout: 30_000 },
      },
      {
        ...source,
        test: { name: 'fuzz', include: ['tests/fuzz/**/*.test.ts'], testTimeout: 120_000, fileParallelism: false },
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
      {
        ...source,
        test: {
          name: 'crash',
          include: ['tests/crash/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          maxWorkers: 1,
        },
      },
      {
        ...source,
        test: {
          name: 'simulation',
          include: ['tests/simulation/**/*.test.ts'],
          testTimeout: 600_000,
          maxWorkers: 2,
        },
      },
      {
        ...source,
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 1,
        },
      },
      {
        ...source,
        test: {
          name: 'packaging',
          include: ['tests/packaging/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        ...source,
        test: { name: 'chaos', include: ['tests/chaos/**/*.test.ts'], testTimeout: 280_000, maxWorkers: 1 },
      },
      {
        ...source,
        test: { name: 'cluster', include: ['tests/cluster/**/*.test.ts'], testTimeout: 400_000, maxWorkers: 1 },
      },
      {
        ...source,
        test: {
          name: 'security',
          include: ['tests/security/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          maxWorkers: 1,
        },
      },
      {
        ...source,
        test: {
          name: 'systemd',
          include: ['tests/systemd/**/*.test.ts'],
          testTimeout: 180_000,
          // A build of the package, a boot and an installation have limits of their own, which say what took too long.
          hookTimeout: 480_000,
          fileParallelism: false,
          maxWorkers: 1,
        },
      },
    ]),
  },
});
