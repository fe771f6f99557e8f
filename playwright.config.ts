import { defineConfig } from '@playwright/test'

/** Tests that start real nodes, apps or whole networks; all others script the host that their page talks to. */
const LIVE = /(demo|desktop|invite|journey|shard-missing)\.spec\.ts$/

const isRoot = process.getuid?.() === 0

export default defineConfig({
  testDir: 'e2e',
  testMatch: '**/*.spec.ts',
  globalSetup: './e2e/support/build-renderer.ts',
  workers: 2,
  projects: [
    { name: 'pages', testIgnore: LIVE },
    // Two networks on one small machine would starve each other.
    { name: 'live', testMatch: LIVE, workers: 1 },
  ],
  // On a shared machine a browser may starve for seconds; what fails twice is broken, and a retry is reported.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  outputDir: 'test-results',
  use: {
    browserName: 'chromium',
    headless: true,
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: [
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
        '--no-default-browser-check',
        // Chromium's sandbox refuses to start for root, as in most containers.
        ...(isRoot ? ['--no-sandbox'] : []),
      ],
    },
  },
})
