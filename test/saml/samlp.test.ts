// A whole sign-in at samlp, an identity provider from npm that nobody here wrote: its metadata, our signed request, its
// response, encrypted and not.
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import samlp from 'samlp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeKeyPair } from '../../src/saml/self-signed.ts';
import { SamlServer } from '../support/saml-server.ts';

let web: Server;
let url: string;
let server: SamlServer;
const state: { encryptFor: string | null } = { encryptFor: null };

const anna = {
  id: 'anna-7',
  displayName: 'Anna Alt',
  name: { familyName: 'Alt', givenName: 'Anna' },
  emails: [{ value: 'anna@acme.example' }],
};

beforeAll(async () => {
  const keys = await makeKeyPair('samlp', new Date());
  const app = express();
  const issuer = 'urn:samlp.test';
  const common = { issuer, cert: keys.certificate, key: keys.privateKey };
  app.get('/samlp/FederationMetadata/2007-06/FederationMetadata.xml', samlp.metadata(common));
  app.get('/samlp', (request, response, next) => {
    const encryption =
      state.encryptFor === null ? {} : { encryptionCert: state.encryptFor, encryptionPublicKey: state.encryptFor };
    samlp.auth({
      ...common,
      ...encryption,
      // It writes the audience for a destination unless it is told, and no recipient.
      destination: server.addresses('acme-saml').acsUrl,
      recipient: server.addresses('acme-saml').acsUrl,
      getUserFromRequest: () => anna,
      getPostURL: (_audience: string, _dom: unknown, _request: unknown, done: (error: null, url: string) => void) =>
        done(null, server.addresses('acme-saml').acsUrl),
    })(request, response, next);
  });
  web = createServer(app);
  await new Promise<void>((resolve) => {
    web.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
  server = await SamlServer.start({
    settings: {
      'acme-saml': {
        idpMetadata: { url: `${url}/samlp/FederationMetadata/2007-06/FederationMetadata.xml` },
        attributes: { email: 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress' },
      },
    },
  });
});
afterAll(async () => {
  await server.stop();
  web.closeAllConnections();
  web.close();
});

test('a sign-in, in the clear and encrypted', async () => {
  const metadata = await (await fetch(`${server.url}/saml/acme-saml/metadata`)).text();
  const key = /use="encryption".*?X509Certificate>([^<]+)</s.exec(metadata)?.[1] ?? '';
  for (const encryptFor of [null, `-----BEGIN CERTIFICATE-----\n${key}\n-----END CERTIFICATE-----\n`]) {
    state.encryptFor = encryptFor;
    const browser = server.browser();
    const begun = await browser.get('/saml/acme-saml/login?return_to=/pages/asked-for');
    const form = await (await fetch(begun.headers.get('location') ?? '')).text();
    const escaped = /name="SAMLResponse"\s+value="([^"]+)"/.exec(form)?.[1] ?? '';
    const value = escaped.replaceAll(/&#x([0-9a-f]+);/gi, (_all, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    expect(Buffer.from(value, 'base64').toString().includes('EncryptedAssertion')).toBe(encryptFor !== null);
    const answer = await browser.post('/saml/acme-saml/acs', new URLSearchParams({ SAMLResponse: value }).toString());
    expect([server.log, answer.status, answer.headers.get('location')]).toEqual([[], 303, '/pages/asked-for']);
  }
});
