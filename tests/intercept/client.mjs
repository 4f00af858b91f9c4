// Another vendor's client for Node, which has no option for a host at all. Arguments: to, text.
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.BLACKBOX_NODE}/`);
const { Client, SmsResource } = require('@seven.io/client');

const [to, text] = process.argv.slice(2);
const client = new Client({ apiKey: process.env.SEVEN_API_KEY });
const answer = await new SmsResource(client).dispatch({ to: [to], from: 'Acme', text });
console.log(answer.messages[0].id);
