import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: '.',
  fullyParallel: true,
  workers: Number(process.env.WORKERS ?? 2),
  // A test that passes at its second try is a test that fails.
  retries: 0,
  timeout: 120_000,
  reporter: 'line',
  use: { launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] } },
});
