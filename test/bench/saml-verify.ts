// What verifying a response costs beside node-saml alone, on the same response in the same run (design.md section 6).
// By hand: `node test/bench/saml-verify.ts`. A ratio above 1 is faster than the library alone.
import { SAML, ValidateInResponseTo } from '@node-saml/passport-saml';
import type { Expectation } from '../../src/saml/expectation.ts';
import { verifyResponse } from '../../src/saml/verify.ts';
import { TestIdp, base64 } from '../support/idp.ts';

const acsUrl = 'https://rollcall.example/saml/acme/acs';
const audience = 'https://rollcall.example/saml/acme/metadata';
const idp = await TestIdp.make();

for (const groups of [1, 50, 5000]) {
  const list = Array.from({ length: groups }, (_, nth) => `group-${nth}`);
  const attributes = { Email: ['anna@acme.example'], Groups: list };
  const posted = base64(await idp.response({ acsUrl, audience, inResponseTo: '_request', attributes }));
  const createdAt = new Date().toISOString();
  const expected: Expectation = {
    entityId: audience,
    acsUrl,
    provider: idp.entityId,
    certificates: [idp.keys.certificate],
    decryptionKeys: [],
    signed: 'either',
    awaited: [{ id: '_request', createdAt }],
    allowIdpInitiated: false,
    clockSkewMs: 60_000,
    now: Date.now(),
  };
  const rounds = groups > 1000 ? 5 : 200;
  const ours = async (): Promise<void> => {
    const verdict = await verifyResponse(posted, expected);
    if (verdict.kind !== 'accepted') throw new Error(verdict.reason);
  };
  const alone = async (): Promise<void> => {
    const library = new SAML({
      issuer: audience,
      callbackUrl: acsUrl,
      idpCert: idp.keys.certificate,
      wantAuthnResponseSigned: false,
      validateInResponseTo: ValidateInResponseTo.always,
      cacheProvider: {
        saveAsync: async () => null,
        getAsync: async () => createdAt,
        removeAsync: async () => null,
      },
    });
    await library.validatePostResponseAsync({ SAMLResponse: posted });
  };
  // In turns, so that what else the machine does falls on both.
  const times: { readonly ours: number; readonly alone: number }[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    times.push({ alone: await millisecondsOf(alone, rounds), ours: await millisecondsOf(ours, rounds) });
  }
  const best = (which: 'ours' | 'alone'): number => Math.min(...times.map((time) => time[which]));
  const ratio = (best('alone') / best('ours')).toFixed(2);
  console.log(
    `${groups} groups: node-saml ${best('alone').toFixed(2)} ms, here ${best('ours').toFixed(2)} ms, ratio ${ratio}`,
  );
}

async function millisecondsOf(work: () => Promise<void>, rounds: number): Promise<number> {
  const began = performance.now();
  for (let round = 0; round < rounds; round += 1) await work();
  return (performance.now() - began) / rounds;
}
