// A server of its own for each test, on free ports, with a folder of its own; a receiver of webhooks; and pages that tell when
// something went wrong in them.

import { expect, test as base } from "@playwright/test";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BINARY = process.env.BROWSER_BINARY;
const LIMIT_MS = 30_000;

/** Waits for a true value of `condition` and gives it back. */
export async function until(condition, what) {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

// Nothing listens at that carrier: its texts wait.
const CARRIER = `
[carriers.sim]
kind = "smpp"
host = "127.0.0.1"
port = 9
system_id = "whimbrel"
password = "dev"

[[routes]]
name = "all"
prefix = ""
carrier = "sim"
`;

/** `whimbrel serve --dev`, or with lines of configuration a server as in production, whose pages ask who is there. */
export class Server {
  constructor({ config } = {}) {
    this.folder = mkdtempSync(join(tmpdir(), "whimbrel-browser-"));
    this.http = "127.0.0.1:0";
    this.config = config;
  }

  mode() {
    if (this.config === undefined) return ["--dev", "--simulator", "127.0.0.1:0"];
    const file = join(this.folder, "whimbrel.toml");
    writeFileSync(file, this.config + CARRIER);
    return ["--config", file];
  }

  async start() {
    const ready = join(this.folder, "ready.json");
    rmSync(ready, { force: true });
    const line = ["serve", ...this.mode(), "--http", this.http, "--https", "127.0.0.1:0"];
    line.push("--data-dir", join(this.folder, "data"), "--ready-file", ready);
    const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("WHIMBREL_"));
    this.process = spawn(BINARY, line, { env: Object.fromEntries(kept), stdio: ["ignore", "pipe", "pipe"] });
    this.log = "";
    this.process.stdout.on("data", (data) => { this.log += data; });
    this.process.stderr.on("data", (data) => { this.log += data; });
    this.ready = await until(() => {
      if (this.process.exitCode !== null) throw new Error(`the server ended:\n${this.log}`);
      try {
        return JSON.parse(readFileSync(ready, "utf8"));
      } catch {
        return null;
      }
    }, "the ready-file");
    this.url = this.ready.http.startsWith("http") ? this.ready.http : `http://${this.ready.http}`;
    this.account = this.ready.account ?? this.account;
    // A server that is started again has the same address.
    this.http = new URL(this.url).host;
    this.ui = `${this.url}/_whimbrel/ui`;
    return this;
  }

  /** Ends it at once, as a crash does. */
  async kill() {
    if (this.process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
  }

  async end() {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Sends a text as an application does, and gives the id of the message. */
  async send(text, fields = {}) {
    const { api_key, api_secret } = this.account;
    // Only ASCII is sent as the GSM alphabet has it, so that nothing is replaced on the way.
    const type = /^[\x20-\x7e\n]*$/.test(text) ? "text" : "unicode";
    const body = new URLSearchParams({ api_key, api_secret, to: "447700900123", from: "Acme", text, type, ...fields });
    const answer = await fetch(`${this.url}/sms/json`, { method: "POST", body });
    const { messages } = await answer.json();
    expect(messages[0].status, JSON.stringify(messages[0])).toBe("0");
    return messages[0]["message-id"];
  }

  /** Opens an account with money, as an operator does outside of `--dev`, and sends as it from then on. */
  async openAccount() {
    this.account = await this.api("accounts", { method: "POST", body: { currency: "EUR" } });
    await this.api(`accounts/${this.account.api_key}/topup`, { method: "POST", body: { amount: "10" } });
  }

  /** Sends many, some at once. */
  async sendAll(texts) {
    const rest = [...texts];
    const lane = async () => {
      while (rest.length > 0) {
        const [text, fields] = rest.shift();
        await this.send(text, fields);
      }
    };
    await Promise.all(Array.from({ length: 8 }, lane));
  }

  /** Asks the native API. */
  async api(path, { method = "GET", body } = {}) {
    const answer = await fetch(`${this.url}/_whimbrel/v1/${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.ready.admin_token}` },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  }

  /** The message once it has ended. */
  async ended(id) {
    return until(async () => {
      const message = await this.api(`messages/${id}`);
      const open = ["queued", "submitting", "uncertain", "submitted"];
      return open.includes(message.status) ? null : message;
    }, `the end of ${id}`);
  }
}

/** An endpoint for webhooks, which answers with `status`. */
export class Receiver {
  constructor() {
    this.requests = [];
    this.status = 200;
    this.server = createServer((request, answer) => {
      let body = "";
      request.on("data", (data) => { body += data; });
      request.on("end", () => {
        const { method, headers, url } = request;
        this.requests.push({ method, headers, url: new URL(url, "http://127.0.0.1"), body });
        answer.writeHead(this.status, { "Content-Type": "text/plain" }).end(this.status === 200 ? "ok" : "TypeError: no id");
      });
    });
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  end() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

/** A proxy that has the gateway under `prefix`, which it takes off. */
export class PrefixProxy {
  constructor(target, prefix) {
    this.prefix = prefix;
    this.server = createServer((request, answer) => {
      if (!request.url.startsWith(`${prefix}/`)) return answer.writeHead(404).end();
      const to = new URL(request.url.slice(prefix.length), target);
      // The name by which it was called goes on, as proxies are set up to do.
      const passed = httpRequest(to, { method: request.method, headers: request.headers }, (came) => {
        answer.writeHead(came.statusCode, came.headers);
        came.pipe(answer);
      });
      passed.on("error", () => answer.destroy());
      answer.on("close", () => passed.destroy());
      request.pipe(passed);
    });
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}${this.prefix}`;
    return this;
  }

  end() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

/** Watches a page for what must never happen: a script that fails, or something that the policy of the page had to stop. */
export function watch(page, wrongs, allowed) {
  page.on("pageerror", (error) => wrongs.push(`script: ${error.message}`));
  page.on("dialog", async (dialog) => {
    wrongs.push(`a dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on("console", (message) => {
    if (message.type() === "error" && !allowed.some((known) => known.test(message.text()))) {
      wrongs.push(`console: ${message.text()}`);
    }
  });
}

export const test = base.extend({
  server: async ({}, use) => {
    const server = await new Server().start();
    await use(server);
    await server.end();
  },
  receiver: async ({}, use) => {
    const receiver = await new Receiver().start();
    await use(receiver);
    await receiver.end();
  },
  /** Patterns of console errors that a test expects. */
  expected: async ({}, use) => { await use([]); },
  // The server is named so that it ends after the page: a page whose server is gone complains.
  page: async ({ page, expected, server: _server }, use) => {
    const wrongs = [];
    watch(page, wrongs, expected);
    await use(page);
    expect(wrongs, "nothing went wrong in the page").toEqual([]);
  },
});

export { expect };
