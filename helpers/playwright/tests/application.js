// A login page that sends codes by its vendor's own library, as an application under test would: it knows nothing of Whimbrel but the
// host to send to.

import { randomInt } from 'node:crypto';
import { createServer } from 'node:http';

import { Auth } from '@vonage/auth';
import { Vonage } from '@vonage/server-sdk';

const PAGE = `<!doctype html><html lang="en"><title>Login</title>
<form method="post" action="/send"><label>Phone <input name="phone"></label><button>Send code</button></form>`;

const CODE_PAGE = (phone) => `<!doctype html><html lang="en"><title>Code</title>
<form method="post" action="/verify"><input type="hidden" name="phone" value="${phone}">
<label>Code <input name="code"></label><button>Log in</button></form>`;

const WELCOME = (phone) => `<!doctype html><html lang="en"><title>Welcome</title><h1>Welcome, ${phone}</h1>`;
const REFUSED = (why) => `<!doctype html><html lang="en"><title>Not yet</title><h1>${why}</h1>`;

async function form(request) {
  let body = '';
  for await (const piece of request) body += piece;
  return new URLSearchParams(body);
}

/** Listens on a free port; the page's address. */
export async function listen(gateway) {
  const codes = new Map();
  const auth = new Auth({ apiKey: 'devkey01', apiSecret: 'devSecret01' });
  const vonage = new Vonage(auth, { restHost: gateway });

  async function answer(request) {
    const fields = await form(request);
    const phone = (fields.get('phone') ?? '').replace(/[^+\d]/g, '');
    if (request.url === '/send') {
      const code = String(randomInt(100_000, 1_000_000));
      const text = `${code} is your login code. It expires in 10 minutes.`;
      await vonage.sms.send({ to: phone.slice(1), from: 'Acme', text });
      codes.set(phone, code);
      return [200, CODE_PAGE(phone)];
    }
    if (request.url === '/verify') {
      const isRight = codes.has(phone) && codes.get(phone) === fields.get('code');
      // A code is good for one login.
      codes.delete(phone);
      return isRight ? [200, WELCOME(phone)] : [403, REFUSED('Wrong code')];
    }
    return [200, PAGE];
  }

  const server = createServer(async (request, response) => {
    const [status, page] = await answer(request).catch((error) => [502, REFUSED(`The code was not sent: ${error.message}`)]);
    response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(page);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
