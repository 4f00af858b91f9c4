// A webhook that failed: looked at, sent again as it was, and edited; what arrives is checked as the vendor's page says.

import { createHash, createHmac } from "node:crypto";

import { expect, test, until } from "./server.mjs";

/** The string that is signed: "Signing messages" of Nexmo, in the words of a receiver. Shares no code with the gateway. */
function signed(parameters) {
  const rest = Object.entries(parameters).filter(([name]) => name !== "sig");
  return rest.sort(([one], [other]) => (one < other ? -1 : 1)).map(([name, value]) => `&${name}=${value.replace(/[&=]/g, "_")}`).join("");
}

const VERIFY = {
  md5hash: (text, secret) => createHash("md5").update(text + secret).digest("hex"),
  sha256: (text, secret) => createHmac("sha256", secret).update(text).digest("hex"),
};

/** What came in, as the receiver's program has it. */
function parameters({ method, url, body, headers }) {
  if (method === "GET") return Object.fromEntries(url.searchParams);
  return headers["content-type"].includes("json") ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));
}

function isGenuine(request, method, secret) {
  const fields = parameters(request);
  return fields.sig?.toLowerCase() === VERIFY[method](signed(fields), secret);
}

for (const method of ["md5hash", "sha256"]) {
  test(`an edited webhook is signed anew, and the receiver accepts it: ${method}`, async ({ page, server, receiver }) => {
    const secret = "a-secret-of-the-test-0123456789";
    const key = server.account.api_key;
    await server.api(`accounts/${key}/signing`, { method: "PATCH", body: { method, webhooks: "signed" } });
    await server.api(`accounts/${key}/signing/rotate`, { method: "POST", body: { secret } });
    receiver.status = 500;
    const id = await server.send("Hello", { callback: `${receiver.url}/receipts`, "client-ref": "a=b&c" });
    await server.ended(id);
    await until(() => receiver.requests.length > 0, "the first attempt");
    expect(isGenuine(receiver.requests[0], method, secret)).toBe(true);
    receiver.status = 200;

    await page.goto(`${server.ui}/webhooks?failed=true`);
    await page.getByRole("link", { name: /attempt/ }).first().click();
    await expect(page.locator("pre").nth(1)).toContainText("HTTP 500");
    await page.getByText("Edit and resend", { exact: true }).click();
    await page.getByLabel("Changes of parameters").fill("status=failed\n+note=edited & signed = anew");
    const before = receiver.requests.length;
    await page.getByRole("button", { name: "Send the edited one" }).click();
    await until(() => receiver.requests.slice(before).some((request) => parameters(request).note), "the edited one");
    const edited = receiver.requests.slice(before).find((request) => parameters(request).note);
    expect(parameters(edited)).toMatchObject({ status: "failed", note: "edited & signed = anew", messageId: id });
    expect(isGenuine(edited, method, secret), "its signature holds").toBe(true);
    const sent = parameters(edited);
    const first = parameters(receiver.requests[0]);
    expect(sent.sig).not.toBe(first.sig);
    // Whoever changes it on the way is found out.
    expect(VERIFY[method](signed({ ...sent, status: "delivered" }), secret)).not.toBe(sent.sig.toLowerCase());

    await page.goto(`${server.ui}/m/${id}`);
    await expect(page.locator("#story")).toContainText("HTTP 200");
    expect((await server.api(`messages/${id}`)).status, "a webhook by hand changes no state").toBe("delivered");
  });
}

test("a webhook that is sent again as it was tells the same", async ({ page, server, receiver }) => {
  receiver.status = 500;
  const id = await server.send("Hello", { callback: `${receiver.url}/receipts` });
  await server.ended(id);
  await until(() => receiver.requests.length > 0, "the first attempt");
  receiver.status = 200;
  await page.goto(`${server.ui}/webhooks?failed=true`);
  await page.getByRole("link", { name: /attempt/ }).first().click();
  const before = receiver.requests.length;
  await page.getByRole("button", { name: "Resend as it was" }).click();
  // The gateway's own second try may come as well; the one by hand is on the tape as such.
  const byHand = async () => (await server.api("webhooks/attempts")).attempts.find(({ why }) => why === "resent")?.result;
  await expect.poll(byHand).toBe("delivered");
  // It is made anew: what it says of its own time and signature is of now.
  const own = ["sig", "timestamp", "nonce", "message-timestamp"];
  const kept = (fields) => Object.fromEntries(Object.entries(fields).filter(([name]) => !own.includes(name)));
  expect(kept(parameters(receiver.requests[before]))).toEqual(kept(parameters(receiver.requests[0])));
});
