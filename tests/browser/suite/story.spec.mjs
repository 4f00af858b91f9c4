// The frontend developer's story of docs/guide/stories.md: told in the browser, by keyboard, and held against the page.

import { readFileSync, writeFileSync } from "node:fs";

import { expect, test } from "./server.mjs";

const PAGE = process.env.BROWSER_STORIES;
const OWN = "447700900200";
const BLOCK = /(<!-- appears: browser -->\n```[a-z]*\n)([\s\S]*?)(\n```\n)/;

/** What is another one each time, and what stands for it on the page. */
const settled = (line) => line.trim().replace(/\s+/g, " ").replace(/again in .*/, "again in 5 s").replace(/\d+(\.\d+)? ms\b/g, "9 ms");

test("story: messages in a browser, left open beside the work", async ({ page, server, receiver, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await server.api("numbers", { method: "POST", body: { number: OWN, account: server.account.api_key, inbound_url: receiver.url } });
  const told = [];
  const tell = (what, seen) => told.push(`${what}: ${settled(seen)}`);

  await page.goto(server.ui);
  await page.locator('#inbox[data-connected="yes"]').waitFor();
  tell("on the first day", await page.getByRole("heading", { level: 2 }).first().innerText());
  // Another window is in front, as it is while one works.
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await server.ended(await server.send("Your Acme code is 482917. It expires in 10 minutes.", { from: OWN }));
  await expect(page).toHaveTitle(/^\(1\)/);
  tell("the title, when one comes while nobody looks", await page.title());
  await page.evaluate(() => {
    delete document.hidden;
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await expect(page.locator("#rows .state-of")).toContainText("delivered");
  const row = page.locator("#rows tr").first();
  tell("its row, without a reload", await row.locator(".what").innerText());
  tell("its state", await row.locator(".state-of").innerText());
  tell("the code is a button", await row.locator(".chip bdi").innerText());

  await page.keyboard.press("j");
  await page.keyboard.press("c");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe("482917");
  tell("j, c: the clipboard", await page.evaluate(() => navigator.clipboard.readText()));
  await page.keyboard.press("p");
  await expect(page.getByLabel("Reply")).toBeFocused();
  tell("p: the phone", await page.locator(".bubble.to-phone .said").innerText());
  await page.keyboard.type("STOP");
  await page.keyboard.press("Enter");
  const bubble = page.locator(".bubble.from-phone").last();
  await expect(bubble.locator(".state")).toContainText("webhook 200 in");
  tell("STOP, Enter: its bubble", await bubble.locator(".said").innerText());
  tell("under it", await bubble.locator(".state").innerText());
  const fields = receiver.requests[0].url.searchParams;
  tell("the application was told", ["msisdn", "to", "text"].map((name) => `${name}=${fields.get(name)}`).join(" "));
  receiver.status = 500;
  await page.keyboard.type("Hello?");
  await page.keyboard.press("Enter");
  await expect(page.locator(".bubble.from-phone").last().locator(".state")).toContainText("webhook 500 in");
  tell("and when it answers 500", await page.locator(".bubble.from-phone").last().locator(".under").innerText());

  const written = readFileSync(PAGE, "utf8");
  const appears = told.join("\n");
  if (process.env.BROWSER_WRITE_STORIES) writeFileSync(PAGE, written.replace(BLOCK, (_, before, __, after) => before + appears + after));
  else expect(BLOCK.exec(written)?.[2], "docs/guide/stories.md says what appears").toBe(appears);
});
