// Applications and the Messages API by the vendor's current library for Node, used as its documentation shows.
// Argument: {host, key, secret, receiver, to}. Output: what was seen.

import { Auth } from '@vonage/auth';
import { SMS } from '@vonage/messages';
import { Vonage } from '@vonage/server-sdk';

const job = JSON.parse(process.argv[2]);
const hosts = { restHost: job.host, apiHost: job.host };
const client = new Vonage(new Auth({ apiKey: job.key, apiSecret: job.secret }), hosts);
const status = async (call) => {
  try {
    await call();
    return 200;
  } catch (error) {
    return error.response.status;
  }
};

const hook = (name) => ({ address: `${job.receiver}/${name}`, httpMethod: 'POST' });
const made = await client.applications.createApplication({
  name: 'Shop',
  capabilities: { messages: { webhooks: { statusUrl: hook('status'), inboundUrl: hook('inbound') } } },
});
await client.applications.createApplication({ name: 'Second' });

const listed = [];
for await (const application of client.applications.listAllApplications({ pageSize: 1 })) {
  listed.push(application.name);
}

const auth = new Auth({ apiKey: job.key, apiSecret: job.secret, applicationId: made.id, privateKey: made.keys.privateKey });
const application = new Vonage(auth, hosts);
const text = { to: job.to, from: 'Acme', text: 'hi', clientRef: 'abc', ttl: 90, sms: { encodingType: 'text', entityId: '1' } };
const sent = await application.messages.send(new SMS({ ...text, webhookVersion: 'v1' }));

const whatsapp = await (async () => {
  try {
    await application.messages.send({ channel: 'whatsapp', messageType: 'text', to: job.to, from: '447700900001', text: 'hi' });
    return null;
  } catch (error) {
    return { status: error.response.status, title: (await error.response.json()).title };
  }
})();
const marked = await status(() => application.messages.updateMessage('asdf', 'read'));

const shown = await client.applications.getApplication(made.id);
const updated = await client.applications.updateApplication({ ...shown, name: 'Renamed' });
await client.applications.deleteApplication(made.id);

console.log(JSON.stringify({
  private_key: made.keys.privateKey,
  listed,
  updated: updated.name,
  sent: sent.messageUUID,
  whatsapp,
  marked,
  deleted: await status(() => client.applications.getApplication(made.id)),
  after_deletion: await status(() => application.messages.send(new SMS(text))),
}));
