import { describe, expect, test } from 'vitest';
import { faultsOf, warningsOf } from './file.ts';

/** Two organizations, one connection of each kind that acme owns, and one of the operator's. */
const BASE = `organizations: [{ id: acme, owner: o@acme.example, projects: [{ id: p1 }] }, { id: beta, owner: o@beta.example }]
connections:
  - { id: acme-scim, kind: scim, organization: acme }
  - id: corp
    kind: ldap
    url: ldaps://ldap.corp.example
    users: { base: "ou=people,dc=corp", filter: "(uid=*)" }
    groups: { base: "ou=groups,dc=corp", filter: "(cn=*)" }
`;
const mapping = (text: string): string => `${BASE}mappings: [{ ${text} }]`;

describe('organizations', () => {
  test('have one Owner each: a list of owners is refused', () => {
    expect(faultsOf('organizations: [{ id: acme, owner: [a@b.example, c@b.example] }]')).toEqual([
      '1 organizations[0].owner: must be one e-mail address: an organization has exactly one Owner. Make the others administrators',
    ]);
  });

  test('have one Owner each: the same id twice with two owners is refused', () => {
    const [fault] = faultsOf(
      'organizations:\n - { id: acme, owner: a@b.example }\n - { id: Acme, owner: c@b.example }',
    );
    expect(fault).toBe(
      '3 organizations[1].id: is the id of organizations[0] too: declare each organization once, with another owner, and an organization has exactly one Owner',
    );
    const [same] = faultsOf('organizations:\n - { id: a, owner: a@b.example }\n - { id: a, owner: A@B.example }');
    expect(same).toMatch(/declare each organization once$/);
  });

  test('give nobody the Owner role by default', () => {
    expect(faultsOf('organizations: [{ id: acme, owner: a@b.example, defaultRole: owner }]')[0]).toContain(
      'no mapping and no default makes an Owner',
    );
  });

  test('have a successor who is somebody else', () => {
    expect(faultsOf('organizations: [{ id: acme, owner: a@b.example, successor: A@b.example }]')).toEqual([
      '1 organizations[0].successor: must be somebody else than the owner, whom they would follow',
    ]);
  });

  test('have each project once', () => {
    expect(faultsOf('organizations: [{ id: a, owner: a@b.example, projects: [{ id: p1 }, { id: P1 }] }]')).toEqual([
      '1 organizations[0].projects[1].id: is the id of organizations[0].projects[0] too: each project once',
    ]);
  });

  test.each(['a/b', '../x', '.', 'ä', 'a b', '-a', '""', 'a%2f', `"${'a'.repeat(65)}"`])(
    'have ids that are safe in addresses, unlike %s',
    (id) => expect(faultsOf(`organizations: [{ id: ${id}, owner: a@b.example }]`)[0]).toContain('letters, digits'),
  );

  test.each(['nobody', 'a b@c.example', 'a@', '"@b"', 'a@b..c', 'a@b@c', '"a@b.example\\nX"', '"a@-b.example"'])(
    'have owners with an e-mail address, unlike %s',
    (email) => {
      expect(faultsOf(`organizations: [{ id: a, owner: ${email} }]`)).toEqual([
        '1 organizations[0].owner: must be an e-mail address',
      ]);
    },
  );
});

