// The vendor's retired library for Node, used as its documentation shows, with its host and port changed: any calls of it, one after the
// other. Argument: {host, port, key, secret, calls: [[part, method, ...arguments]]}. Output: for each call what its callback was given.

import Nexmo from 'nexmo';

const job = JSON.parse(process.argv[2]);
const options = { restHost: job.host, apiHost: job.host, port: job.port };
const client = new Nexmo({ apiKey: job.key, apiSecret: job.secret }, options);

const results = [];
for (const [part, method, ...given] of job.calls) {
  results.push(
    await new Promise((resolve) => {
      client[part][method](...given, (error, gave) => resolve({ gave, thrown: error && (error.body || error.message || error) }));
    }),
  );
}
console.log(JSON.stringify(results));
