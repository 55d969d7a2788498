// The User schema and its enterprise extension (RFC 7643 sections 4.1 and 4.3).
import type { Schema } from './attribute.ts';
import { complex, list, reference, text, truth } from './attribute.ts';

const READ_ONLY = { mutability: 'readOnly' } as const;

export const USER_SCHEMA: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:User',
  name: 'User',
  description: 'User Account',
  attributes: [
    text('userName', 'What the person is known by to the client; unique, ignoring case', {
      required: true,
      uniqueness: 'server',
    }),
    complex('name', "The parts of the person's name", [
      text('formatted', 'The whole name'),
      text('familyName', 'The family name'),
      text('givenName', 'The given name'),
      text('middleName', 'The middle names'),
      text('honorificPrefix', 'The title'),
      text('honorificSuffix', 'The suffix'),
    ]),
    text('displayName', 'The name to show'),
    text('nickName', 'The casual name'),
    reference('profileUrl', ['external'], 'A page about the person'),
    text('title', 'The job title'),
    text('userType', 'The relation to the organization'),
    text('preferredLanguage', 'The preferred language'),
    text('locale', 'The locale, for formats'),
    text('timezone', 'The time zone'),
    truth('active', 'Whether the person may work; true unless stated'),
    text('password', 'Accepted and never stored: this server has no passwords of its own', {
      mutability: 'writeOnly',
      returned: 'never',
    }),
    list('emails', 'E-mail addresses', ['work', 'home', 'other'], text('value', 'The address')),
    list(
      'phoneNumbers',
      'Telephone numbers',
      ['work', 'home', 'mobile', 'fax', 'pager', 'other'],
      text('value', 'The number'),
    ),
    list('ims', 'Instant messaging addresses', [], text('value', 'The address')),
    list('photos', 'Pictures', ['photo', 'thumbnail'], reference('value', ['external'], "The picture's address")),
    complex(
      'addresses',
      'Postal addresses',
      [
        text('formatted', 'The whole address'),
        text('streetAddress', 'Street and number'),
        text('locality', 'City'),
        text('region', 'State or region'),
        text('postalCode', 'Postal code'),
        text('country', 'Country'),
        text('type', 'What it is used for', { canonicalValues: ['work', 'home', 'other'] }),
        truth('primary', 'Whether it is the one to use first; true for one value at most'),
      ],
      { multiValued: true },
    ),
    complex(
      'groups',
      'The groups that the person is directly in; changed through the groups',
      [
        text('value', 'Id of the group', { ...READ_ONLY, caseExact: true }),
        reference('$ref', ['Group'], 'Address of the group', READ_ONLY),
        text('display', 'Name of the group', READ_ONLY),
        text('type', 'direct', { ...READ_ONLY, canonicalValues: ['direct'] }),
      ],
      { ...READ_ONLY, multiValued: true },
    ),
    list('entitlements', 'Entitlements', [], text('value', 'The entitlement')),
    list('roles', 'Roles', [], text('value', 'The role')),
    list('x509Certificates', 'Certificates', [], {
      ...text('value', 'The certificate, base64', { caseExact: true }),
      type: 'binary',
    }),
  ],
};

export const ENTERPRISE_SCHEMA: Schema = {
  id: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  name: 'EnterpriseUser',
  description: 'What an organization knows of a person',
  attributes: [
    text('employeeNumber', 'The number by which the organization knows the person'),
    text('costCenter', 'The cost centre'),
    text('organization', 'The organization'),
    text('division', 'The division'),
    text('department', 'The department'),
    complex('manager', 'To whom the person reports', [
      text('value', 'Id of the manager', { caseExact: true }),
      reference('$ref', ['User'], 'Address of the manager'),
      text('displayName', "The manager's name"),
    ]),
  ],
};
