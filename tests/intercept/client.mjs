// Another vendor's client for Node, which has no option for a host at all. It signs the address that it calls, the vendor's.
// Arguments: to, text.
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.BLACKBOX_NODE}/`);
const { Client, SmsResource } = require('@seven.io/client');

const [to, text] = process.argv.slice(2);
const client = new Client({ apiKey: process.env.SEVEN_API_KEY, signingSecret: process.env.SEVEN_SIGNING_SECRET });
const answer = await new SmsResource(client).dispatch({ to: [to], from: 'Acme', text });
console.log(answer.messages[0].id);
