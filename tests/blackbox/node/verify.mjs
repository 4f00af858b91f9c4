// Verifies a webhook's token by the vendor's own verifier.
// Argument: {token, secret, wrong}. Output: the claims, and whether each secret verifies it.

import { verifySignature } from '@vonage/jwt';

const { token, secret, wrong } = JSON.parse(process.argv[2]);
const claims = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString());
const verifiedByAnother = (() => {
  try {
    return verifySignature(token, wrong);
  } catch {
    return false;
  }
})();

console.log(JSON.stringify({ ...claims, verified: verifySignature(token, secret), verified_by_another: verifiedByAnother }));
