// Node's own clients: https with an agent that keeps connections, and fetch. Arguments: to, text.
const https = require('node:https');

const [to, text] = process.argv.slice(2);
const form = () => new URLSearchParams({
  api_key: process.env.VONAGE_API_KEY, api_secret: process.env.VONAGE_API_SECRET, to, from: 'Acme', text,
}).toString();
const agent = new https.Agent({ keepAlive: true });
const headers = { 'content-type': 'application/x-www-form-urlencoded' };

const byHttps = () => new Promise((resolve, reject) => {
  const request = https.request('https://rest.nexmo.com/sms/json', { method: 'POST', agent, headers }, (response) => {
    let body = '';
    response.on('data', (piece) => (body += piece));
    response.on('end', () => resolve(JSON.parse(body)));
  });
  request.on('error', reject);
  request.end(form());
});

(async () => {
  console.log((await byHttps()).messages[0]['message-id']);
  const answer = await fetch('https://rest.nexmo.com/sms/json', { method: 'POST', headers, body: form() });
  console.log((await answer.json()).messages[0]['message-id']);
  agent.destroy();
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