describe('connections', () => {
  test('have ids of their own, and belong to declared organizations', () => {
    const faults = faultsOf(`${BASE}  - { id: corp, kind: scim, organization: akme }`);
    expect(faults).toEqual([
      '9 connections[2].id: is the id of connections[1] too: declare each connection once',
      '9 connections[2].organization: names an organization that this file does not declare: akme. Did you mean acme?',
    ]);
  });

  test('of SAML never have lifecycle authority', () => {
    const saml = (more: string) => `connections: [{ id: s, kind: saml, idpMetadata: { xml: <x/> }${more} }]`;
    expect(faultsOf(saml(', lifecycle: true'))[0]).toContain('must not be true on a SAML connection');
    expect(faultsOf(saml(', lifecycle: false'))).toEqual([]);
  });

  test('take keys of their kind only, and say which was meant', () => {
    expect(faultsOf('connections: [{ id: s, kind: scim, tokne: a, trustemail: any, url: x }]')).toEqual([
      '1 connections[0].tokne: is an unknown key. Did you mean token?',
      '1 connections[0].trustemail: is an unknown key. Did you mean trustEmail?',
      '1 connections[0].url: is an unknown key. Known here: id, kind, organization, state, lifecycle, trustEmail, token',
    ]);
  });

  const plain = (url: string, more = ''): string =>
    BASE.replace('ldaps://ldap.corp.example', `${url}\n    bindDn: cn=reader\n    bindPassword: s3cr3t${more}`);

  test('never send a bind password in clear text beyond this machine, unless that is written', () => {
    expect(faultsOf(plain('ldap://ldap.corp.example'))[0]).toContain('would send the bind password');
    expect(faultsOf(plain('[ldaps://a.example, ldap://b.example]'))[0]).toContain('would send the bind password');
    expect(faultsOf(plain('ldap://localhost'))).toEqual([]);
    expect(faultsOf(plain('ldap://127.0.0.1:1389'))).toEqual([]);
    expect(faultsOf(plain('ldap://ldap.corp.example', '\n    startTls: true'))).toEqual([]);
    expect(faultsOf(plain('ldap://ldap.corp.example', '\n    insecurePlainLdap: true'))).toEqual([]);
  });

  test('tell that also while another setting is missing: all faults at once', () => {
    const faults = faultsOf(plain('ldap://ldap.corp.example').replace(', filter: "(uid=*)"', ''));
    expect(faults.map((fault) => fault.replace(/:.*/s, ''))).toEqual([
      '6 connections[1].url',
      '9 connections[1].users.filter',
    ]);
  });
});

describe('mappings', () => {
  test('name declared connections and organizations; the nearest is suggested', () => {
    expect(faultsOf(mapping('connection: acme-scmi, group: T, organization: acmee, role: manager'))).toEqual([
      '9 mappings[0].connection: names a connection that this file does not declare: acme-scmi. Did you mean acme-scim?',
      '9 mappings[0].organization: names an organization that this file does not declare: acmee. Did you mean acme?',
    ]);
  });

  test('make nobody Owner', () => {
    expect(faultsOf(mapping('connection: acme-scim, group: T, organization: acme, role: owner'))[0]).toMatch(
      /^9 mappings\[0\]\.role: must not be owner: no mapping and no default makes an Owner/,
    );
  });

  test('from an organization’s own connection never reach into another organization', () => {
    expect(faultsOf(mapping('connection: acme-scim, group: T, organization: beta, role: manager'))).toEqual([
      "9 mappings[0].organization: must be acme, to which connection acme-scim belongs: an organization's own connection changes nothing in another",
    ]);
    expect(
      faultsOf(mapping('connection: corp, group: "cn=t,ou=groups,dc=corp", organization: beta, role: manager')),
    ).toEqual([]);
  });

  test('give something', () => {
    expect(faultsOf(mapping('connection: acme-scim, group: T, organization: acme'))).toEqual([
      '9 mappings[0]: gives nothing: write at least one of role, workspace and project',
    ]);
    for (const gift of ['role: annotator', 'workspace: Desk', 'project: p1']) {
      expect(faultsOf(mapping(`connection: acme-scim, group: T, organization: acme, ${gift}`))).toEqual([]);
    }
  });

  test('name one group, by its name or by its id', () => {
    expect(
      faultsOf(mapping('connection: acme-scim, group: T, groupId: T, organization: acme, role: manager'))[0],
    ).toContain('must not stand beside group');
    expect(faultsOf(mapping('connection: acme-scim, organization: acme, role: manager'))[0]).toContain(
      'must have group',
    );
    expect(faultsOf(mapping('connection: acme-scim, group: 5, organization: acme, role: manager'))).toEqual([
      '9 mappings[0].group: must be text, not a number: put it in quotes',
    ]);
  });

  test('name an LDAP group by its DN', () => {
    expect(faultsOf(mapping('connection: corp, group: label-admins, organization: acme, role: manager'))[0]).toContain(
      "9 mappings[0].group: must be the group's DN, such as cn=",
    );
    expect(warningsOf(mapping('connection: corp, group: "cn=t,dc=other", organization: acme, role: manager'))).toEqual([
      '9 mappings[0].group: is not below the groups.base of corp, so it is never read',
    ]);
  });

  test('have a project role only beside a project', () => {
    expect(
      faultsOf(mapping('connection: acme-scim, group: T, organization: acme, role: manager, projectRole: inherit')),
    ).toEqual(['9 mappings[0].projectRole: must stand beside project: the project in which it holds']);
    expect(
      faultsOf(mapping('connection: acme-scim, group: T, organization: acme, project: p1, projectRole: manager')),
    ).toEqual(['9 mappings[0].projectRole: must be one of inherit, annotator, reviewer']);
  });

  test('may name a project that lives in the database: a warning', () => {
    const text = mapping('connection: acme-scim, group: T, organization: acme, project: p2');
    expect(faultsOf(text)).toEqual([]);
    expect(warningsOf(text)).toEqual([
      '9 mappings[0].project: is not among the projects that this file declares for acme: it must be in the database',
    ]);
  });

  test('say a thing once, however its DN is spelled', () => {
    const one = (group: string) => `{ connection: corp, group: "${group}", organization: acme, role: manager }`;
    const text = `${BASE}mappings:\n - ${one('cn=t,ou=groups,dc=corp')}\n - ${one('CN=T, OU=groups, DC=corp')}`;
    expect(faultsOf(text)).toEqual(['11 mappings[1]: says the same as mappings[0]']);
  });

  test('are not blamed for a list that cannot be read at all', () => {
    const text = `organizations: 7
connections: [{ id: s, kind: scim }]
mappings: [{ connection: s, group: T, organization: acme, role: manager }]`;
    expect(faultsOf(text)).toEqual(['1 organizations: must be a list, not a number']);
  });

  test('are not blamed for an organization whose own declaration is faulty', () => {
    const text = mapping('connection: acme-scim, group: T, organization: acme, role: manager');
    expect(faultsOf(text.replace('owner: o@acme.example', 'owner: nobody'))).toEqual([
      '1 organizations[0].owner: must be an e-mail address',
    ]);
  });
});

