import { defineConfig } from 'vitest/config'

/**
 * `unit` lies beside the code and needs nothing; `servers` (test/integration, test/system) needs RabbitMQ, MongoDB and
 * Redis, which the global set-up starts or finds. Run one file: `npx vitest run --project servers test/integration/x.test.ts`.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{shared,services,deploy,test}/**/*.test.ts'],
          exclude: ['test/{integration,system}/**', 'services/gateway/dashboard/src/**', 'node_modules/**'],
          // As below.
          testTimeout: 60_000,
        },
      },
      {
        // With the plugins of the dashboard's own build: texts, JSX.
        extends: 'services/gateway/dashboard/vite.config.ts',
        root: 'services/gateway/dashboard',
        test: {
          name: 'dashboard',
          include: ['src/**/*.test.{ts,tsx}'],
          environment: 'jsdom',
          setupFiles: ['src/test/set-up.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'servers',
          include: ['test/{integration,system}/**/*.test.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          // A bound for what hangs, not for what is slow: a machine may be ten times slower than another.
          testTimeout: 180_000,
          hookTimeout: 180_000,
          // A broker that comes by its address has one vhost for all tests: they run one after the other.
          maxWorkers: process.env.RABBITMQ_URL ? 1 : 2,
        },
      },
    ],
  },
})
