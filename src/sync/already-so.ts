// Whether a sign-in says anything that was not so before. Planning what is already so gives nothing and writes nothing
// (laws 2 and 13), and most sign-ins say what the last one said: these need no plan, however many groups they name.
import type { PushReading } from '../core/reading.ts';
import type { Database } from '../store/database.ts';
import { countPresentGroups, loadLinksOf } from '../store/facts.ts';
import type { StoredPerson } from '../store/facts.ts';

/** @param known the person of the reading as stored; whoever is nobody's account yet is always looked at again. */
export async function isAlreadySo(
  db: Database,
  { connection, people }: PushReading,
  known: StoredPerson | undefined,
): Promise<boolean> {
  const [said] = people;
  if (said === undefined || known === undefined || known.account === null) return false;
  const { present, active, attributes } = known;
  if (!present || active !== said.active || !sameAttributes(attributes, said.attributes)) return false;
  if (said.groups === 'unknown') return true;
  const groups = new Set(said.groups);
  const links = await loadLinksOf(db, connection, 'person', [said.externalId]);
  if (links.length !== groups.size || !links.every(({ group }) => groups.has(group))) return false;
  // A group that is gone comes back by being named.
  return (await countPresentGroups(db, connection, [...groups])) === groups.size;
}

type Attributes = StoredPerson['attributes'];

function sameAttributes(a: Attributes, b: Attributes): boolean {
  const names = Object.keys(a) as (keyof Attributes)[];
  return names.every((name) => a[name] === b[name]);
}
