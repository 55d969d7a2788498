// What the usual providers call things when nothing else is set, and how one is told by its metadata. A connection's own
// settings go first; these are what is looked for when they say nothing (docs/idp).
import type { SamlSettings } from '../connection/saml.ts';

export type ProviderKind =
  | 'okta'
  | 'entra'
  | 'google'
  | 'ping'
  | 'auth0'
  | 'onelogin'
  | 'adfs'
  | 'keycloak'
  | 'simplesamlphp'
  | 'other';

export interface AttributeNames {
  readonly email: readonly string[];
  readonly firstName: readonly string[];
  readonly lastName: readonly string[];
  readonly groups: readonly string[];
}

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';

const PRESETS: Readonly<Record<ProviderKind, AttributeNames>> = {
  okta: names('email', 'firstName', 'lastName', 'groups'),
  entra: names(
    `${CLAIMS}/emailaddress`,
    `${CLAIMS}/givenname`,
    `${CLAIMS}/surname`,
    'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups',
  ),
  google: names('Email', 'FirstName', 'LastName', 'Groups'),
  ping: names('emailAddress', 'givenName', 'surname', 'Groups'),
  auth0: {
    email: ['email', `${CLAIMS}/emailaddress`],
    firstName: ['given_name', `${CLAIMS}/givenname`],
    lastName: ['family_name', `${CLAIMS}/surname`],
    groups: ['groups', 'http://schemas.xmlsoap.org/claims/Group'],
  },
  onelogin: names('User.email', 'User.FirstName', 'User.LastName', 'memberOf'),
  adfs: names(
    `${CLAIMS}/emailaddress`,
    `${CLAIMS}/givenname`,
    `${CLAIMS}/surname`,
    'http://schemas.xmlsoap.org/claims/Group',
  ),
  keycloak: {
    email: ['email', 'urn:oid:1.2.840.113549.1.9.1'],
    firstName: ['firstName', 'urn:oid:2.5.4.42'],
    lastName: ['lastName', 'urn:oid:2.5.4.4'],
    groups: ['groups', 'member'],
  },
  simplesamlphp: {
    email: ['mail', 'email', 'urn:oid:0.9.2342.19200300.100.1.3'],
    firstName: ['givenName', 'urn:oid:2.5.4.42'],
    lastName: ['sn', 'urn:oid:2.5.4.4'],
    groups: ['groups', 'eduPersonAffiliation', 'urn:oid:1.3.6.1.4.1.5923.1.1.1.1'],
  },
  other: { email: [], firstName: [], lastName: [], groups: [] },
};

/** Attributes that stand for groups too many to send: the list is unknown, not empty. */
export const OVERAGE_LINKS: readonly string[] = [
  'http://schemas.microsoft.com/claims/groups.link',
  'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups.link',
];

/** Told by how each writes its entity id; a guess only widens the names that are looked for. */
const SIGNS: readonly (readonly [ProviderKind, RegExp])[] = [
  ['okta', /^http:\/\/www\.okta\.com\//],
  ['entra', /^https:\/\/(?:sts\.windows\.net|login\.microsoftonline\.(?:com|us))\//],
  ['google', /^https:\/\/accounts\.google\.com\/o\/saml2/],
  ['ping', /^https:\/\/auth\.pingone\.[a-z.]+\/|^PingConnect$|pingidentity\.com/],
  ['auth0', /^urn:[^:/]+\.auth0\.com$|\.auth0\.com\//],
  ['onelogin', /^https:\/\/[^/]*onelogin\.com\/saml\/metadata/],
  ['adfs', /\/adfs\/services\/trust$/i],
  ['keycloak', /\/realms\/[^/]+$/],
  ['simplesamlphp', /\/saml2\/idp\/metadata\.php$/],
];

export function providerKindOf(entityId: string): ProviderKind {
  return SIGNS.find(([, sign]) => sign.test(entityId))?.[0] ?? 'other';
}

/** The names under which each attribute is looked for: the one that is set, else the default and the provider's own. */
export function attributeNames(settings: SamlSettings, kind: ProviderKind): AttributeNames {
  const preset = PRESETS[kind];
  const pick = (stated: string | null, usual: string, own: readonly string[]): readonly string[] =>
    stated === null ? [...new Set([usual, ...own])] : [stated];
  return {
    email: pick(settings.attributes.email, 'Email', preset.email),
    firstName: pick(settings.attributes.firstName, 'FirstName', preset.firstName),
    lastName: pick(settings.attributes.lastName, 'LastName', preset.lastName),
    groups: pick(settings.attributes.groups, 'Groups', preset.groups),
  };
}

function names(email: string, firstName: string, lastName: string, groups: string): AttributeNames {
  return { email: [email], firstName: [firstName], lastName: [lastName], groups: [groups] };
}
