// The vendor's retired library for Node, used as its documentation shows, with its host and port changed.
// Argument: {host, port, key, secret, messages}, and {secret, method} as signer if requests are to be signed. Output: for each
// message what its callback was given.

import Nexmo from 'nexmo';

const job = JSON.parse(process.argv[2]);
const options = { restHost: job.host, apiHost: job.host, port: job.port };
const signer = job.signer && { signatureSecret: job.signer.secret, signatureMethod: job.signer.method };
const client = new Nexmo({ apiKey: job.key, apiSecret: job.secret, ...signer }, options);

const send = ({ from, to, text, body, udh, ...rest }) =>
  new Promise((resolve) => {
    const done = (error, response) => resolve({ thrown: error && error.constructor.name, message: error && error.message, response });
    if (body === undefined) {
      client.message.sendSms(from, to, text, rest, done);
    } else {
      client.message.sendBinaryMessage(from, to, body, udh, rest, done);
    }
  });

console.log(JSON.stringify(await Promise.all(job.messages.map(send))));
