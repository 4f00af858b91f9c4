// The vendors' signers and verifiers for Node: jobs come in as JSON lines, answers go out as JSON lines, one for each.

import readline from 'node:readline';

import { Auth } from '@vonage/auth';
import { tokenGenerate, verifySignature } from '@vonage/jwt';
import { SMS } from '@vonage/sms';
import { Client, WebhookVerifier } from '@seven.io/client';
import Nexmo from 'nexmo';

const sms = new SMS({ apiKey: 'abcd1234', apiSecret: 'unused' });
const ALGORITHMS = { md5hash: 'MD5HASH', md5: 'MD5HMAC', sha1: 'SHA1HMAC', sha256: 'SHA256HMAC', sha512: 'SHA512HMAC' };

// The path that the retired library would request, by an `https` that sends nothing.
const retiredPath = ({ method, secret, message }) => {
  let path;
  const request = (options) => {
    path = options.path;
    return { end() {}, on() {} };
  };
  const credentials = { apiKey: 'abcd1234', apiSecret: 'unused', signatureSecret: secret, signatureMethod: method };
  const { from, to, text, ...rest } = message;
  new Nexmo(credentials, { https: { request } }).message.sendSms(from, to, text, rest, () => {});
  return path;
};

// The request that the library would make, by a `fetch` that sends nothing.
const sevenRequest = async ({ key, call, params }) => {
  let made;
  globalThis.fetch = async (url, { method, headers, body }) => {
    made = { url, method, headers, body: body === undefined ? '' : body.toString() };
    return { text: async () => '{}', headers: new Headers(), status: 200 };
  };
  const client = new Client({ apiKey: 'unused', signingSecret: key });
  const calls = {
    sms: () => client.request('post', 'sms', params),
    status: () => client.request('get', 'status', params),
    contacts: () => client.request('post', 'contacts', params, 'application/x-www-form-urlencoded'),
    remove: () => client.request('delete', 'sms', params),
  };
  await calls[call]();
  return made;
};

const jobs = {
  'retired-sign': ({ method, secret, parameters }) => Nexmo.generateSignature(method, secret, parameters),
  'retired-path': retiredPath,
  'retired-token': ({ key, claims }) => Nexmo.generateJwt(Buffer.from(key), claims),
  'sms-verify': ({ method, secret, parameters, sig }) => sms.verifySignature(sig, parameters, secret, ALGORITHMS[method]),
  'auth-sign': async ({ method, secret, parameters }) => {
    const auth = new Auth({ apiKey: 'abcd1234', apiSecret: 'unused', signature: { secret, algorithm: ALGORITHMS[method] } });
    return (await auth.createSignatureHash(parameters)).sig;
  },
  token: ({ application, key, options }) => tokenGenerate(application, key, options),
  'token-verify': ({ token, secret }) => verifySignature(token, secret),
  'seven-request': sevenRequest,
  'seven-verify': ({ key, headers, body, url, method }) => new WebhookVerifier({ signingSecret: key }).verify({ headers, body, url, method }),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  let answer;
  try {
    answer = { ok: await jobs[job.op](job) };
  } catch (error) {
    answer = { fault: `${error?.constructor?.name}: ${error?.message ?? error}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
