// A client: npm `smpp`. Argument: host:port. Orders: {do: any request of SMPP, mark, fields}, {do: "together", orders} for
// requests in one write, {do: "close"}. Events: each answer under its order's mark, and what the centre sends.

import smpp from 'smpp';
import { orders, outgoing, say, told } from './octets.mjs';

const [host, port] = process.argv[2].split(':');
const session = smpp.connect({ host, port: Number(port) }, () => say('connected'));

session.on('error', (error) => say('fault', { message: error.message }));
session.on('close', () => say('closed'));
session.on('deliver_sm', (pdu) => {
  // Some clients put an id into this answer, where the specification has none.
  session.send(pdu.response({ message_id: 'unused' }));
  say('deliver', { pdu: told(pdu) });
});
session.on('enquire_link', (pdu) => session.send(pdu.response()));
session.on('unbind', (pdu) => session.send(pdu.response()));

const request = (order) => session[order.do](outgoing(order.fields ?? {}), (answer) => say('answer', { mark: order.mark, pdu: told(answer) }));

orders((order) => {
  if (order.do === 'close') session.close();
  else if (order.do === 'together') {
    session.socket.cork();
    order.orders.forEach(request);
    session.socket.uncork();
  } else request(order);
});
