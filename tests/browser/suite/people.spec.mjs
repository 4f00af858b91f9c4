// Signing in outside of `--dev`: wrong passwords, forms of elsewhere, sessions that end, and who sees what.

import { createServer } from "node:http";

import { Server, expect, test as base } from "./server.mjs";

const PASSWORD = "a long enough password";

const test = base.extend({
  /** A server as in production, with an operator and a viewer. */
  server: async ({}, use) => {
    const server = await new Server({ config: "[auth]\nfailures_per_key = 3\nfailures_per_source = 1000\n" }).start();
    await server.openAccount();
    for (const [name, role] of [["ann", "operator"], ["vera", "viewer"]]) {
      await server.api("operators", { method: "POST", body: { name, role, password: PASSWORD } });
    }
    await use(server);
    await server.end();
  },
});

async function signIn(page, name, password = PASSWORD) {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).first().click();
}

test("signing in leads to the page that was asked for, and signing out away from it", async ({ page, server }) => {
  await page.goto(`${server.ui}/settings`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  await signIn(page, "ann");
  await expect(page).toHaveURL(`${server.ui}/settings`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  await page.goto(`${server.ui}/settings`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
});

test("a wrong password is told, keeps the name, and who guesses on has to wait", async ({ page, server, expected }) => {
  expected.push(/status of 401/, /status of 429/);
  await page.goto(server.ui);
  await signIn(page, "ann", "not the password");
  await expect(page.getByRole("alert")).toContainText("That was not right");
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("ann");
  await expect(page.getByLabel("Password")).toHaveValue("");
  await expect(async () => {
    await signIn(page, "ann", "still not the password");
    await expect(page.getByRole("alert")).toContainText(/wait|again in/i, { timeout: 2_000 });
  }).toPass();
  await page.goto(`${server.ui}/accounts`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
});

test("a form on another site does nothing with the session of whoever opens it", async ({ page, server, expected }) => {
  expected.push(/status of 403/);
  const key = server.account.api_key;
  const before = await server.api(`accounts/${key}`);
  // Another port of the same machine: to a browser that is the same site, and the session's cookie goes along.
  const evil = createServer((request, answer) => {
    const target = request.url === "/out" ? "logout" : `accounts/${key}/topup`;
    const form = `<form method="post" action="${server.ui}/${target}"><input name="amount" value="1000"></form>`;
    answer.writeHead(200, { "Content-Type": "text/html" }).end(`<!doctype html>${form}<script>document.forms[0].submit()</script>`);
  });
  await new Promise((resolve) => evil.listen(0, "127.0.0.1", resolve));
  try {
    await page.goto(server.ui);
    await signIn(page, "ann");
    await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
    for (const path of ["/out", "/topup"]) {
      await page.goto(`http://127.0.0.1:${evil.address().port}${path}`);
      await page.waitForURL(`${server.ui}/**`);
      await expect(page.locator("main")).toContainText("Nothing was changed");
    }
    await page.goto(`${server.ui}/accounts/${key}`);
    await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
    expect((await server.api(`accounts/${key}`)).balance).toEqual(before.balance);
  } finally {
    evil.closeAllConnections();
    evil.close();
  }
});

test("a search that was typed when the session ended is done after signing in", async ({ page, server, expected }) => {
  expected.push(/status of 401/, /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|Failed to load resource/);
  await server.send("Your Acme code is 482917");
  await server.send("Hello there", { to: "447700900124" });
  await page.goto(server.ui);
  await signIn(page, "ann");
  await expect(page.locator("#rows tr")).toHaveCount(2);
  await page.getByLabel("Search messages").fill("to:447700900124 hello");
  // Sessions live in memory: all of them end with the server.
  await server.kill();
  await server.start();
  await page.getByLabel("Search messages").press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Sign in");
  await signIn(page, "ann");
  await expect(page.getByLabel("Search messages")).toHaveValue("to:447700900124 hello");
  await expect(page.locator("#rows tr")).toHaveCount(1);
  await expect(page.locator("#rows .what")).toContainText("Hello there");
});

test("a form that is sent after the session ended changes nothing, and says what to do", async ({ page, server, expected }) => {
  expected.push(/status of 401/);
  await page.goto(`${server.ui}/accounts/${server.account.api_key}`);
  await signIn(page, "ann");
  await expect(page.locator('form[action$="/topup"] input[name="amount"]')).toBeAttached();
  await server.api("operators/ann/password", { method: "POST", body: { password: "another long password" } });
  await page.locator('form[action$="/topup"]').evaluate((form) => {
    form.querySelector('[name="amount"]').value = "5";
    form.submit();
  });
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("You are signed out");
  await expect(page.locator("main")).toContainText("Nothing was changed");
});

test("a viewer sees that there are texts and secrets, and none of them", async ({ browser, server }) => {
  const text = "Your Acme code is 482917";
  const id = await server.send(text);
  const seen = {};
  for (const name of ["ann", "vera"]) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(server.ui);
    await signIn(page, name);
    await expect(page.locator("#rows tr")).toHaveCount(1);
    seen[name] = [];
    for (const path of ["", `/m/${id}`, "/accounts", `/accounts/${server.account.api_key}`, "/carriers", "/stats", "/settings"]) {
      const answer = await page.goto(server.ui + path);
      expect(answer.status(), `${name} at ${path}`).toBe(200);
      seen[name].push(await page.content());
    }
    for (const path of ["/phones", "/phones/447700900123", "/webhooks", "/settings/audit"]) {
      const answer = await page.goto(server.ui + path);
      expect(answer.status(), `${name} at ${path}`).toBe(name === "ann" ? 200 : 403);
      seen[name].push(await page.content());
    }
    await context.close();
  }
  expect(seen.ann.some((page) => page.includes(text)), "an operator reads the text").toBe(true);
  for (const secret of ["482917", text, server.account.api_secret]) {
    expect(seen.vera.filter((page) => page.includes(secret)), secret).toEqual([]);
  }
  expect(seen.ann.filter((page) => page.includes(server.account.api_secret)), "the secret was shown once").toEqual([]);
});
