// Acme, whose people a SCIM connection of its own provisions, and Beta, which has none; and what the connection says.
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { PushReading } from '../../src/core/reading.ts';
import type { Declaration } from '../../src/organization/declare.ts';
import { askForReset } from '../../src/organization/prove-address.ts';
import { push } from '../../src/sync/push.ts';
import type { Browser, Site } from './site.ts';
import { PASSWORD } from './site.ts';

export const acme = 'acme' as OrganizationId;
export const beta = 'beta' as OrganizationId;
export const scim = 'acme-scim' as ConnectionId;
export const saml = 'acme-saml' as ConnectionId;

function organization(id: OrganizationId): Declaration['organizations'][number] {
  return {
    id,
    title: id === acme ? 'Acme Inc' : 'Beta Ltd',
    owner: id === acme ? 'olga@acme.example' : 'bert@beta.example',
    roleAuthority: 'shared',
    defaultRole: 'annotator',
    seats: null,
    domains: [`${id}.example`],
    successor: null,
    projects: [],
  };
}

export const COMPANY: Declaration = {
  organizations: [organization(acme), organization(beta)],
  connections: [
    { id: scim, kind: 'scim', organization: acme, state: null, lifecycle: true, trustEmail: 'verified' },
    { id: saml, kind: 'saml', organization: acme, state: null, lifecycle: false, trustEmail: 'verified' },
  ],
  mappings: [],
};

/** What the connection says of people by their address. */
export async function scimSays(
  { sync }: Pick<Site, 'sync'>,
  people: Readonly<Record<string, 'active' | 'inactive' | 'gone'>>,
): Promise<void> {
  const entries = Object.entries(people);
  const reading: PushReading = {
    kind: 'push',
    connection: scim,
    at: sync.now(),
    people: entries
      .filter(([, state]) => state !== 'gone')
      .map(([email, state]) => ({
        externalId: email,
        active: state === 'active',
        attributes: { email, userName: email, firstName: null, lastName: null, locator: null },
        groups: 'unknown',
      })),
    groups: [],
    joins: [],
    leaves: [],
    peopleGone: entries.filter(([, state]) => state === 'gone').map(([email]) => email),
    groupsGone: [],
  };
  await push(sync, reading);
}

/** The last link that was mailed to the address, as a path of the site. */
export function mailedPath(site: Site, to: string): string {
  const mail = site.mails.findLast((one) => one.to === to);
  if (mail === undefined) throw new Error(`no mail went to ${to}`);
  const { pathname, search } = new URL(mail.link);
  return pathname + search;
}

/** Signs in a person whose account a directory or the file made: by the link that proves the address is theirs. */
export async function enterByMail(site: Site, email: string): Promise<Browser> {
  await askForReset(site.context, email);
  const browser = site.browser();
  const answer = await browser.submit(mailedPath(site, email), { password: PASSWORD });
  if (answer.status !== 303) throw new Error(`${email} cannot enter: ${answer.status} ${answer.text}`);
  return browser;
}

/** The organizations that whoami lists, with the role in each. */
export async function rolesOf(browser: Browser): Promise<Record<string, string>> {
  const { org_membership: list } = (await browser.get('/api/current-user/whoami')).json() as {
    org_membership: { organization_id: string; role: string }[];
  };
  return Object.fromEntries(list.map(({ organization_id: id, role }) => [id, role]));
}
