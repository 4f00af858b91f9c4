// The vendor's library for JavaScript, unmodified, with its base address changed.
// Argument: {base, key, secret, calls: [[resource, method, ...arguments]]}. Output: for each call what the library answered or threw,
// in order. `{"$date": ms}` among arguments is a date.

import {
  AnalyticsResource, BalanceResource, Client, ContactsResource, GroupsResource, HooksResource, JournalResource, LookupResource, PricingResource, SmsResource, StatusResource,
  WebhookVerifier,
} from '@seven.io/client';

const job = JSON.parse(process.argv[2], (_, value) => (value && value.$date !== undefined ? new Date(value.$date) : value));

if (job.webhooks) {
  const verifier = new WebhookVerifier({ signingSecret: job.secret });
  const verdicts = [];
  for (const webhook of job.webhooks) verdicts.push(await verifier.verify(webhook));
  process.stdout.write(JSON.stringify(verdicts));
  process.exit(0);
}

// The library tells of statuses on the console.
console.log = () => {};
Client.BASE_URL = job.base;
const client = new Client({ apiKey: job.key, signingSecret: job.secret, sentWith: 'whimbrel-tests' });
const resources = {
  analytics: new AnalyticsResource(client),
  balance: new BalanceResource(client), contacts: new ContactsResource(client), groups: new GroupsResource(client), hooks: new HooksResource(client), journal: new JournalResource(client),
  lookup: new LookupResource(client), pricing: new PricingResource(client), sms: new SmsResource(client),
  status: new StatusResource(client),
};
const answers = [];
for (const [resource, method, ...rest] of job.calls) {
  try {
    answers.push({ answer: await resources[resource][method](...rest) });
  } catch (error) {
    answers.push({ thrown: String(error?.message ?? error) });
  }
}
process.stdout.write(JSON.stringify(answers));
