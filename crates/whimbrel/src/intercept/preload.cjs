// Loaded by Node before a program of `whimbrel run` (NODE_OPTIONS --require). Node before 24 heeds no proxy, and later ones only if
// told to; so connections to the vendors' names are led to the proxy at the one place that http, https, http2, fetch and tls share.
// The program still asks for the vendor's certificate and gets one of the run's authority (NODE_EXTRA_CA_CERTS).
'use strict';

const net = require('node:net');

const { hosts, host, port, block } = /*SETTINGS*/ null;
const led = new Set(hosts);
const refused = new Set();
const ours = { host, port };
const connect = net.Socket.prototype.connect;

const nameOf = (options) => String(options.host ?? '').toLowerCase().replace(/\.$/, '').replace(/^\[|\]$/g, '');
const isHere = (name) =>
  name === '' || name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(\.\d+){3}$/.test(name);

net.Socket.prototype.connect = function (...args) {
  // Node's own callers hand over one list of options and listener, programs what the documentation says.
  const list = Array.isArray(args[0]) ? args[0] : args;
  let options = list[0];
  if (typeof options === 'number' || (typeof options === 'string' && /^\d+$/.test(options))) {
    options = { port: Number(options), host: typeof list[1] === 'string' ? list[1] : undefined };
  }
  if (options === null || typeof options !== 'object' || options.path) return connect.apply(this, args);
  const name = nameOf(options);
  if (led.has(name)) {
    const listener = list.find((value) => typeof value === 'function');
    return connect.call(this, { ...options, ...ours, lookup: undefined }, ...(listener ? [listener] : []));
  }
  if (block && !isHere(name) && [80, 443].includes(Number(options.port))) {
    if (!refused.has(name)) {
      refused.add(name);
      process.stderr.write(`whimbrel run: refused ${name}: no dialect speaks for it (--unknown-hosts pass lets it through)\n`);
    }
    const error = new Error(`whimbrel run refuses ${name}: no dialect speaks for it`);
    Object.assign(error, { code: 'ECONNREFUSED', syscall: 'connect', hostname: name });
    // As a refusal comes from the network: later, when the caller has finished setting the socket up.
    this.connecting = true;
    process.nextTick(() => this.destroy(error));
    return this;
  }
  return connect.apply(this, args);
};
