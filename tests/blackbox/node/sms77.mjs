// The vendor's client for JavaScript from the time when it was called sms77, unmodified, with its base address changed.
// Argument: {base, key, calls: [[method, ...arguments]]}; a method may be one of a group (`subaccounts.read`). Output: as of seven.mjs.

import Client from 'sms77-client';

const job = JSON.parse(process.argv[2]);
// It stands on the class and on the one above it; which of them is read has changed over its versions.
Client.BASE_URL = job.base;
Object.getPrototypeOf(Client).BASE_URL = job.base;
const client = new Client(job.key, 'whimbrel-tests');
const answers = [];
for (const [path, ...rest] of job.calls) {
  const method = path.split('.').reduce((found, name) => found[name], client);
  try {
    answers.push({ answer: await method(...rest) });
  } catch (error) {
    answers.push({ thrown: String(error?.message ?? error) });
  }
}
process.stdout.write(JSON.stringify(answers));
