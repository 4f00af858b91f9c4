// A message on paper, and a link for somebody who cannot sign in.

import AxeBuilder from "@axe-core/playwright";

import { Server, expect, test, until } from "./server.mjs";

const TEXT = "“Your Acme code” is 482917. It expires in 10 minutes, so use it soon. Do not give it to anybody, not even to us.";

/** Pages of a PDF: its page objects, which Chromium writes in the clear. */
const pagesOf = (pdf) => pdf.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g)?.length ?? 0;

test("a message prints on one page, with everything that happened and nothing that is pressed", async ({ page, server, receiver }) => {
  receiver.status = 500;
  const id = await server.send(TEXT, { callback: receiver.url });
  await server.ended(id);
  await until(() => receiver.requests.length > 0, "the webhook");
  await page.goto(`${server.ui}/m/${id}`);
  await expect(page.locator("#story li", { hasText: "webhook" })).not.toHaveCount(0);
  for (const format of ["A4", "Letter"]) expect(pagesOf(await page.pdf({ format })), format).toBe(1);
  await page.emulateMedia({ media: "print" });
  for (const wanted of ["#story", "#facts", "#parts", ".part"]) await expect(page.locator(wanted).first()).toBeVisible();
  for (const unwanted of [".bar", "form", "button.button", ".button", ".chip", ".trail"]) {
    for (const element of await page.locator(unwanted).all()) await expect(element, unwanted).toBeHidden();
  }
});

test("a link is made, copied and opened by somebody else: it reads, and leads nowhere", async ({ page, server, context, browser }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const id = await server.send(TEXT);
  await server.ended(id);
  await page.goto(`${server.ui}/m/${id}`);
  await page.getByLabel("Let somebody look, for").selectOption("1h");
  await page.getByRole("button", { name: "Make a link" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("A link to look at");
  await page.getByRole("button", { name: "Copy the link" }).click();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(new RegExp(`^${server.ui}/shared/[\\w-]{64}$`));
  await expect(page.locator("#link")).toHaveText(link);

  const elsewhere = await browser.newContext({ viewport: { width: 360, height: 800 }, colorScheme: "dark" });
  const guest = await elsewhere.newPage();
  const asked = [];
  guest.on("request", (request) => asked.push(request));
  const answer = await guest.goto(link);
  expect(answer.status()).toBe(200);
  await expect(guest.getByRole("heading", { level: 1 })).toHaveText("Message to 4477******23");
  await expect(guest.locator(".state").first()).toContainText("delivered");
  const seen = await guest.content();
  for (const secret of [TEXT, "482917", "900123", "Acme", id, server.account.api_key]) expect(seen, secret).not.toContain(secret);
  expect(await guest.locator("a, form, button, input, script").count()).toBe(0);
  // Nothing is asked for but the page, its style and its icon, and none of them is told the address.
  for (const request of asked.slice(1)) {
    expect(request.url()).toContain("/_whimbrel/ui/assets/");
    expect((await request.allHeaders()).referer).toBeUndefined();
  }
  const { violations } = await new AxeBuilder({ page: guest }).analyze();
  expect(violations.filter(({ impact }) => ["serious", "critical"].includes(impact)).map(({ id: rule }) => rule)).toEqual([]);
  expect(await guest.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);

  await server.api("clock", { method: "POST", body: { advance: "61m" } });
  const late = await guest.goto(link);
  expect(late.status()).toBe(404);
  await expect(guest.getByRole("heading", { level: 1 })).toHaveText("This link shows nothing");
  await elsewhere.close();
});

test("without scripts the link is there as well", async ({ browser, server }) => {
  const id = await server.send(TEXT);
  await server.ended(id);
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${server.ui}/m/${id}`);
  await page.getByRole("button", { name: "Make a link" }).click();
  await page.locator("#link").click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Message to 4477******23");
  await context.close();
});

test("outside of development a guest sees the message and must sign in for all else", async ({ browser }) => {
  const server = await new Server({ config: "" }).start();
  const context = await browser.newContext();
  try {
    await server.openAccount();
    const id = await server.send(TEXT);
    const { path } = await server.api(`messages/${id}/share`, { method: "POST", body: { for: "1h" } });
    const guest = await context.newPage();
    expect((await guest.goto(server.url + path)).status()).toBe(200);
    await expect(guest.getByText("queued").first()).toBeVisible();
    for (const other of ["", `/m/${id}`, "/accounts", "/settings"]) {
      await guest.goto(server.ui + other);
      await expect(guest.getByRole("heading", { level: 1 })).toHaveText("Sign in");
    }
  } finally {
    await context.close();
    await server.end();
  }
});
