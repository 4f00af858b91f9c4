// The vendor's current library for Node, used as its documentation shows, with its host changed: any calls of it, one after the other.
// Argument: {host, key, secret, calls: [[part, method, ...arguments]]}. Output: for each call what it gave or threw.

import { Auth } from '@vonage/auth';
import { Vonage } from '@vonage/server-sdk';

const job = JSON.parse(process.argv[2]);
const client = new Vonage(new Auth({ apiKey: job.key, apiSecret: job.secret }), { restHost: job.host, apiHost: job.host });

const results = [];
for (const [part, method, ...given] of job.calls) {
  try {
    results.push({ gave: await client[part][method](...given) });
  } catch (error) {
    const response = error.response;
    const body = response && response.text && !response.bodyUsed ? await response.text() : undefined;
    results.push({ thrown: error.constructor.name, message: error.message, status: response && response.status, body });
  }
}
console.log(JSON.stringify(results));
