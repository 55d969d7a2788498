// Who the assertion is about: the stable id, the address, the names, the groups, and the value by which the same person
// is found in the organization's directories.
import type { SamlSettings } from '../connection/saml.ts';
import { emailKey, isAddress } from '../core/fact.ts';
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { PushReading, Unknown } from '../core/reading.ts';
import { readGroups } from './groups.ts';
import type { Assertion } from './message.ts';
import type { ProviderKind } from './presets.ts';
import { attributeNames } from './presets.ts';
import type { Refusal } from './refusal.ts';

export interface Identity {
  readonly externalId: string;
  /** Lower case. */
  readonly email: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly groups: readonly string[] | Unknown;
  /** What `matchOn.saml` names; null when the assertion does not say it. */
  readonly match: string | null;
}

const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
const TRANSIENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';

/** Longer ones are no ids but a way to fill the store. */
const LONGEST_ID = 1024;

export function readIdentity(assertion: Assertion, settings: SamlSettings, kind: ProviderKind): Identity | Refusal {
  const { attributes, nameId } = assertion;
  const names = attributeNames(settings, kind);
  const first = (list: readonly string[]): string | null =>
    list.map((name) => attributes.get(name)?.[0] ?? null).find((value) => value !== null) ?? null;
  const lasting = nameId === null || nameId.format === TRANSIENT ? null : nameId.value;
  const email = addressOf(first(names.email)) ?? addressOf(lasting);

  const id = stableId(assertion, settings, email);
  if (typeof id !== 'string') return id;
  if (id.length > LONGEST_ID)
    return { rule: 'hasAnIdentity', reason: `the id is longer than ${LONGEST_ID} characters` };
  const matchedBy = settings.matchOn.saml;
  return {
    externalId: id,
    email,
    firstName: first(names.firstName),
    lastName: first(names.lastName),
    groups: readGroups(attributes, names.groups, settings.groupsWhenMissing),
    match: matchedBy === 'NameID' ? lasting : (attributes.get(matchedBy)?.[0] ?? null),
  };
}

/** The configured attribute, else a persistent NameID, else the e-mail; never a transient NameID, which is new each time. */
function stableId({ attributes, nameId }: Assertion, settings: SamlSettings, email: string | null): string | Refusal {
  const attribute = settings.attributes.id;
  if (attribute !== null) {
    const values = attributes.get(attribute) ?? [];
    // Falling back to another id would make another person of them.
    if (values.length === 1 && values[0] !== undefined) return values[0];
    return {
      rule: 'hasAnIdentity',
      reason: `the attribute ${attribute}, which holds the stable id, has ${values.length} values, not one`,
    };
  }
  if (nameId?.format === PERSISTENT) return nameId.value;
  if (email !== null) return emailKey(email);
  return {
    rule: 'hasAnIdentity',
    reason: 'no persistent NameID and no e-mail: send one of them, or set attributes.id',
  };
}

function addressOf(text: string | null): string | null {
  // Before it is folded: what folds into another's address must not become it.
  return text !== null && isAddress(text) && /^[^<>"(),;:\\]+$/.test(text) ? emailKey(text) : null;
}

/**
 * What the assertion says, through the door that everything else comes through.
 * @param userName the name in the organization's directories, so that one that learns of the person later finds them.
 */
export function toReading(
  identity: Identity,
  connection: ConnectionId,
  userName: string | null,
  at: Instant,
): PushReading {
  const groups = identity.groups === 'unknown' ? [] : identity.groups;
  return {
    kind: 'push',
    connection,
    at,
    people: [
      {
        externalId: identity.externalId,
        // A provider that signs somebody in says that they are there; it never says that somebody is not.
        active: true,
        attributes: {
          email: identity.email,
          userName,
          firstName: identity.firstName,
          lastName: identity.lastName,
          locator: null,
        },
        groups: identity.groups,
      },
    ],
    groups: groups.map((name) => ({ externalId: name, name, nameKey: name, members: 'unknown' })),
    joins: [],
    leaves: [],
    peopleGone: [],
    groupsGone: [],
  };
}
