// A directory learns of somebody who has signed in already, perhaps under another address: the same match by which a
// sign-in finds its person in a directory (organizations.md section 5), asked from the other side. Else it would depend
// on who spoke first whether one person has one account or two.
import { foldsPlainly } from '../core/fact.ts';
import type { AccountId } from '../core/ids.ts';
import type { ConnectionView } from '../core/group-graph.ts';
import type { LinkedPerson } from '../core/grant.ts';
import type { Landscape } from '../core/plan.ts';
import type { Database } from '../store/database.ts';
import { linkedIds, linkedByUserName } from '../store/external-people.ts';

/**
 * Accounts of people who signed in under these user names through a provider of the same owner, by external id. Not of
 * those whom the directory knew under another id before: a name that comes back is another person.
 */
export async function knownBySignIn(
  db: Database,
  landscape: Landscape,
  { connection }: ConnectionView,
  people: readonly LinkedPerson[],
): Promise<ReadonlyMap<string, AccountId>> {
  const found = new Map<string, AccountId>();
  if (connection.kind === 'saml') return found;
  const providers = landscape.connections
    .map((view) => view.connection)
    .filter((one) => one.kind === 'saml' && one.state === 'active' && one.organization === connection.organization)
    .map(({ id }) => id);
  const named = people.filter(({ person: { attributes } }) => foldsPlainly(attributes.userName ?? ''));
  const byName = Map.groupBy(named, ({ person }) => person.attributes.userName?.toLowerCase() ?? '');
  const names = [...byName].flatMap(([name, list]) => (name !== '' && list.length === 1 ? [name] : []));
  if (providers.length === 0 || names.length === 0) return found;
  const signedIn = await linkedByUserName(db, providers, names);
  const known = await linkedIds(db, connection.id, [...signedIn.values()].flat());
  for (const name of names) {
    const accounts = signedIn.get(name) ?? [];
    const [only] = accounts;
    const [entry] = byName.get(name) ?? [];
    // Two under one name, here or there: neither is a guess worth making.
    if (only === undefined || entry === undefined || accounts.length > 1 || known.has(only)) continue;
    found.set(entry.person.externalId, only);
  }
  return found;
}
