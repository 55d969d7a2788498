import { describe, expect, test } from 'vitest';
import { check, faultsOf, warningsOf } from './file.ts';

const SCIM = 'connections: [{ id: s, kind: scim, token: { env: SCIM_TOKEN } }]';
const OPEN = `database: { url: "postgres://user:s3cr3t@db.example/x" }
connections:
  - { id: s, kind: scim, token: s3cr3t }
  - id: corp
    kind: ldap
    url: ldaps://ldap.corp.example
    tls: { ca: "-----BEGIN CERTIFICATE-----" }
    bindDn: cn=reader
    bindPassword: s3cr3t
    users: { base: "ou=people,dc=corp", filter: "(uid=*)" }
    groups: { base: "ou=groups,dc=corp", filter: "(cn=*)" }
escalation:
  - { channel: webhook, url: "https://support.example", secret: s3cr3t }
  - { channel: email, smtp: "smtp://user:s3cr3t@mail.example", to: a@b.example }
  - { channel: email, smtp: "smtp://mail.example", to: a@b.example }
`;

describe('the secrets of a configuration', () => {
  test('must be there', () => {
    expect(faultsOf(SCIM)).toEqual([
      '1 connections[0].token: cannot be had: environment variable SCIM_TOKEN is not set: set it to the secret',
    ]);
    expect(faultsOf(SCIM, { env: { SCIM_TOKEN: 't' } })).toEqual([]);
    expect(faultsOf(SCIM.replace('{ env: SCIM_TOKEN }', '{ file: none }'))[0]).toMatch(
      /cannot read the secret file \/.*\/none: there is no such file/,
    );
    expect(
      faultsOf('escalation: [{ channel: webhook, url: "https://x.example", secret: { env: HOOK } }]')[0],
    ).toContain('HOOK');
  });

  test('must be there only for what needs them', () => {
    expect(faultsOf(SCIM, { secrets: 'none' })).toEqual([]);
    expect(faultsOf(SCIM, { secrets: ['other'] })).toEqual([]);
    expect(faultsOf(SCIM, { secrets: ['s'] })).toHaveLength(1);
    const paused = SCIM.replace('kind: scim', 'kind: scim, state: paused');
    expect(faultsOf(paused)).toEqual([]);
    expect(warningsOf(paused)[0]).toContain('SCIM_TOKEN is not set');
  });

  test('must name one connection each, where the token is all that names it', () => {
    const text = `connections:
  - { id: a, kind: scim, token: { env: ONE } }
  - { id: b, kind: scim, token: { env: TWO } }
`;
    expect(faultsOf(text, { env: { ONE: 'x', TWO: 'x' } })).toEqual([
      '3 connections[1].token: is the token of connections[0].token too, and the token names the connection',
    ]);
    expect(faultsOf(text, { env: { ONE: 'x', TWO: 'y' } })).toEqual([]);
  });

  test.each([0o644, 0o640, 0o604])('in clear text are warned of in a file that others can read (%o)', (mode) => {
    const { warnings } = check(OPEN, { mode });
    expect(warnings.map(({ at }) => at)).toEqual([
      'database.url',
      'connections[0].token',
      'connections[1].bindPassword',
      'escalation[0].secret',
      'escalation[1].smtp',
    ]);
    expect(warnings.every(({ message }) => /chmod 600 \/.*rollcall\.yaml/.test(message))).toBe(true);
  });

  test('in clear text are the owner’s business in a file that only they can read', () => {
    expect(warningsOf(OPEN, { mode: 0o600 })).toEqual([]);
  });

  test('stand in no message', () => {
    expect(JSON.stringify(check(OPEN, { mode: 0o644 }).warnings)).not.toContain('s3cr3t');
    expect(JSON.stringify(check(OPEN.replace('ldaps:', 'ldap:')).faults)).not.toContain('s3cr3t');
  });
});
