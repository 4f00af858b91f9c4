// Sends one signed text as the page's sample for Node does: the joined pairs sorted, HMAC-SHA256, an object of JSON whose timestamp
// is a number. Arguments: address, key, secret, text. Output: the answer's body.

import crypto from 'node:crypto';
import http from 'node:http';

const [address, key, secret, text] = process.argv.slice(2);
const message = {
  api_key: key,
  to: '447700900000',
  from: '447700900001',
  text,
  type: 'text',
  timestamp: Math.floor(Date.now() / 1000),
};
const pairs = Object.entries(message).map(([name, value]) => `${name}=${value}`);
message.sig = crypto.createHmac('sha256', secret).update(`&${pairs.sort().join('&')}`).digest('hex');

const body = JSON.stringify(message);
const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
const request = http.request(`${address}/sms/json`, { method: 'POST', headers }, (answer) => answer.pipe(process.stdout));
request.end(body);
