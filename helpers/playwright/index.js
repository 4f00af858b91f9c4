// Playwright's `test` with phones.

import { test as base, expect } from '@playwright/test';

import { Clock, Phone, Phones, Refused, WaitTimeout, Whimbrel } from './client.js';
import { start } from './server.js';

const env = process.env;

export const test = base.extend({
  whimbrelUrl: [env.WHIMBREL_URL, { scope: 'worker', option: true }],
  whimbrelBinary: [env.WHIMBREL_BINARY ?? 'whimbrel', { scope: 'worker', option: true }],

  whimbrel: [
    async ({ whimbrelUrl, whimbrelBinary }, use) => {
      if (whimbrelUrl) {
        const token = env.WHIMBREL_TOKEN;
        const environment = { WHIMBREL_URL: whimbrelUrl, ...(token ? { WHIMBREL_TOKEN: token } : {}) };
        await use(new Whimbrel({ url: whimbrelUrl, token, environment }));
        return;
      }
      const server = await start(whimbrelBinary);
      try {
        await use(new Whimbrel(server));
      } finally {
        await server.stop();
      }
    },
    { scope: 'worker', timeout: 90_000 },
  ],

  phones: async ({ whimbrel }, use, testInfo) => {
    const phones = new Phones(whimbrel, testInfo.title.slice(0, 100));
    await use(phones);
    if (testInfo.status !== testInfo.expectedStatus) {
      for (const phone of phones.leased) await attach(testInfo, phone);
    }
    await phones.release();
  },

  phone: async ({ phones }, use) => {
    await use(await phones.lease());
  },

  clock: async ({ whimbrel }, use) => {
    const clock = new Clock(whimbrel);
    await use(clock);
    await clock.reset();
  },
});

/** What was said at a phone, for the report. */
async function attach(testInfo, phone) {
  const texts = await phone.texts().catch((error) => [{ text: `cannot be read: ${error.message}` }]);
  const lines = texts.map((kept) => {
    const who = kept.direction === 'from_phone' ? `to ${kept.with}` : `from ${kept.with ?? '-'}`;
    return `${kept.at ?? ''} ${who}: ${kept.text ?? kept.binary_hex}`;
  });
  const body = lines.join('\n') || 'nothing was said';
  await testInfo.attach(`phone ${phone.number}`, { body, contentType: 'text/plain' });
}

export { Clock, Phone, Phones, Refused, WaitTimeout, Whimbrel, expect };
