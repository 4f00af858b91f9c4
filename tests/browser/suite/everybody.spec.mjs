// Keyboard alone, no script, any prefix, accessibility of every page.

import AxeBuilder from "@axe-core/playwright";

import { PrefixProxy, expect, test } from "./server.mjs";

test("the whole way without a mouse", async ({ page, server, receiver, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await server.api("numbers", { method: "POST", body: { number: "447700900200", account: server.ready.account.api_key, inbound_url: receiver.url } });
  await server.send("An older text");
  await server.ended(await server.send("Your code is 482917", { from: "447700900200" }));
  await page.goto(server.ui);
  await page.keyboard.press("Tab");
  await expect(page.locator(".skip")).toBeFocused();
  await page.keyboard.press("j");
  await expect(page.locator("#rows .open").first()).toBeFocused();
  await page.keyboard.press("c");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe("482917");
  await page.keyboard.press("j");
  await expect(page.locator("#rows .open").nth(1)).toBeFocused();
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("+44 7700 900123");
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL(server.ui);
  await expect(page.locator("#rows .open").first()).toBeFocused();
  await page.keyboard.press("p");
  await expect(page).toHaveURL(`${server.ui}/phones/447700900123`);
  await expect(page.getByLabel("Reply")).toBeFocused();
  await page.keyboard.type("gi? typed, not done");
  await page.keyboard.press("Enter");
  await expect(page.locator(".bubble.from-phone .said")).toHaveText("gi? typed, not done");
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await expect(page).toHaveURL(server.ui);
  await page.keyboard.press("/");
  await expect(page.locator("#q")).toBeFocused();
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.getByLabel("Single keys do something").uncheck();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await expect(page.locator("#q")).not.toBeFocused();
  await page.reload();
  await page.keyboard.press("j");
  await expect(page.locator("#rows .open").first()).not.toBeFocused();
});

test("without scripts everything can be read, searched and sent", async ({ browser, server }) => {
  await server.sendAll(Array.from({ length: 60 }, (_, index) => [`Message number ${index}`, {}]));
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(server.ui);
  await expect(page.locator("#rows tr")).toHaveCount(50);
  await page.getByRole("link", { name: "Older" }).click();
  await expect(page.locator("#rows tr")).toHaveCount(10);
  await page.getByRole("link", { name: "Newer" }).click();
  await expect(page.locator("#rows tr")).toHaveCount(50);
  await page.getByLabel("Search messages").fill('"number 7"');
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.locator("#rows tr")).toHaveCount(1);
  await page.locator("#rows .open").click();
  await expect(page.locator(".part")).toContainText("Message number 7");
  await page.getByRole("link", { name: "Phone", exact: true }).click();
  await page.getByLabel("to", { exact: true }).fill("447700900555");
  await page.getByLabel("Reply").fill("Hello");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.locator(".bubble.from-phone .said")).toHaveText("Hello");
  await page.getByLabel("Texts to it").selectOption("rejected");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await expect(page.getByLabel("Texts to it")).toHaveValue("rejected");
  await page.getByRole("button", { name: "Dark colours" }).click();
  await expect(page).toHaveURL(`${server.ui}/phones/447700900123`);
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await context.close();
});

test("everything works below a prefix of a proxy, live rows too", async ({ page, server }) => {
  const proxy = await new PrefixProxy(server.url, "/a/sms").start();
  try {
    await page.goto(`${proxy.url}/`);
    await expect(page).toHaveURL(`${proxy.url}/_whimbrel/ui`);
    await expect(page.locator(".start pre").first()).toContainText(`${proxy.url}/`);
    await page.locator('#inbox[data-connected="yes"]').waitFor();
    await server.send("Through the proxy");
    await expect(page.locator("#rows tr")).toHaveCount(1);
    await page.locator("#rows .open").click();
    await expect(page).toHaveURL(new RegExp(`^${proxy.url}/_whimbrel/ui/m/`));
    await page.getByRole("button", { name: "Dark colours" }).click();
    await page.getByRole("link", { name: "Phone", exact: true }).click();
    await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
    await page.getByRole("link", { name: "Whimbrel" }).click();
    await expect(page).toHaveURL(`${proxy.url}/_whimbrel/ui`);
    const links = await page.locator("a[href], link[href], script[src], form[action]").evaluateAll((elements) =>
      elements.map((element) => element.getAttribute("href") ?? element.getAttribute("src") ?? element.getAttribute("action")));
    expect(links.filter((link) => link.startsWith("/") || link.includes("://"))).toEqual([]);
  } finally {
    await proxy.end();
  }
});

test("no page has a serious barrier, in both themes and two widths", async ({ browser, server }) => {
  test.setTimeout(240_000);
  const numbers = ["447700900123", "447700900102", "447700900103", "4917139200111", "447700900110"];
  const texts = ["Your code is 482917", "مرحبا 551203 رمز", "“Quotes” cost", "Hello", "a".repeat(200)];
  await server.sendAll(Array.from({ length: 1000 }, (_, index) => [texts[index % 5], { to: numbers[index % 5] }]));
  const id = await server.send("“Quotes” and a code 482917", { to: "447700900123" });
  await server.ended(id);
  const own = ["", "?q=sta:x", `/m/${id}`, "/phones/447700900123"].map((path) => `/_whimbrel/ui${path}`);
  // Colours depend on the theme and the layout on the width: our own pages are seen in all four ways, the others in two of them.
  for (const [scheme, width, all] of [["light", 1280, true], ["dark", 360, true], ["dark", 1280, false], ["light", 360, false]]) {
    const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 800 } });
    const page = await context.newPage();
    await page.goto(server.ui);
    const sections = await page.locator("nav.sections a").evaluateAll((links) => links.map((link) => new URL(link.href).pathname));
    const more = ["?q=to:447700900199", "/nothing"].map((path) => `/_whimbrel/ui${path}`);
    for (const path of all ? [...own, ...sections.slice(1), ...more] : own) {
      await page.goto(server.url + path);
      await page.evaluate(() => { for (const details of document.querySelectorAll("details")) details.open = true; });
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      const told = serious.map(({ id: rule, nodes }) => `${rule}: ${nodes.slice(0, 3).map((node) => node.target).join(", ")}`);
      expect.soft(told, `${path} ${scheme} ${width}`).toEqual([]);
      const beside = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect.soft(beside, `${path} at ${width} is no wider than the window`).toBe(0);
      expect.soft(await page.locator("h1").count(), `${path} has one heading`).toBe(1);
    }
    await context.close();
  }
});
