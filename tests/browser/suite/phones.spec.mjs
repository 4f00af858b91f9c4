// Phones: what a handset reads, what it answers, and what the application is told.

import { expect, test, until } from "./server.mjs";

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

// Each dialect tells a text that came in by its own words; which ones, its page in docs/dialects says.

const json = ({ body }) => JSON.parse(body);
const FROM = "447700900123";
const SHAPES = [
  {
    name: "the SMS API",
    dialect: "nexmo",
    seen: (told) => (told.method === "GET" ? Object.fromEntries(told.url.searchParams) : json(told)),
    wanted: { msisdn: FROM, to: OWN, text: "STOP it", keyword: "STOP", type: "text" },
  },
  {
    name: "an application, v1",
    dialect: "nexmo",
    version: "v1",
    seen: json,
    wanted: { channel: "sms", message_type: "text", from: FROM, to: OWN, text: "STOP it" },
  },
  {
    name: "an application, v0.1",
    dialect: "nexmo",
    version: "v0.1",
    seen: json,
    wanted: { from: { type: "sms", number: FROM }, to: { type: "sms", number: OWN } },
  },
  {
    name: "seven",
    dialect: "seven",
    // Without a hook that says otherwise, a form.
    seen: ({ body }) => Object.fromEntries(new URLSearchParams(body)),
    wanted: { webhook_event: "sms_mo", "data[sender]": FROM, "data[system]": OWN, "data[text]": "STOP it", "data[message_type]": "SMS" },
  },
  { name: "Nexo Route", dialect: "nexo", seen: json, wanted: { type: "text.received" } },
];

for (const shape of SHAPES) {
  test(`a reply is told in the words of ${shape.name}, and a failed webhook is seen at the bubble`, async ({ page, server, receiver }) => {
    const { accounts } = await server.api("accounts");
    const { account } = accounts.find(({ dialect }) => dialect === shape.dialect);
    const inbound_url = shape.version ? undefined : receiver.url;
    await server.api("numbers", { method: "POST", body: { number: OWN, account, inbound_url } });
    if (shape.version) await giveToApplication(server, receiver, shape.version);
    await page.goto(`${server.ui}/phones/${FROM}`);
    await page.getByLabel("Reply").fill("STOP it");
    await page.getByLabel("Reply").press("Enter");
    const state = page.locator(".bubble.from-phone").last().locator(".state");
    await expect(state).toContainText("webhook 200 in");
    expect(shape.seen(receiver.requests[0])).toEqual(expect.objectContaining(shape.wanted));

    receiver.status = 500;
    await page.getByLabel("Reply").fill("Again");
    await page.getByRole("button", { name: "Send" }).click();
    await expect(page.locator(".bubble.from-phone").last().locator(".state")).toContainText("webhook 500 in");
    await expect(page.locator(".bubble.from-phone").last().locator(".under")).toContainText("again in");
  });
}

/** As the vendor's customers do it: an application with an inbound URL, and the number linked to it. */
async function giveToApplication(server, receiver, version) {
  const { api_key, api_secret } = server.account;
  const address = { address: receiver.url, http_method: "POST" };
  const application = { name: "Shop", capabilities: { messages: { version, webhooks: { inbound_url: address, status_url: address } } } };
  const authorization = `Basic ${Buffer.from(`${api_key}:${api_secret}`).toString("base64")}`;
  const headers = { authorization, "content-type": "application/json" };
  const made = await fetch(`${server.url}/v2/applications`, { method: "POST", headers, body: JSON.stringify(application) });
  const { id } = await made.json();
  const body = new URLSearchParams({ api_key, api_secret, country: "GB", msisdn: OWN, app_id: id });
  const linked = await fetch(`${server.url}/number/update`, { method: "POST", body });
  expect([made.status, linked.status], await linked.text()).toEqual([201, 200]);
}

/** Chooses what becomes of the next texts to the phone, as somebody does on its page. */
async function choose(page, server, outcome) {
  await page.goto(`${server.ui}/phones/${FROM}`);
  await page.getByLabel("Texts to it").selectOption(outcome);
  await page.waitForLoadState();
  await expect(page.getByLabel("Texts to it")).toHaveValue(outcome);
}

const charges = async (server) => {
  const { entries } = await server.api(`accounts/${server.account.api_key}/ledger`);
  return entries.filter(({ why }) => why === "part").length;
};

test("a handset that says nothing: the message expires when its validity is over, on the clock of the test", async ({ page, server }) => {
  await choose(page, server, "no-receipt");
  const id = await server.send("Into the void", { ttl: "3600000" });
  await page.goto(`${server.ui}/m/${id}`);
  await expect(page.locator("#head-state")).toContainText("submitted");
  await until(async () => {
    await server.api("clock", { method: "POST", body: { advance: "2d" } });
    return !["submitting", "submitted"].includes((await server.api(`messages/${id}`)).status);
  }, "the end of its validity");
  await expect(page.locator("#head-state")).toContainText(/expired|unknown/);
});

test("a receipt that comes twice is told once and charged once", async ({ page, server, receiver }) => {
  await choose(page, server, "twice");
  const id = await server.send("Once", { callback: receiver.url });
  await server.ended(id);
  await until(() => receiver.requests.length > 0, "the receipt's webhook");
  // What comes after the second receipt on the same connection shows that the second one was worked on.
  await choose(page, server, "on");
  await server.ended(await server.send("Another one"));
  await page.goto(`${server.ui}/m/${id}`);
  await expect(page.locator("#story li", { hasText: "deliver_sm" })).toHaveCount(2);
  await expect(page.locator("#story").getByText("captured", { exact: true })).toHaveCount(1);
  await expect(page.locator("#story li", { hasText: "webhook" })).toHaveCount(1);
  expect(receiver.requests.length).toBe(1);
  expect(await charges(server)).toBe(2);
});

test("a receipt that comes before the carrier's answer ends the message all the same", async ({ page, server, receiver }) => {
  await choose(page, server, "receipt-first");
  const id = await server.send("Early", { callback: receiver.url });
  expect((await server.ended(id)).status).toBe("delivered");
  await until(() => receiver.requests.length > 0, "the receipt's webhook");
  await page.goto(`${server.ui}/m/${id}`);
  const words = await page.locator("#story strong").filter({ hasNotText: "HTTP" }).allInnerTexts();
  expect(words.indexOf("deliver_sm"), words.join(" ")).toBeLessThan(words.indexOf("submit_sm_resp"));
  expect(await charges(server)).toBe(1);
});
