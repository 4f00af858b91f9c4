// The vendor's library for Node, as its page has it: no host is set. Arguments: to, text.
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.BLACKBOX_NODE}/`);
const { Vonage } = require('@vonage/server-sdk');
const { Auth } = require('@vonage/auth');

const [to, text] = process.argv.slice(2);
const vonage = new Vonage(new Auth({ apiKey: process.env.VONAGE_API_KEY, apiSecret: process.env.VONAGE_API_SECRET }));
const answer = await vonage.sms.send({ to, from: 'Acme', text });
console.log(answer.messages[0].messageId ?? answer.messages[0]['message-id']);
