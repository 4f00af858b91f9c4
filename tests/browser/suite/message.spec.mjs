// One message: its timeline, its ruler, its secrets; hostile texts; the phone beside it.

import { expect, test } from "./server.mjs";

test("the timeline has every stage in order, and PDUs that can be read", async ({ page, server, receiver }) => {
  const id = await server.send("Your Acme code is 482917.", { callback: `${receiver.url}/receipts` });
  await server.ended(id);
  await page.goto(`${server.ui}/m/${id}`);
  await expect(page.locator("#story li", { hasText: "webhook" })).toHaveCount(1);
  const words = await page.locator("#story strong").filter({ hasNotText: "HTTP" }).allInnerTexts();
  const wanted = [
    "request", "accepted", "held", "submitting", "submit_sm", "submit_sm_resp", "sent", "captured", "deliver_sm", "ended", "webhook",
  ];
  let at = -1;
  for (const word of wanted) {
    const next = words.indexOf(word, at + 1);
    expect(next, `${word} after ${words.slice(0, at + 1)} in ${words}`).toBeGreaterThan(at);
    at = next;
  }
  const times = await page.locator("#story time").evaluateAll((times) => times.map((time) => time.getAttribute("datetime")));
  expect(times).toEqual([...times].sort());

  const request = page.locator("#story li", { hasText: "request" }).first();
  await request.locator("summary").click();
  await expect(request.locator("pre").first()).toContainText("POST /sms/json");
  const secret = server.ready.account.api_secret;
  expect(await page.content()).not.toContain(secret);

  const pdu = page.locator("#story li", { hasText: "submit_sm" }).first();
  await pdu.locator("summary").click();
  await expect(pdu.locator("dl")).toContainText("447700900123");
  await expect(pdu.locator("pre")).toContainText("0000  00 00 00");
  const webhook = page.locator("#story li", { hasText: "webhook" });
  await webhook.locator("summary").click();
  await expect(webhook.locator("pre").first()).toContainText("status=delivered");
  await expect(webhook.locator("pre").nth(1)).toContainText("HTTP 200");
});

test("a message goes on while it is looked at", async ({ page, server }) => {
  // Two seconds on its way: the page is there before it ends.
  const id = await server.send("Underway", { to: "447700900001" });
  await page.goto(`${server.ui}/m/${id}`);
  await expect(page.locator("#head-state")).toContainText("delivered");
  await expect(page.locator("#story li", { hasText: "ended" })).toHaveCount(1);
});

test("the ruler names what makes a text long, and its twin", async ({ page, server }) => {
  const id = await server.send(`“Quotes”${"a".repeat(80)}\u200b`);
  await page.goto(`${server.ui}/m/${id}`);
  await expect(page.locator(".meter-line")).toContainText("UCS-2");
  await expect(page.locator(".part .culprit").first()).toHaveText("“");
  await expect(page.locator(".part .culprit").first()).toHaveAttribute("title", /U\+201C, in GSM 7-bit: "/);
  await expect(page.locator(".part .culprit").last()).toHaveText("⟨ZWSP⟩");
  await expect(page.locator(".advice")).toContainText("2 parts could be 1");
});

test("hostile texts are only texts, and the layout holds", async ({ page, server }) => {
  const texts = [
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'--></style><svg onload=alert(3)>",
    "{{7*7}} ${7*7} javascript:alert(1) http://evil.example/?q=<b>",
    "rechts \u202Eevil\u202C und \u2066isoliert\u2069",
    `${"x".repeat(1500)}`,
    "👨‍👩‍👧".repeat(60),
    "nul\u0001bell\u0007 tab\tend\nnew line",
    "\ufeffbom and half a pair \ud83d",
  ];
  for (const text of texts) await server.send(text);
  await page.goto(server.ui);
  await expect(page.locator("#rows tr")).toHaveCount(texts.length);
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: 800 });
    const beside = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(beside, `at ${width}`).toBe(0);
  }
  const links = await page.locator("#rows .open").evaluateAll((links) => links.map((link) => link.href));
  for (const link of links) {
    await page.goto(link);
    await expect(page.locator("#story li").first()).toBeVisible();
    const beside = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(beside, link).toBe(0);
  }
  await page.goto(links.at(-3));
  await expect(page.locator(".part")).toContainText("⟨RLO⟩");
  await page.goto(`${server.ui}?q=${encodeURIComponent("text:\"<img src=x onerror=alert(9)>\"")}`);
  await page.goto(`${server.ui}/phones/447700900123`);
  await expect(page.locator(".bubble").first()).toBeVisible();
});

test("unknown ids and paths are answered as pages", async ({ page, server, expected }) => {
  expected.push(/status of 404/);
  for (const path of ["m/0000000000000000", "m/%3Cscript%3E", "nothing"]) {
    const answer = await page.goto(`${server.ui}/${path}`);
    expect(answer.status()).toBe(404);
    await expect(page.getByRole("heading", { level: 1 })).toContainText("There is no such");
  }
});
