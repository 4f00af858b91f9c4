// What goes wrong on order, and the clock that is put forward: on the pages, without scripts.

import { expect, test, until } from "./server.mjs";

test("faults are ordered without a script, seen where they are felt, and ended", async ({ browser, server, receiver }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${server.ui}/webhooks`);
  await page.getByRole("link", { name: "Order faults" }).click();
  await expect(page).toHaveURL(`${server.ui}/settings#faults`);

  // What cannot be read is named, stays where it was typed, and orders nothing.
  await page.getByLabel("Answers that are lost").fill("a lot");
  await page.getByLabel("Texts it throttles").fill("3%");
  await page.getByRole("button", { name: "Order these" }).click();
  await expect(page.getByRole("alert")).toContainText("Nothing was ordered. webhook_lost");
  await expect(page.getByLabel("Answers that are lost")).toHaveValue("a lot");
  expect(await server.api("chaos")).toMatchObject({ webhook_lost: null, throttle: null });

  await page.getByLabel("Texts it throttles").fill("");
  await page.getByLabel("Answers that are lost").fill("100%");
  await page.getByLabel("Seed").fill("7");
  await page.getByRole("button", { name: "Order these" }).click();
  await expect(page.getByRole("status").first()).toContainText("The faults are made from now on");
  expect(await server.api("chaos")).toMatchObject({ webhook_lost: "100%", throttle: null, seed: "7" });
  await page.goto(`${server.ui}/webhooks`);
  await expect(page.locator("main")).toContainText("Faults are on order: answers that are lost: 100%.");
  await page.goto(`${server.ui}/carriers`);
  await expect(page.locator("main")).not.toContainText("Faults are on order");

  // The receiver has it, and Whimbrel has no answer.
  const id = await server.send("Hello", { callback: `${receiver.url}/receipts` });
  await server.ended(id);
  await until(() => receiver.requests.length > 0, "the webhook at its receiver");
  await until(async () => (await server.api("webhooks/attempts")).attempts.length > 0, "the attempt on the tape");
  await page.goto(`${server.ui}/webhooks`);
  await expect(page.getByRole("table", { name: "Attempts" })).toContainText("no answer");

  await page.getByRole("link", { name: "Change or end them" }).click();
  await page.getByRole("button", { name: "Everything off" }).click();
  await expect(page.getByRole("status").first()).toContainText("No faults are made on order any more");
  expect(await server.api("chaos")).toMatchObject({ webhook_lost: null, seed: null });
  await context.close();
});

test("the clock is put forward and back without a script", async ({ browser, server }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${server.ui}/settings`);
  await page.getByLabel("Put it forward by").fill("soon");
  await page.getByRole("button", { name: "Advance" }).click();
  await expect(page.getByRole("alert")).toContainText("such as 90s");
  await page.getByLabel("Put it forward by").fill("2h");
  await page.getByRole("button", { name: "Advance" }).click();
  await expect(page.getByRole("status").first()).toContainText("The clock is 2 h 0 min ahead");
  expect((await server.api("clock")).ahead_ms).toBe(7_200_000);
  await page.getByRole("button", { name: "Put it back" }).click();
  await expect(page.getByRole("status").first()).toContainText("that of the machine again");
  expect((await server.api("clock")).ahead_ms).toBe(0);
  await context.close();
});
