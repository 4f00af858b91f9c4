// Debian's Chromium, one worker: the machine has two cores, and one of them is the server's.

import { defineConfig } from "@playwright/test";

const chromium = process.env.BROWSER_CHROMIUM ?? "/usr/bin/chromium";
const isRoot = process.getuid?.() === 0;

export default defineConfig({
  testDir: "./suite",
  outputDir: process.env.BROWSER_OUTPUT ?? "./results",
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 800 },
    colorScheme: "light",
    locale: "en-GB",
    timezoneId: "UTC",
    screenshot: "only-on-failure",
    trace: process.env.BROWSER_TRACE ? "retain-on-failure" : "off",
    launchOptions: { executablePath: chromium, args: isRoot ? ["--no-sandbox"] : [] },
  },
});