describe('addresses', () => {
  test('of this server are https, but for this machine', () => {
    const at = (url: string) => `server: { publicUrl: "${url}" }`;
    expect(warningsOf(at('https://bridge.example'))).toEqual([]);
    expect(warningsOf(at('http://localhost:8080'))).toEqual([]);
    expect(warningsOf(at('http://[::1]:8080'))).toEqual([]);
    expect(warningsOf(at('http://bridge.example'))[0]).toContain('should be https://');
    expect(faultsOf(at('bridge.example'))[0]).toContain('must be the https:// address');
    expect(faultsOf(at('https://u:p@bridge.example'))).toHaveLength(1);
  });

  test('to which cases go are https, and signed', () => {
    const text = 'escalation: [{ channel: webhook, url: "http://support.example/hooks" }]';
    expect(faultsOf(text)).toEqual([]);
    expect(warningsOf(text).join('\n')).toMatch(/should be https.*\n.*has no secret/);
    expect(faultsOf('escalation: [{ channel: email, smtp: mail.example, to: a@b.example }]')).toEqual([
      '1 escalation[0].smtp: must be smtp://HOST or smtps://HOST, with :PORT if it is another one',
    ]);
    expect(faultsOf('escalation: [{ channel: webhok, url: "https://x.example" }]')).toEqual([
      '1 escalation[0].channel: must be one of webhook, email, zendesk. Did you mean webhook?',
    ]);
  });

  test('a channel that is not served yet is said to be none', () => {
    const text =
      'escalation: [{ channel: zendesk, url: "https://vendor.zendesk.com", email: bot@vendor.example, token: "t" }]';
    expect(warningsOf(text)).toContainEqual(expect.stringMatching(/^1 escalation\[0\]: is read and not yet served/));
  });

  test('the mail server for people', () => {
    expect(faultsOf('mail: { smtp: mail.example }')).toEqual([
      '1 mail.smtp: must be smtp://HOST or smtps://HOST, with :PORT if it is another one',
    ]);
    expect(faultsOf('mail: { smtp: { env: NOT_SET } }')).toEqual([
      '1 mail.smtp: cannot be had: environment variable NOT_SET is not set: set it to the secret',
    ]);
    expect(faultsOf('mail: { smtp: "smtp://mail.example", from: "a@b.example, c@d.example" }')).toEqual([
      '1 mail.from: must be an e-mail address',
    ]);
  });
});
