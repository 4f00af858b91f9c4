// JSON of PDUs: octets are {"hex": "..."}; what npm `smpp` made of each field stays as it is.

export const outgoing = (value) => {
  if (value && typeof value === 'object' && typeof value.hex === 'string') return Buffer.from(value.hex, 'hex');
  if (Array.isArray(value)) return value.map(outgoing);
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, outgoing(part)]));
  return value;
};

const incoming = (value) => {
  if (Buffer.isBuffer(value)) return { hex: value.toString('hex') };
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(incoming);
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, incoming(part)]));
  return value;
};

export const told = (pdu) => incoming({ ...pdu });

export const say = (event, what = {}) => process.stdout.write(`${JSON.stringify({ event, ...what })}\n`);

export const orders = (handle) => {
  let rest = '';
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    lines.forEach((line) => handle(JSON.parse(line)));
  });
  // The end of the orders is the end.
  process.stdin.on('end', () => process.exit(0));
};
