// A store with many messages, as tests and people leave them: several accounts and dialects, codes, links, long texts, receipts.

import { Agent, request } from "node:http";

/** Connections that send at once. */
const LANES = 24;
const OPEN = ["queued", "submitting"];

const agent = new Agent({ keepAlive: true, maxSockets: LANES });

/** One request over a connection that is kept; the answer's body as a text. */
function call(url, { method = "GET", headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece) => { text += piece; });
      answer.on("end", () => resolve({ status: answer.statusCode, text }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

/** What is sent as the `index`th: most of it codes, some of it long, with a link, or in another alphabet. */
export function textOf(index) {
  const code = String(100_000 + ((index * 7919) % 900_000));
  switch (index % 10) {
    case 0: return `See https://acme.example/orders/${code} for what you bought.`;
    case 1: return `Dear customer, your parcel ${index} is on its way. ${"Thank you for your order. ".repeat(12)}`;
    case 2: return `Привет! Ваш заказ ${index} готов, ждём вас до вечера.`;
    case 3: return `Reminder: your appointment is tomorrow at 10:30. Reply C to cancel. Ref ${index}`;
    case 4: return `Hello there, nothing of note happened today (${index}).`;
    default: return `${code} is your Acme verification code. It is valid for 10 minutes.`;
  }
}

/** A number whose receipt says delivered, but for one in fifty: that is rejected. The table of the simulator goes by the last digits. */
const numberOf = (index) => `4477009${String(index % 500).padStart(3, "0")}${index % 50 === 7 ? "03" : "50"}`;

const form = { "Content-Type": "application/x-www-form-urlencoded" };

/** Sends as an application of one of the accounts does. */
function requestOf(senders, index) {
  const { url, nexmo, seven } = senders;
  const [to, text] = [numberOf(index), textOf(index)];
  if (index % 8 === 5) {
    const headers = { ...form, "X-Api-Key": seven, Accept: "application/json" };
    return [`${url}/api/sms`, { method: "POST", headers, body: new URLSearchParams({ to, text, from: "Shop" }).toString() }];
  }
  const { api_key, api_secret } = nexmo[index % nexmo.length];
  const type = index % 10 === 2 ? "unicode" : "text";
  const body = new URLSearchParams({ api_key, api_secret, to, from: "Acme", text, type, "client-ref": `order-${index}` });
  return [`${url}/sms/json`, { method: "POST", headers: form, body: body.toString() }];
}

/** Accounts to send by; each has money enough. */
export async function senders(server) {
  const nexmo = [server.ready.account];
  for (const name of ["Shop", "Bank"]) nexmo.push(await server.api("accounts", { method: "POST", body: { name, default_class: "otp" } }));
  for (const { api_key } of nexmo) {
    await server.api(`accounts/nexmo:${api_key}/topup`, { method: "POST", body: { amount: "100000" } });
  }
  const { api_key, secret_key } = server.ready.seven;
  await server.api(`accounts/seven:${api_key}/topup`, { method: "POST", body: { amount: "100000" } });
  return { url: server.url, nexmo, seven: secret_key };
}

/** Sends the messages of a range, `LANES` at once, and waits until none waits to be handed to the carrier. */
export async function fill(server, accounts, from, to) {
  let next = from;
  const lane = async () => {
    while (next < to) {
      const index = next++;
      const { status, text } = await call(...requestOf(accounts, index));
      if (status !== 200 || !accepted(text)) throw new Error(`message ${index}: ${status} ${text.slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  for (;;) {
    const stats = await server.api("stats");
    if (OPEN.every((state) => stats[state] === 0)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** In the words of either dialect. */
function accepted(text) {
  const answer = JSON.parse(text);
  return answer.success === "100" || answer.messages?.[0]?.status === "0";
}

/** Sends `perSecond` messages a second, evenly, until `seconds` have passed; gives how many. */
export async function stream(server, accounts, { from, perSecond, seconds }) {
  const [begun, count] = [Date.now(), seconds * perSecond];
  let sent = 0;
  while (sent < count) {
    const due = Math.min(count, Math.floor(((Date.now() - begun) / 1000) * perSecond));
    while (sent < due) {
      const { status, text } = await call(...requestOf(accounts, from + sent));
      if (status !== 200 || !accepted(text)) throw new Error(`message ${from + sent}: ${status} ${text.slice(0, 300)}`);
      sent += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 / perSecond));
  }
  return sent;
}

/** Ends the connections that are kept, so that the process may end. */
export function done() {
  agent.destroy();
}
