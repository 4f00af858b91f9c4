// Says of each webhook by GET whether its signature holds, as the page's sample for Node does: values are decoded twice, joined pairs
// sorted, nothing is replaced, the case of the digits counts. Argument: secret. Output: the port, then `1` or `0` for each.

import crypto from 'node:crypto';
import http from 'node:http';
import url from 'node:url';

const [secret] = process.argv.slice(2);

const holds = (query) => {
  const { sig, ...signed } = query;
  if (!sig || !(Math.abs(Math.floor(Date.now() / 1000) - signed.timestamp) <= 300)) {
    return false;
  }
  const pairs = Object.entries(signed).map(([name, value]) => `${name}=${unescape(value)}`);
  const made = crypto.createHash('md5').update(`&${pairs.sort().join('&')}${secret}`).digest('hex');
  return made === sig;
};

const server = http.createServer((request, answer) => {
  console.log(holds(url.parse(request.url, true).query) ? 1 : 0);
  answer.writeHead(200, { 'Content-Type': 'text/html' });
  answer.end('hello');
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
