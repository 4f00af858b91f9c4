// In which order the keyboard reaches things, on the pages of the story that is told without a mouse: kept in tests/browser/looks.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "./server.mjs";

const KEPT = process.env.BROWSER_LOOKS;
const OWN = "447700900200";
const STOPS_MAX = 80;

/** What has the focus, in a word for its kind and its name, and whether people can see that it has it. */
const focused = (page) => page.evaluate(() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  const label = element.labels?.[0]?.textContent ?? element.getAttribute("aria-label");
  const labelled = document.getElementById(element.getAttribute("aria-labelledby"))?.textContent;
  const name = label ?? labelled ?? (element.innerText || element.title || element.textContent || "");
  const style = getComputedStyle(element);
  const row = element.closest("tr.message");
  const isSeen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return {
    line: `${element.tagName.toLowerCase()} ${name.trim().replace(/\s+/g, " ").slice(0, 60)}`,
    isSeen: isSeen || (row !== null && getComputedStyle(row).boxShadow !== "none"),
  };
});

/** The names without what is another one each time. */
const settled = (line) => line
  .replace(/\b[0-9A-F]{16}\b/g, "ID")
  .replace(/\b\d+(\.\d+)? m?s\b/g, "9 ms")
  .replace(/\b\d\d:\d\d:\d\d\b/g, "06:12:09")
  .replace(/sequence \d+/g, "sequence 1")
  .replace(/127\.0\.0\.1:\d+/g, "HOST");

test("the keyboard reaches everything, in an order that is kept, and what has the focus is seen", async ({ page, server, receiver }) => {
  await server.api("numbers", { method: "POST", body: { number: OWN, account: server.account.api_key, inbound_url: receiver.url } });
  await server.ended(await server.send("An older text", { from: "Acme" }));
  const id = await server.send("Your Acme code is 482917.", { from: OWN });
  await server.ended(id);
  for (const [name, path] of [["inbox", ""], ["message", `/m/${id}`], ["phone", "/phones/447700900123"]]) {
    await page.goto(server.ui + path);
    // From the top: the page of a phone puts the focus where one types.
    if (name === "phone") await expect(page.getByLabel("Reply")).toBeFocused();
    await page.evaluate(() => {
      document.body.tabIndex = -1;
      document.body.focus();
      document.body.removeAttribute("tabindex");
    });
    const order = [];
    for (let stop = 0; stop < STOPS_MAX; stop += 1) {
      await page.keyboard.press("Tab");
      const at = await focused(page);
      if (at === null) break;
      expect(at.isSeen, `${name}: the focus is seen at ${at.line}`).toBe(true);
      order.push(settled(at.line));
    }
    expect(order.length, name).toBeGreaterThan(10);
    expect(order.length, `${name}: the keyboard is not caught`).toBeLessThan(STOPS_MAX);
    const file = join(KEPT, `focus-${name}.txt`);
    if (process.env.BROWSER_WRITE_LOOKS) writeFileSync(file, `${order.join("\n")}\n`);
    else expect(order, name).toEqual(readFileSync(file, "utf8").trimEnd().split("\n"));
  }
});
