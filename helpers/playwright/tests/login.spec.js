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

/** Has the page send a code to the phone, and types it in. */
async function typeCode(page, phone, application) {
  await page.goto(application.url);
  await page.getByLabel('Phone').fill(phone.number);
  await page.getByRole('button', { name: 'Send code' }).click();
  await page.getByLabel('Code').fill(await phone.waitForOtp());
}

/** Somebody logs in, and is who they are. */
async function logIn(page, phone, application) {
  await typeCode(page, phone, application);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('heading', { name: `Welcome, ${phone.number}` })).toBeVisible();
}

// Twenty people at once in one browser, each with a window and a number of their own.
test('twenty log in at the same time', async ({ browser, phones, application }) => {
  const people = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const [context, phone] = await Promise.all([browser.newContext(), phones.lease()]);
      return { page: await context.newPage(), phone };
    }),
  );
  expect(new Set(people.map(({ phone }) => phone.number)).size).toBe(20);
  await Promise.all(people.map(({ page, phone }) => logIn(page, phone, application)));
});

// Twenty tests, as many at a time as there are workers, each worker with a server or all with one.
for (let index = 1; index <= 20; index += 1) {
  test(`login by SMS, ${index} of 20`, async ({ page, phone, application }) => {
    await logIn(page, phone, application);
  });
}

test('a second code is the one that counts', async ({ page, phone, application }) => {
  await typeCode(page, phone, application);
  await logIn(page, phone, application);
});

test('a wrong code is no login', async ({ page, phone, application }) => {
  await typeCode(page, phone, application);
  const right = await page.getByLabel('Code').inputValue();
  await page.getByLabel('Code').fill(right === '111111' ? '222222' : '111111');
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('heading', { name: 'Wrong code' })).toBeVisible();
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
