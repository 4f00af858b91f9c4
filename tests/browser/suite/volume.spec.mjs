// The inbox with more messages than a page shows, and while more of them come. How fast it is, `cargo xtask inboxload` says.

import { expect, test } from "./server.mjs";
import { fill, senders, stream } from "./volume.mjs";

const MESSAGES = 2_000;

test("two thousand messages: pages, searches, and a stream of more; no row lost, none twice", async ({ page, server }) => {
  test.setTimeout(300_000);
  const accounts = await senders(server);
  await fill(server, accounts, 0, MESSAGES);
  const ids = () => page.locator("#rows tr").evaluateAll((rows) => rows.map((row) => row.id));
  const link = (name) => page.getByRole("link", { name });

  // From the newest to the oldest and back: each message on one page, whichever way one came.
  await page.goto(`${server.ui}?q=appointment`);
  const there = [await ids()];
  while ((await link("Older").count()) > 0) {
    await link("Older").click();
    await page.waitForLoadState();
    there.push(await ids());
  }
  expect(there.map((rows) => rows.length)).toEqual([50, 50, 50, 50]);
  expect(new Set(there.flat()).size).toBe(MESSAGES / 10);
  const back = [];
  while ((await link("Newer").count()) > 0) {
    await link("Newer").click();
    await page.waitForLoadState();
    back.push(await ids());
  }
  expect(back).toEqual(there.slice(0, -1).reverse());

  // More matches than a search gives at once: what is newer than a page far back is the page next to it.
  const query = encodeURIComponent("from:acme");
  const thousand = await server.api(`messages?q=${query}&limit=1000`);
  await page.goto(`${server.ui}?q=${query}&before=${thousand.next}`);
  await Promise.all([page.waitForNavigation(), link("Newer").click()]);
  expect(await ids()).toEqual(thousand.messages.slice(-50).map((message) => `m-${message.id}`));

  // A stream while nothing is read: rows come by themselves, and no more than a page of them is kept.
  await page.goto(server.ui);
  await page.locator('#inbox[data-connected="yes"]').waitFor();
  const first = await ids();
  const sent = await stream(server, accounts, { from: MESSAGES, perSecond: 20, seconds: 10 });
  await expect(page.locator("#rows tr").first()).not.toHaveAttribute("id", first[0]);
  const newest = await server.api("messages?limit=1");
  await expect(page.locator("#rows tr").first()).toHaveAttribute("id", `m-${newest.messages[0].id}`);
  const live = await ids();
  expect(live.length).toBe(50);
  expect(new Set(live).size).toBe(50);
  await page.reload();
  expect(await ids(), "as the server has it").toEqual(live);

  // While a row is read nothing moves: the others wait behind the button that counts them.
  await page.locator("#rows .open").nth(2).focus();
  const more = await stream(server, accounts, { from: MESSAGES + sent, perSecond: 20, seconds: 5 });
  await expect(page.locator("#show-new")).toHaveText(`${more} new`);
  expect(await ids()).toEqual(live);
  await Promise.all([page.waitForNavigation(), page.locator("#show-new").click()]);
  const { messages } = await server.api("stats");
  expect(messages).toBe(MESSAGES + sent + more);
  await expect(page.locator("#rows tr")).toHaveCount(50);
  expect((await ids()).some((id) => live.includes(id))).toBe(false);
});
