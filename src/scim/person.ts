// A User resource as a person of its connection (organizations.md section 5).
import type { PersonSaid } from '../core/reading.ts';
import type { Json, JsonObject } from './json.ts';
import { isObject } from './json.ts';

const ADDRESS = /^[^\s@]+@[^\s@]+$/;

export function personSaid(resource: JsonObject, externalId: string): PersonSaid {
  const name = isObject(resource['name']) ? resource['name'] : {};
  return {
    externalId,
    active: resource['active'] !== false,
    attributes: {
      email: addressOf(resource),
      userName: words(resource['userName']),
      firstName: words(name['givenName']),
      lastName: words(name['familyName']),
      locator: null,
    },
    // Groups are said by the groups' own resources.
    groups: 'unknown',
  };
}

/** The primary e-mail, else the work one, else the first, else a userName that is an address. */
export function addressOf(resource: JsonObject): string | null {
  const emails = resource['emails'];
  const list = (Array.isArray(emails) ? (emails as readonly Json[]) : []).filter(isObject);
  const chosen =
    list.find(({ primary, value }) => primary === true && words(value) !== null) ??
    list.find(({ type, value }) => words(type)?.toLowerCase() === 'work' && words(value) !== null) ??
    list.find(({ value }) => words(value) !== null);
  if (chosen !== undefined) return words(chosen['value']);
  const userName = words(resource['userName']);
  return userName !== null && ADDRESS.test(userName) ? userName : null;
}

function words(value: Json | undefined): string | null {
  const text = typeof value === 'string' ? value.trim() : '';
  return text === '' ? null : text;
}
