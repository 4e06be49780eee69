import { existsSync, globSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** What every package must reach, in percent. */
const FLOOR = { lines: 95, branches: 90 };

/** Code that no test process can see: it runs in nested worker threads and child processes only. */
const UNSEEN = [
  'packages/*/src/entry/**',
  'packages/core/src/node/program.ts',
  'packages/transport-worker/src/node/**',
  'packages/*/src/testing/*-node.ts',
];

/** Import packages from their sources; worker threads and child processes inherit it from the test process. */
const SOURCE = '@troupe/source';

const packages = globSync('packages/*', { cwd: import.meta.dirname }).filter((path) =>
  existsSync(`${path}/src`),
);

export default defineConfig({
  resolve: { conditions: [SOURCE] },
  ssr: { resolve: { conditions: [SOURCE] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
    setupFiles: ['scripts/vitest-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    execArgv: [`--conditions=${SOURCE}`],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts'],
      exclude: UNSEEN,
      reporter: ['text-summary', 'html', 'json-summary'],
      thresholds: Object.fromEntries(packages.map((path) => [`${path}/src/**`, FLOOR])),
    },
  },
});
