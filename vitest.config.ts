import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'src/**/*.test.ts', 'compliance/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    globalSetup: ['test/postgres.ts', 'test/sqlite.ts'],
    pool: 'forks',
    // Much of the time goes by waiting for timers and processes, so a core carries more than one file.
    maxWorkers: '150%',
  },
});
