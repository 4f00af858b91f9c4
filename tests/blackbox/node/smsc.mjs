// A centre of its own: npm `smpp`'s server. It decodes by its own code, tells all that it gets, and does as it is told.
//
// Orders: {do: "answer", statuses: [..]} for the next submissions; {do: "deliver", mark, fields} to a session that may
// receive; {do: "receipts", on} (on by default); {do: "unbind"}, {do: "destroy"} all sessions; {do: "enquire"} each.

import smpp from 'smpp';
import { orders, outgoing, say, told } from './octets.mjs';

const sessions = new Map();
const statuses = [];
let receipts = true;
let numbers = 0;
let ids = 0xa0000000;

const receiver = () => [...sessions.values()].find(({ mode }) => mode === 'bind_transceiver' || mode === 'bind_receiver');

const receipt = (id, pdu) => ({
  source_addr_ton: pdu.dest_addr_ton, source_addr_npi: pdu.dest_addr_npi, source_addr: pdu.destination_addr,
  dest_addr_ton: pdu.source_addr_ton, dest_addr_npi: pdu.source_addr_npi, destination_addr: pdu.source_addr,
  esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
  short_message: `id:${id} sub:001 dlvrd:001 submit date:2611250900 done date:2611250901 stat:DELIVRD err:000 text:`,
  receipted_message_id: id, message_state: smpp.MESSAGE_STATE.DELIVERED,
});

const submitted = (number, session, pdu) => {
  const status = statuses.shift() ?? 0;
  const id = (ids += 1).toString(16).toUpperCase();
  say('submit', { session: number, status, id, pdu: told(pdu) });
  session.send(pdu.response({ command_status: status, message_id: id }));
  const target = receiver();
  if (status === 0 && receipts && pdu.registered_delivery & 1 && target) {
    target.session.deliver_sm(receipt(id, pdu), (answer) => say('delivered', { mark: id, status: answer.command_status }));
  }
};

const server = smpp.createServer((session) => {
  const number = (numbers += 1);
  session.on('error', (error) => say('fault', { session: number, message: error.message }));
  session.on('close', () => {
    sessions.delete(number);
    say('closed', { session: number });
  });
  session.on('pdu', (pdu) => {
    if (pdu.command.startsWith('bind_') && !pdu.isResponse()) {
      session.send(pdu.response({ system_id: 'foreign' }));
      sessions.set(number, { session, mode: pdu.command });
      say('bind', { session: number, mode: pdu.command, pdu: told(pdu) });
    } else if (pdu.command === 'submit_sm') {
      submitted(number, session, pdu);
    } else if (pdu.command === 'enquire_link') {
      session.send(pdu.response());
      say('enquired', { session: number });
    } else if (pdu.command === 'unbind') {
      session.send(pdu.response());
      session.close();
      say('unbind', { session: number });
    }
  });
});

orders((order) => {
  if (order.do === 'answer') statuses.push(...order.statuses);
  else if (order.do === 'receipts') receipts = order.on;
  else if (order.do === 'deliver') {
    receiver().session.deliver_sm(outgoing(order.fields), (answer) => say('delivered', { mark: order.mark, status: answer.command_status }));
  } else if (order.do === 'enquire') {
    sessions.forEach(({ session }, number) => session.enquire_link((answer) => say('alive', { session: number, status: answer.command_status })));
  } else if (order.do === 'unbind') sessions.forEach(({ session }, number) => session.unbind(() => { say('unbound', { session: number }); session.close(); }));
  else if (order.do === 'destroy') sessions.forEach(({ session }) => session.destroy());
  else throw new Error(`no such order: ${order.do}`);
});

server.listen(0, '127.0.0.1', () => say('listening', { port: server.address().port }));
