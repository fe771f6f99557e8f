import { defineConfig } from 'vitest/config'

const shared = {
  setupFiles: ['src-shared/polyfill.ts'],
  // On a shared machine a moment may take seconds: what is waited for has as long as the shortest test.
  expect: { poll: { timeout: 15_000 } },
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: [
            '{src-shared,src-main,src-coordinator,src-preload,src-renderer,src-dashboard,test,bench}/**/*.test.{ts,tsx}',
          ],
          exclude: ['**/*.integration.test.ts'],
          testTimeout: 20_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Real processes, real llama.cpp, real libp2p: one file at a time, because two engines on one
        // small machine starve each other (docs/engine.md, over-subscription).
        test: {
          ...shared,
          name: 'integration',
          include: ['{src-shared,src-main,src-coordinator,test}/**/*.integration.test.ts'],
          fileParallelism: false,
          // On a shared machine a whole network may starve for seconds; what fails twice is broken.
          retry: process.env.CI ? 1 : 0,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
      {
        // Against a network of others, named by ESPALIER_REAL_BOOTSTRAPS; skipped without.
        test: {
          ...shared,
          name: 'real',
          include: ['test/real/*.real.ts'],
          testTimeout: 180_000,
        },
      },
      {
        // Minutes to hours of churn, only when asked for: `npm run test:soak`, ESPALIER_SOAK_MINUTES.
        test: {
          ...shared,
          name: 'soak',
          include: ['test/soak/*.soak.ts'],
          fileParallelism: false,
          hookTimeout: 600_000,
        },
      },
      {
        // On a graphics card or a Vulkan driver that computes on the processor; `npm run test:vulkan`.
        test: {
          ...shared,
          name: 'vulkan',
          include: ['test/vulkan/*.vulkan.ts'],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        // Behind routers made of network namespaces; `npm run test:nat` looks first whether there can be any.
        test: {
          ...shared,
          name: 'nat',
          include: ['test/nat/netns/*.nat.ts'],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 180_000,
        },
      },
      {
        // Against peers of other families; `npm run test:interop` finds or builds them.
        test: {
          ...shared,
          name: 'interop',
          include: ['test/interop/*.interop.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
