// The measurement of `cargo xtask inboxload`: a store of many messages, then the inbox in Chromium. Prints nothing but progress; what was
// measured is written to the file that INBOXLOAD_RESULT names. Whether it is good enough is said by whoever asked.

import { chromium } from "@playwright/test";
import { readFileSync, writeFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

import { Server } from "./server.mjs";
import { done, fill, senders, stream } from "./volume.mjs";

const MESSAGES = Number(process.env.INBOXLOAD_MESSAGES);
const SECONDS = Number(process.env.INBOXLOAD_SECONDS);
const PER_SECOND = Number(process.env.INBOXLOAD_PER_SECOND);
const RESULT = process.env.INBOXLOAD_RESULT;
const CHROMIUM = process.env.BROWSER_CHROMIUM ?? "/usr/bin/chromium";
/** How often each figure is taken: the middle one counts. */
const ROUNDS = 5;
/** How often the stream is looked at. */
const LOOK_SECONDS = 30;

/** Searches that are typical for the grammar: what has an index, what is found at once, what is found nowhere. */
const SEARCHES = [
  "", "to:+447700915050", "has:otp", "has:link -code", "status:rejected", "status:delivered parts:>1", "order-99999",
  "nowhere-to-be-found", "otp:999999", "is:final -has:otp from:acme", "after:-1h before:-30m", "id:no-such-order", "err:no-such-cause",
  "webhook:failed", "account:nobody", "dialect:seven has:unicode",
];

/** Those of them that find something in what was filled in. */
const FOUND = new Set(SEARCHES.filter((query) => /^$|^to:|has:otp$|has:link|status:|is:final/.test(query)));

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const rounded = (value) => Math.round(value * 10) / 10;
const say = (text) => process.stderr.write(`${text}\n`);

/** When the browser first painted something of the page, in milliseconds since it set out to it. */
function firstPaint(page) {
  return page.evaluate(() => new Promise((resolve) => {
    const observer = new PerformanceObserver((list) => {
      const entry = list.getEntriesByName("first-contentful-paint")[0];
      if (entry) {
        observer.disconnect();
        resolve(entry.startTime);
      }
    });
    observer.observe({ type: "paint", buffered: true });
  }));
}

async function paints(browser, server) {
  const cold = [];
  const warm = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    await page.goto(server.ui, { waitUntil: "load" });
    cold.push(await firstPaint(page));
    await page.reload({ waitUntil: "load" });
    warm.push(await firstPaint(page));
    await context.close();
  }
  return { first_ms: rounded(cold[0]), cold_ms: rounded(median(cold)), warm_ms: rounded(median(warm)) };
}

async function searches(browser, server) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const measured = [];
  for (const query of SEARCHES) {
    const path = `messages?limit=50&q=${encodeURIComponent(query)}`;
    const [times, shown] = [[], []];
    let answer;
    for (let round = 0; round < ROUNDS; round += 1) {
      const begun = performance.now();
      answer = await server.api(path);
      times.push(performance.now() - begun);
      await page.goto(`${server.ui}?q=${encodeURIComponent(query)}`, { waitUntil: "load" });
      shown.push(await firstPaint(page));
    }
    const rows = await page.locator("#rows tr").count();
    if (rows === 0 && FOUND.has(query)) throw new Error(`${query} finds nothing: it was to measure finding`);
    if (rows !== answer.messages.length) throw new Error(`${query}: ${rows} rows, but ${answer.messages.length} messages`);
    const more = answer.searched_back_to !== null;
    measured.push({ query, rows, server_ms: rounded(median(times)), shown_ms: rounded(median(shown)), is_cut: more });
  }
  await context.close();
  return measured;
}

const residentMegabytes = (pid) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) / 1024;

/** The inbox stays open while messages come: what tab and server take. */
async function underStream(browser, server, accounts) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.goto(server.ui);
  await page.locator('#inbox[data-connected="yes"]').waitFor();
  const session = await context.newCDPSession(page);
  const looks = [];
  const look = async (at) => {
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    const { nodes } = await session.send("Memory.getDOMCounters");
    const rows = await page.locator("#rows tr").count();
    const server_mb = residentMegabytes(server.process.pid);
    looks.push({ at_s: at, heap_mb: Math.round(usedSize / 1e4) / 100, nodes, rows, server_mb: rounded(server_mb) });
    say(`  ${at} s: tab ${looks.at(-1).heap_mb} MB, ${nodes} nodes, ${rows} rows; server ${rounded(server_mb)} MB`);
  };
  await look(0);
  let sent = 0;
  for (let at = 0; at < SECONDS; at += LOOK_SECONDS) {
    const seconds = Math.min(LOOK_SECONDS, SECONDS - at);
    sent += await stream(server, accounts, { from: MESSAGES + sent, perSecond: PER_SECOND, seconds });
    await look(at + seconds);
  }
  await context.close();
  return { sent, looks };
}

const server = await new Server().start();
const browser = await chromium.launch({ executablePath: CHROMIUM, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
try {
  const accounts = await senders(server);
  const begun = performance.now();
  await fill(server, accounts, 0, MESSAGES);
  const filled_s = rounded((performance.now() - begun) / 1000);
  say(`${MESSAGES} messages in ${filled_s} s`);
  const paint = await paints(browser, server);
  say(`first paint ${paint.first_ms} ms, cold ${paint.cold_ms} ms, warm ${paint.warm_ms} ms`);
  const found = await searches(browser, server);
  for (const { query, rows, server_ms, shown_ms } of found) say(`  ${server_ms} ms, shown in ${shown_ms} ms: ${query || "(all)"}, ${rows} rows`);
  const streamed = await underStream(browser, server, accounts);
  writeFileSync(RESULT, JSON.stringify({ messages: MESSAGES, filled_s, paint, searches: found, stream: streamed }));
} finally {
  done();
  await browser.close();
  await server.end();
}
