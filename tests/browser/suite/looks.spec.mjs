// How pages look: twelve states, held against what is kept of them in tests/browser/looks; and their pictures, to be looked at.
// BROWSER_WRITE_LOOKS=1 keeps what is seen now.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { differences, layout, withPlainFonts } from "./layout.mjs";
import { expect, test } from "./server.mjs";

const KEPT = process.env.BROWSER_LOOKS;
const SHOTS = process.env.BROWSER_SHOTS ?? "shots";
const OWN = "447700900200";
// Only letters that every font has: what stands in for others is not the same everywhere.
const CODE = "Your Acme code is 482917. It expires in 10 minutes.";
const LONG = `Your table for two is booked for Friday. ${"Reply C to cancel, or call us before noon. ".repeat(5)}`;

const WIDE = { scheme: "light", width: 1280 };
const DARK = { scheme: "dark", width: 1280 };
const NARROW = { scheme: "light", width: 360 };
const NARROW_DARK = { scheme: "dark", width: 360 };

test("looks: twelve states of the pages are laid out as they are kept", async ({ browser, server, receiver, expected }) => {
  expected.push(/status of 40[04]/);
  mkdirSync(SHOTS, { recursive: true });
  const wrong = [];
  const look = async (name, path, { scheme, width }, ready = () => {}) => {
    const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 800 }, reducedMotion: "reduce" });
    const page = await context.newPage();
    await withPlainFonts(page);
    await page.goto(server.ui + path);
    await ready(page);
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: join(SHOTS, `look-${name}.png`), fullPage: width < 1280 });
    const seen = await layout(page);
    const file = join(KEPT, `${name}.txt`);
    if (process.env.BROWSER_WRITE_LOOKS) writeFileSync(file, `${seen.join("\n")}\n`);
    else {
      const found = differences(readFileSync(file, "utf8").trimEnd().split("\n"), seen);
      if (found.length > 0) wrong.push(`${name}: ${found.length} differences\n${found.slice(0, 8).join("\n")}`);
    }
    await context.close();
  };

  await look("first-day", "", WIDE);
  await server.api("numbers", { method: "POST", body: { number: OWN, account: server.account.api_key, inbound_url: receiver.url } });
  for (const fields of [{ text: CODE, from: OWN }, { text: "Too late", to: "447700900102" }]) await server.ended(await server.send("", fields));
  const long = await server.send(LONG, { to: "447700900124" });
  await server.ended(long);
  await server.ended(await server.send("Not there", { to: "447700900104", callback: receiver.url }));
  await expect.poll(async () => (await server.api("webhooks/attempts")).attempts.length).toBe(1);
  const code = (await server.api("messages?to=447700900123")).messages[0].id;
  await server.api("phones/447700900123/reply", { method: "POST", body: { to: OWN, text: "Thanks! STOP" } });
  await expect.poll(async () => (await server.api("webhooks/attempts")).attempts.length).toBe(2);
  const { path } = await server.api(`messages/${long}/share`, { method: "POST", body: { for: "7d" } });

  const rows = (page) => expect(page.locator("#rows tr")).toHaveCount(4);
  await look("inbox", "", WIDE, rows);
  await look("inbox-narrow", "", NARROW_DARK, rows);
  await look("keys", "", DARK, async (page) => {
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog")).toBeVisible();
  });
  await look("mistake", "?q=sta:delivered", DARK);
  await look("nothing-found", "?q=to:447700900199", NARROW);
  await look("phone", "/phones/447700900123", WIDE);
  await look("phone-narrow", "/phones/447700900123", NARROW_DARK);
  await look("webhooks", "/webhooks", DARK);
  await look("carriers", "/carriers", NARROW);
  // What is told of a message in words has times in it, whose widths are other ones each time: its parts and its frame stand still.
  await look("message", `/m/${code}`, DARK, async (page) => {
    await page.locator("#story").evaluate((story) => story.closest("section").remove());
  });
  await look("shared", path.replace("/_whimbrel/ui", ""), NARROW, async (page) => {
    await page.locator(".story").evaluate((story) => story.closest("section").remove());
  });
  expect(wrong.join("\n\n"), "BROWSER_WRITE_LOOKS=1 keeps what is seen now").toBe("");
});

test("looks: what is kept finds what has moved, changed its colour or gone", () => {
  const kept = ["page 1280 beside 0", "h1 20 70 300 28 #14211e/#f5f7f6 650", "  a.button 40 90 80 36 #14211e/#ffffff 550"];
  const other = (index, line) => kept.map((old, place) => (place === index ? line : old));
  expect(differences(kept, kept)).toEqual([]);
  expect(differences(kept, other(1, "h1 22 71 303 28 #14211e/#f5f7f6 650"))).toEqual([]);
  for (const changed of [
    other(0, "page 1280 beside 4"),
    other(1, "h1 20 70 304 28 #14211e/#f5f7f6 650"),
    other(1, "h1 20 70 300 28 #14211f/#f5f7f6 650"),
    other(1, "h1 20 70 300 28 #14211e/#f5f7f6 400"),
    other(2, "a.button 40 90 80 36 #14211e/#ffffff 550"),
    kept.slice(0, 2),
    [...kept, "h2 1 1 1 1 #000000/#ffffff 400"],
  ]) {
    expect(differences(kept, changed).length, changed.join("\n")).toBeGreaterThan(0);
  }
});
