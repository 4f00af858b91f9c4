// The vendor's current library for Node, used as its documentation shows, with its host changed.
// Argument: {host, key, secret, messages}. Output: for each message what the library answered or threw.

import { Auth } from '@vonage/auth';
import { Vonage } from '@vonage/server-sdk';

const job = JSON.parse(process.argv[2]);
const client = new Vonage(new Auth({ apiKey: job.key, apiSecret: job.secret }), { restHost: job.host, apiHost: job.host });

const send = async (message) => {
  try {
    return { response: await client.sms.send(message) };
  } catch (error) {
    return { thrown: error.constructor.name, message: error.message, response: error.response };
  }
};

console.log(JSON.stringify(await Promise.all(job.messages.map(send))));
