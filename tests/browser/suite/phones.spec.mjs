// Phones: what a handset reads, what it answers, and what the application is told.

import { expect, test } from "./server.mjs";

const OWN = "447700900200";

test("a reply reaches the application, and its webhook is told at the bubble", async ({ page, server, receiver }) => {
  await server.api("numbers", { method: "POST", body: { number: OWN, account: server.ready.account.api_key, inbound_url: receiver.url } });
  await server.ended(await server.send("Your code is 482917", { from: OWN }));
  await page.goto(`${server.ui}/phones`);
  await page.locator("#phone-list a").first().click();
  await expect(page.locator(".bubble.to-phone .said")).toHaveText("Your code is 482917");
  await expect(page.locator(".bubble .chip bdi")).toHaveText("482917");
  await page.getByLabel("Reply").fill("STOP it");
  await page.getByLabel("Reply").press("Enter");
  const bubble = page.locator(".bubble.from-phone").last();
  await expect(bubble.locator(".said")).toHaveText("STOP it");
  await expect(bubble.locator(".state")).toContainText("webhook 200 in");
  const [told] = receiver.requests;
  const fields = told.method === "GET" ? told.url.searchParams : new URLSearchParams(told.body);
  expect([fields.get("msisdn"), fields.get("to"), fields.get("text")]).toEqual(["447700900123", OWN, "STOP it"]);

  receiver.status = 500;
  await page.getByLabel("Reply").fill("Again");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.locator(".bubble.from-phone").last().locator(".state")).toContainText("webhook 500 in");
});

test("nobody's number says so", async ({ page, server }) => {
  await page.goto(`${server.ui}/phones?number=%2B44+7700+900123`);
  await expect(page).toHaveURL(`${server.ui}/phones/447700900123`);
  await page.getByLabel("to", { exact: true }).fill("447700900555");
  await page.getByLabel("Reply").fill("Hello?");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.locator(".bubble.from-phone")).toContainText("no account owns that number");
});

test("an outcome holds from the next text on", async ({ page, server }) => {
  await page.goto(`${server.ui}/phones/447700900123`);
  await page.getByLabel("Texts to it").selectOption("expired");
  await expect(page.getByLabel("Texts to it")).toHaveValue("expired");
  const message = await server.ended(await server.send("Will not arrive"));
  expect(message.status).toBe("expired");
  await page.getByLabel("Texts to it").selectOption("on");
  await page.waitForLoadState();
  await expect(page.getByLabel("Texts to it")).toHaveValue("on");
  expect((await server.ended(await server.send("Will arrive"))).status).toBe("delivered");
});
