// The inbox: the first minute, rows that come by themselves, codes, searches.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

import { expect, test } from "./server.mjs";

test("first open: the copied command works as it is, and its row appears by itself", async ({ page, server, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(server.url);
  await expect(page).toHaveURL(server.ui);
  await expect(page.getByRole("heading", { name: "No messages yet" })).toBeVisible();
  const commands = await page.locator(".start .command").count();
  expect(commands).toBeGreaterThanOrEqual(3);
  for (let index = 0; index < commands; index += 1) {
    // The first row takes the quick start away: the others are on a page that is opened anew.
    await page.locator(".start .command button").nth(0).scrollIntoViewIfNeeded();
    await page.locator(".start .command button").nth(index).click();
    const line = await page.evaluate(() => navigator.clipboard.readText());
    expect(line).toContain(server.url);
    await page.locator('#inbox[data-connected="yes"]').waitFor();
    execFileSync("sh", ["-c", `${line} --silent --fail`]);
    await expect(page.locator("#rows tr")).toHaveCount(1);
    await expect(page.locator("#start")).toHaveCount(0);
    if (index + 1 < commands) {
      await page.goto("about:blank");
      await server.end();
      Object.assign(server, { http: "127.0.0.1:0" });
      await server.start();
      await page.goto(server.ui);
    }
  }
});

test("the sample message needs no terminal", async ({ page, server }) => {
  await page.goto(server.ui);
  await page.getByRole("button", { name: "Send a sample message" }).click();
  await expect(page.locator("#rows tr")).toHaveCount(1);
  await expect(page.locator("#rows .chip bdi")).toHaveText("482917");
  await expect(page.locator("#rows .state-of")).toContainText("delivered");
});

test("two hundred new messages do not move what is being read", async ({ page, server }) => {
  await server.sendAll(Array.from({ length: 20 }, (_, index) => [`Message number ${index}`, {}]));
  await page.goto(server.ui);
  await page.locator('#inbox[data-connected="yes"]').waitFor();
  const third = page.locator("#rows tr").nth(2).locator(".open");
  await third.focus();
  const before = { text: await page.locator("#rows").innerText(), scroll: await page.evaluate(() => scrollY) };
  const id = await third.evaluate((link) => link.closest("tr").id);
  await server.sendAll(Array.from({ length: 200 }, (_, index) => [`A new one: ${index}`, {}]));
  await expect(page.locator("#show-new")).toHaveText("200 new");
  expect(await page.title()).toBe("(200) Inbox · Whimbrel");
  expect(await page.evaluate(() => document.activeElement.closest("tr").id)).toBe(id);
  expect(await page.evaluate(() => scrollY)).toBe(before.scroll);
  const now = await page.locator("#rows .what").allInnerTexts();
  expect(now.every((text) => text.startsWith("Message number"))).toBe(true);
  await page.locator("#show-new").focus();
  await page.keyboard.press("Enter");
  await expect(page.locator("#rows .what").first()).toContainText("A new one");
  await expect(page.locator("#rows tr")).toHaveCount(50);
});

test("a few new messages wait while a row has the focus, and come in when it has not", async ({ page, server }) => {
  await server.send("An old one");
  await page.goto(server.ui);
  await page.locator('#inbox[data-connected="yes"]').waitFor();
  await page.locator("#rows .open").first().focus();
  await server.send("Hello one");
  await server.send("Hello two");
  await expect(page.locator("#show-new")).toHaveText("2 new");
  await expect(page.locator("#rows tr")).toHaveCount(1);
  await page.evaluate(() => document.activeElement.blur());
  await expect(page.locator("#rows tr")).toHaveCount(3);
  await expect(page.locator("#rows .what").first()).toContainText("Hello two");
  await expect(page.locator("#news")).toBeHidden();
});

test("codes are chips, and prices, years and phone numbers are not", async ({ page, server, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const codes = [
    ["Your Acme code is 482917.", "482917"],
    ["Your code: 110 452", "110452"],
    ["Verification code AB-1234", "AB-1234"],
    ["G-11241 is your verification code.", "11241"],
  ];
  const others = ["Sale: only 1999 EUR until 2026", "Call us: +44 7700 900123", "Order 20931 was sent"];
  for (const [text] of codes) await server.send(text);
  for (const text of others) await server.send(text);
  await page.goto(server.ui);
  for (const [text, code] of codes) {
    const row = page.locator("#rows tr", { hasText: text });
    await expect(row.locator(".chip bdi")).toHaveText(code);
  }
  for (const text of others) await expect(page.locator("#rows tr", { hasText: text }).locator(".chip")).toHaveCount(0);
  await page.locator("#rows tr", { hasText: "AB-1234" }).locator(".chip").click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("AB-1234");
});

test("searches find, and a wrong word is marked where it stands", async ({ page, server }) => {
  await server.send("Your Acme code is 482917");
  await server.send("Willkommen in Köln", { to: "4917139200111", from: "Shop" });
  await server.send("Hello there");
  const found = async (query) => {
    await page.goto(`${server.ui}?q=${encodeURIComponent(query)}`);
    return page.locator("#rows tr").count();
  };
  for (const [query, count] of [
    ["", 3], ["acme", 1], ["-acme", 2], ["köln", 1], ["to:07700900123", 2], ["to:+4917*", 1], ["has:otp", 1], ["from:shop", 1],
    ["otp:482917", 1], ["is:inbound -is:inbound", 0], ["to:447700900199", 0],
  ]) {
    expect(await found(query), query).toBe(count);
  }
  await expect(page.getByText("No message is like that")).toBeVisible();
  await page.getByRole("link", { name: "Show all messages" }).click();
  await expect(page.locator("#rows tr")).toHaveCount(3);
});

test("the mistakes of the grammar's own cases are marked", async ({ page, server, expected }) => {
  expected.push(/status of 400/);
  const lines = readFileSync(process.env.BROWSER_SEARCH_CASES, "utf8").split("\n");
  const cases = lines.map((line) => line.split("\t")).filter(([, said]) => said?.startsWith("! "));
  expect(cases.length).toBeGreaterThan(15);
  for (const [query, said] of cases) {
    const [, from, to] = /^! (\d+)\.\.(\d+)/.exec(said).map(Number);
    const octets = Buffer.from(query);
    await page.goto(`${server.ui}?q=${encodeURIComponent(query)}`);
    const marked = octets.subarray(from, to).toString();
    await expect(page.locator("#wrong mark"), query).toHaveText(marked);
    await expect(page.locator("#q")).toHaveValue(query);
    await expect(page.locator("#q")).toHaveAttribute("aria-invalid", "true");
  }
});

test("a server that is started again goes on where it was: no row lost, none twice", async ({ page, server, expected }) => {
  expected.push(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|Failed to load resource/);
  // To its end: the simulator is killed with the server, and with it the receipt of a message that is under way.
  await server.ended(await server.send("Before"));
  await page.goto(server.ui);
  await page.locator('#inbox[data-connected="yes"]').waitFor();
  await server.kill();
  await expect(page.locator("#lost")).toBeVisible();
  await server.start();
  await server.send("While the page was away");
  await expect(page.locator("#lost")).toBeHidden();
  await server.send("Afterwards");
  await expect(page.locator("#rows tr")).toHaveCount(3);
  const texts = await page.locator("#rows .what").allInnerTexts();
  expect(texts).toEqual(["Afterwards", "While the page was away", "Before"]);
  await expect(page.locator("#rows .state-of", { hasText: "delivered" })).toHaveCount(3);
});
