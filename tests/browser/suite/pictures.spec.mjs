// Pictures of the pages, kept to be looked at; one of them is the README's.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "./server.mjs";

const FOLDER = process.env.BROWSER_SHOTS ?? "shots";
/** Set by hand to renew the picture of the README. */
const README = process.env.BROWSER_README;

const MESSAGES = [
  ["Your Acme code is 482917. It expires in 10 minutes.", { to: "447700900123", from: "Acme" }],
  ["Willkommen 👋 bei Acme – schön, dass du da bist!", { to: "4917139200111", from: "Acme" }],
  ["Your table for two is booked for Friday, 19:30. Reply C to cancel.", { to: "447700900140", from: "Bistro" }],
  ["G-11241 is your verification code.", { to: "12025550100", from: "12025550191" }],
  ["رمز التحقق الخاص بك هو 551203", { to: "447700900152", from: "Bank" }],
  ["Your parcel arrives today between 14:00 and 16:00.", { to: "447700900102", from: "Parcels" }],
  ["110 452 is your Acme code", { to: "447700900123", from: "Acme" }],
];

test("pictures", async ({ browser, server, receiver }) => {
  mkdirSync(FOLDER, { recursive: true });
  await server.api("numbers", {
    method: "POST",
    body: { number: "447700900200", account: server.ready.account.api_key, inbound_url: receiver.url },
  });
  let last;
  for (const [index, [text, fields]] of MESSAGES.entries()) {
    receiver.status = index === 2 ? 500 : 200;
    last = await server.send(text, index % 3 === 2 ? { ...fields, callback: receiver.url } : fields);
    await server.ended(last);
  }
  receiver.status = 200;
  await server.api("phones/447700900123/reply", { method: "POST", body: { to: "447700900200", text: "Thanks! STOP" } });
  const long = await server.send(`“Curly quotes” and a dash – ${"they make one part two. ".repeat(4)}`, { to: "447700900124" });
  await server.ended(long);
  const pages = [["inbox", ""], ["message", `/m/${last}`], ["ruler", `/m/${long}`], ["phone", "/phones/447700900123"], ["mistake", "?q=sta:delivered"]];
  for (const scheme of ["light", "dark"]) {
    for (const width of [1280, 360]) {
      const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 800 } });
      const page = await context.newPage();
      for (const [name, path] of pages) {
        await page.goto(server.ui + path);
        await page.screenshot({ path: join(FOLDER, `${name}-${scheme}-${width}.png`), fullPage: width === 360 });
      }
      await context.close();
    }
  }
  if (README) {
    const page = await browser.newPage({ colorScheme: "light", viewport: { width: 1280, height: 600 } });
    await page.goto(server.ui);
    await expect(page.locator("#rows tr")).toHaveCount(MESSAGES.length + 1);
    await page.screenshot({ path: README });
  }
});
