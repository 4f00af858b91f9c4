// A login page that sends codes, as an application under test would: it knows nothing of Whimbrel but where to send.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:http';

const PAGE = `<!doctype html><html lang="en"><title>Login</title>
<form method="post" action="/send"><label>Phone <input name="phone"></label><button>Send code</button></form>`;

const CODE_PAGE = (phone) => `<!doctype html><html lang="en"><title>Code</title>
<form method="post" action="/verify"><input type="hidden" name="phone" value="${phone}">
<label>Code <input name="code"></label><button>Log in</button></form>`;

async function form(request) {
  let body = '';
  for await (const piece of request) body += piece;
  return new URLSearchParams(body);
}

/** Listens on a free port; the page's address. */
export async function listen(gateway) {
  const codes = new Map();
  const server = createServer(async (request, response) => {
    const say = (status, page) => response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(page);
    const fields = await form(request);
    const phone = (fields.get('phone') ?? '').replace(/[^+\d]/g, '');
    if (request.url === '/send') {
      const code = String(randomInt(100_000, 1_000_000));
      codes.set(phone, code);
      const text = `${code} is your login code. It expires in 10 minutes.`;
      const sent = { api_key: 'devkey01', api_secret: 'devSecret01', to: phone.slice(1), from: 'Acme', text };
      await fetch(`${gateway}/sms/json`, { method: 'POST', body: new URLSearchParams(sent) });
      return say(200, CODE_PAGE(phone));
    }
    if (request.url === '/verify') {
      const isRight = codes.get(phone) === fields.get('code');
      return say(isRight ? 200 : 403, isRight ? '<h1>Welcome</h1>' : '<h1>Wrong code</h1>');
    }
    return say(200, PAGE);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
