// The Group schema (RFC 7643 section 4.2).
import type { Schema } from './attribute.ts';
import { complex, reference, text } from './attribute.ts';

const IMMUTABLE = { mutability: 'immutable' } as const;
/** What the server tells of a member by its id; what a client says of that is not looked at. */
const READ_ONLY = { mutability: 'readOnly' } as const;

export const GROUP_SCHEMA: Schema = {
  id: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  name: 'Group',
  description: 'A group of people and groups',
  attributes: [
    text('displayName', 'The name of the group; unique, ignoring case', { required: true, uniqueness: 'server' }),
    complex(
      'members',
      'The people and groups directly in it',
      [
        text('value', 'Id of the member', { ...IMMUTABLE, caseExact: true }),
        reference('$ref', ['User', 'Group'], 'Address of the member', IMMUTABLE),
        text('type', 'User or Group', { ...READ_ONLY, canonicalValues: ['User', 'Group'] }),
        text('display', 'Name of the member', READ_ONLY),
      ],
      { multiValued: true },
    ),
  ],
};
