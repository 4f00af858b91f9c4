import { expect, test as base, WaitTimeout } from '@whimbrel/playwright';

import { listen } from './application.js';

const test = base.extend({
  application: [
    async ({ whimbrel }, use) => {
      const application = await listen(whimbrel.url);
      await use(application);
      application.close();
    },
    { scope: 'worker' },
  ],
});

test.describe.configure({ mode: 'parallel' });

for (let index = 1; index <= 20; index += 1) {
  test(`login by SMS, ${index} of 20`, async ({ page, phone, application }) => {
    await page.goto(application.url);
    await page.getByLabel('Phone').fill(phone.number);
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByLabel('Code').fill(await phone.waitForOtp());
    await page.getByRole('button', { name: 'Log in' }).click();
    await expect(page.getByRole('heading', { name: 'Welcome' })).toBeVisible();
  });
}

test('a second code is the one that counts', async ({ page, phone, application }) => {
  for (const _ of [1, 2]) {
    await page.goto(application.url);
    await page.getByLabel('Phone').fill(phone.number);
    await page.getByRole('button', { name: 'Send code' }).click();
    await page.getByLabel('Code').fill(await phone.waitForOtp());
  }
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('heading', { name: 'Welcome' })).toBeVisible();
});

test('a phone that is off', async ({ whimbrel, phones }) => {
  const phone = await phones.lease({ outcome: 'off' });
  const form = { api_key: 'devkey01', api_secret: 'devSecret01', to: phone.number.slice(1), from: 'Acme', text: 'hello' };
  await fetch(`${whimbrel.url}/sms/json`, { method: 'POST', body: new URLSearchParams(form) });
  const found = await whimbrel.wait({ to: phone.number, query: 'status:failed', since: '-5m' });
  expect(found.message.status).toBe('failed');
});

test('what came instead is told', async ({ phone }) => {
  await expect(phone.waitForOtp({ timeout: 200 })).rejects.toThrow(WaitTimeout);
});
