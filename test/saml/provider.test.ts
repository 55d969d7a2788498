// The provider's metadata and certificates, and our own keys, over time.
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { samlSettings } from '../../src/connection/saml.ts';
import { expiryWarnings, stageCertificate, trustCertificate } from '../../src/http/saml-certificates.ts';
import { refreshMetadata } from '../../src/http/saml-door.ts';
import { endRollover, publishNextKey, useNextKey } from '../../src/http/saml-keys.ts';
import { keepUp } from '../../src/http/saml-upkeep.ts';
import { readIdpMetadata } from '../../src/saml/idp-metadata.ts';
import { attributeNames, providerKindOf } from '../../src/saml/presets.ts';
import { makeKeyPair } from '../../src/saml/self-signed.ts';
import { fingerprintOf } from '../../src/saml/verify.ts';
import { loadCertificates } from '../../src/store/saml-providers.ts';
import { TestIdp, inflated } from '../support/idp.ts';
import { SamlServer, acmeSaml } from '../support/saml-server.ts';

let idp: TestIdp;
let server: SamlServer;
let published: string;
let web: Server;
let url: string;
let hits: number;

beforeEach(async () => {
  idp = await TestIdp.make();
  published = idp.metadata();
  hits = 0;
  web = createServer((request, response) => {
    hits += 1;
    if (request.url === '/moved') response.writeHead(302, { location: '/metadata' }).end();
    else if (request.url === '/endless') response.end('x'.repeat(5_000_000));
    else if (published === '') response.writeHead(503).end();
    else response.end(published);
  });
  await new Promise<void>((resolve) => {
    web.listen(0, '127.0.0.1', resolve);
  });
  url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/metadata`;
  server = await SamlServer.start({ settings: { 'acme-saml': { idpMetadata: { url } } } });
});
afterEach(async () => {
  await server.stop();
  web.closeAllConnections();
  web.close();
});

const source = {
  kind: 'url' as const,
  get url() {
    return url;
  },
};
const db = (): SamlServer['store']['sync']['db'] => server.store.sync.db;

describe('metadata by address', () => {
  test('a provider’s new certificate is trusted once it is published, the old one for as long as it is', async () => {
    expect((await server.browser().signIn(server, idp, 'acme-saml')).status).toBe(303);
    const next = await makeKeyPair('next', new Date());
    const byNext = { what: 'assertion', key: next } as const;
    expect((await server.browser().signIn(server, idp, 'acme-saml', {}, byNext)).status).toBe(403);
    published = idp.metadata([idp.keys.certificate, next.certificate]);
    await refreshMetadata(server.door, acmeSaml, source);
    expect((await server.browser().signIn(server, idp, 'acme-saml', {}, byNext)).status).toBe(303);
    expect((await server.browser().signIn(server, idp, 'acme-saml')).status).toBe(303);
    published = idp.metadata([next.certificate]);
    await refreshMetadata(server.door, acmeSaml, source);
    expect((await server.browser().signIn(server, idp, 'acme-saml')).status).toBe(403);
  });

  test('an address that fails or answers nonsense leaves what was read before, and says so in the log', async () => {
    expect((await server.browser().signIn(server, idp, 'acme-saml')).status).toBe(303);
    for (const broken of ['', '<html>maintenance</html>', published.replace('IDPSSODescriptor', 'SPSSODescriptor')]) {
      published = broken;
      await refreshMetadata(server.door, acmeSaml, source);
      expect(server.log.at(-1)).toMatch(/^saml acme-saml: /);
      expect((await server.browser().signIn(server, idp, 'acme-saml')).status).toBe(303);
    }
  });

  test('never read at all: the visitor is told plainly, and our metadata is there for setting up the provider', async () => {
    published = '';
    const answer = await server.browser().get('/saml/acme-saml/login');
    expect([answer.status, (await answer.text()).includes('not set up')]).toEqual([409, true]);
    expect((await server.browser().get('/saml/acme-saml/metadata')).status).toBe(200);
  });

  test('a provider that is down is not knocked at for everybody who opens our sign-in page', async () => {
    published = '';
    const open = async (): Promise<number> => (await server.browser().get('/saml/acme-saml/login')).status;
    expect(new Set(await Promise.all(Array.from({ length: 20 }, open)))).toEqual(new Set([409]));
    for (let nth = 0; nth < 5; nth += 1) expect(await open()).toBe(409);
    expect(hits).toBe(1);
  });

  test('a redirect and an endless document are refused', async () => {
    for (const path of ['moved', 'endless']) {
      const elsewhere = { kind: 'url' as const, url: url.replace('metadata', path) };
      await expect(refreshMetadata(server.door, acmeSaml, elsewhere)).rejects.toMatchObject({ code: 'input_invalid' });
    }
  });

  test('from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rollcall-saml-'));
    const path = join(folder, 'idp.xml');
    await expect(refreshMetadata(server.door, acmeSaml, { kind: 'file', path })).rejects.toThrow(
      /cannot read the file/,
    );
    writeFileSync(path, published);
    await refreshMetadata(server.door, acmeSaml, { kind: 'file', path });
    expect(await loadCertificates(db(), acmeSaml)).toHaveLength(1);
    await rm(folder, { recursive: true });
  });
});

describe('certificates', () => {
  test('a staged one signs nobody in, can be tried, and counts once it is trusted', async () => {
    const next = await makeKeyPair('next', new Date());
    const byNext = { what: 'assertion', key: next } as const;
    await server.browser().get('/saml/acme-saml/login');
    await stageCertificate(db(), acmeSaml, next.certificate, server.door.sync.now());
    expect((await server.browser().signIn(server, idp, 'acme-saml', {}, byNext)).status).toBe(403);
    const browser = server.browser();
    const begun = await browser.get('/saml/acme-saml/login?try=1');
    const inResponseTo = /ID="([^"]+)"/.exec(inflated(begun.headers.get('location') ?? ''))?.[1] ?? '';
    // A sign-in in a browser that tries is still an ordinary one.
    expect((await browser.signIn(server, idp, 'acme-saml', {}, byNext)).status).toBe(403);
    const xml = await idp.response({ ...server.addresses('acme-saml'), inResponseTo }, byNext);
    expect((await browser.postResponse('acme-saml', xml)).status).toBe(200);
    await trustCertificate(db(), acmeSaml, fingerprintOf(next.certificate), server.door.sync.now());
    expect((await server.browser().signIn(server, idp, 'acme-saml', {}, byNext)).status).toBe(303);
  });

  test('its end is warned of once at 30, 7 and 1 days, and when it is over', async () => {
    expect(await keepUp(server.door)).toEqual([]);
    const notAfter = (await loadCertificates(db(), acmeSaml))[0]!.notAfter;
    const warned: number[] = [];
    for (const days of [40, 31, 29, 28, 6.9, 3, 0.9, 0.5, -1, -2]) {
      const at = new Date(Date.parse(notAfter) - days * 86_400_000).toISOString();
      warned.push(...(await expiryWarnings(db(), acmeSaml, at)).map((warning) => warning.days));
    }
    expect(warned).toEqual([30, 7, 1, 0]);
  });
});

describe('our own key', () => {
  test('a rollover fails no sign-in: next beside current, then current beside previous', async () => {
    const metadata = async (): Promise<string[]> => {
      const xml = await (await server.browser().get('/saml/acme-saml/metadata')).text();
      return [...xml.matchAll(/X509Certificate>([^<]+)</g)].map(([, certificate]) => certificate ?? '');
    };
    const pem = (certificate: string): string =>
      `-----BEGIN CERTIFICATE-----\n${certificate}\n-----END CERTIFICATE-----\n`;
    const signIn = async (certificate: string): Promise<number> =>
      (await server.browser().signIn(server, idp, 'acme-saml', {}, { what: 'assertion', encryptFor: pem(certificate) }))
        .status;
    const [old = ''] = await metadata();
    await expect(useNextKey(db(), acmeSaml)).rejects.toMatchObject({ code: 'conflict' });
    await publishNextKey(server.door, acmeSaml);
    const [first, next = '', encryption] = await metadata();
    expect([first, encryption]).toEqual([old, old]);
    await useNextKey(db(), acmeSaml);
    expect(await metadata()).toEqual([next, next]);
    expect([await signIn(old), await signIn(next)]).toEqual([303, 303]);
    await endRollover(db(), acmeSaml);
    expect([await signIn(old), await signIn(next)]).toEqual([403, 303]);
  });

  test('is unreadable in the store', async () => {
    await server.browser().get('/saml/acme-saml/metadata');
    const [row] = await db()('saml_keys').select('private_key');
    expect(Buffer.from(String(row.private_key), 'base64').toString('latin1')).not.toMatch(/PRIVATE KEY/);
  });
});

describe('what cannot be used is named at set-up', () => {
  /** On the curve P-256. */
  const ec =
    'MIIBezCCASGgAwIBAgIUF9eZrHTAjzx2nW422cAHzAV7P10wCgYIKoZIzj0EAwIwEzERMA8GA1UEAwwIdGVzdCBpZHAwHhcNMjYxMTI1MTgzOTQ3WhcNMzYxMTIyMTgzOTQ3WjATMREwDwYDVQQDDAh0ZXN0IGlkcDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGZPI0Ly5wq8AsTOtFeK7np+j+kgwERf+IcVnF1iv2jnHxPyjZ2fZewIDul+BDhWXNAxNh5h0PykOsqUVvhmK8+jUzBRMB0GA1UdDgQWBBSNOh8be3SpJ4KGGEM/KKiy/xBCyDAfBgNVHSMEGDAWgBSNOh8be3SpJ4KGGEM/KKiy/xBCyDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQC8QvzmNTGRIfGIw7KhLv0Ti/B/r3YZWC7pmxcXklfJFQIgI4tWhp5s9P5UMqUUYeTal4aNkpVdrke0KcxPdrfNs+s=';
  for (const [what, change, told] of [
    [
      'no certificate',
      (xml: string) => xml.replaceAll(/<md:KeyDescriptor[\s\S]*?<\/md:KeyDescriptor>/g, ''),
      /no certificate for signing/,
    ],
    ['a broken certificate', (xml: string) => xml.replace(/(X509Certificate>)[^<]*/, '$1AAAA'), /cannot be read/],
    ['an ECDSA key', (xml: string) => xml.replace(/(X509Certificate>)[^<]*/, `$1${ec}`), /type ec; only RSA/],
    ['no entity id', (xml: string) => xml.replace(/entityID="[^"]*"/, ''), /no entityID/],
    [
      'a script for an address',
      (xml: string) => xml.replace(/Location="[^"]*sso"/, 'Location="javascript:alert(1)"'),
      /no http/,
    ],
    ['a document type', (xml: string) => xml.replace('?>', '?><!DOCTYPE a>'), /document type/],
    ['another document', () => '<html/>', /no EntityDescriptor/],
  ] as const) {
    test(what, () => {
      expect(() => readIdpMetadata(change(idp.metadata()))).toThrow(told);
    });
  }
});

test('providers are told by their metadata, and their own names are looked for beside the usual ones', () => {
  const kinds = [
    'http://www.okta.com/exk1',
    'https://sts.windows.net/0000/',
    'https://accounts.google.com/o/saml2?idpid=C0',
    'https://auth.pingone.eu/1',
    'urn:tenant.auth0.com',
    'https://app.onelogin.com/saml/metadata/1',
    'http://fs.acme.example/adfs/services/trust',
    'https://id.acme.example/realms/main',
    'https://idp.acme.example/simplesaml/saml2/idp/metadata.php',
    'https://idp.acme.example',
  ].map(providerKindOf);
  expect(kinds).toEqual([
    'okta',
    'entra',
    'google',
    'ping',
    'auth0',
    'onelogin',
    'adfs',
    'keycloak',
    'simplesamlphp',
    'other',
  ]);
  const idpMetadata = { xml: idp.metadata() };
  expect(attributeNames(samlSettings.parse({ idpMetadata }), 'okta').groups).toEqual(['Groups', 'groups']);
  const stated = samlSettings.parse({ idpMetadata, attributes: { groups: 'roles' } });
  expect(attributeNames(stated, 'okta').groups).toEqual(['roles']);
});
