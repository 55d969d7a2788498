// Whose account an external person is, decided by the core when they are first met.
import { emailKey } from '../../src/core/fact.ts';
import type { AccountId, ConnectionId } from '../../src/core/ids.ts';
import type { LinkDecision } from '../../src/core/account-link.ts';
import type { World } from './world.ts';

export function joinPeople(world: World, connection: ConnectionId): string[] {
  const joined: string[] = [];
  const met = new Set<string>();
  for (const externalId of [...world.factsOf(connection).people.keys()].sort()) {
    if (world.links.has(`${connection} ${externalId}`)) continue;
    const decision = decide(world, connection, externalId, met);
    world.decisions.push(decision.kind === 'conflict' ? decision.reason : decision.kind);
    if (decision.kind === 'join') world.links.set(`${connection} ${externalId}`, decision.account);
    else if (decision.kind === 'create') create(world, connection, externalId);
    else continue;
    joined.push(externalId);
  }
  return joined;
}

function create(world: World, connection: ConnectionId, externalId: string): void {
  const email = world.factsOf(connection).people.get(externalId)?.attributes.email ?? '';
  const account = `account-of-${emailKey(email)}` as AccountId;
  world.accounts.set(account, email);
  world.links.set(`${connection} ${externalId}`, account);
}

/** What the core decides of a person without an account; `met` collects the addresses seen in this reading. */
function decide(world: World, id: ConnectionId, externalId: string, met: Set<string>): LinkDecision {
  const facts = world.factsOf(id);
  const person = facts.people.get(externalId);
  const connection = world.connections.get(id);
  if (person === undefined || connection === undefined) return { kind: 'wait' };
  const { email } = person.attributes;
  const key = email === null ? null : emailKey(email);
  const addressTaken = key !== null && met.has(key);
  if (key !== null) met.add(key);
  const holder = [...world.accounts].find(([, address]) => emailKey(address) === key)?.[0];
  return world.core.decideLink({
    connection,
    person,
    verifiedDomains: new Set(world.setting.verifiedDomains),
    holder: holder === undefined ? null : { account: holder, linkedIds: linkedIds(world, id, holder) },
    granted: isGranted(world, id, externalId),
    addressTaken,
  });
}

function linkedIds(world: World, connection: ConnectionId, account: AccountId): string[] {
  const prefix = `${connection} `;
  return [...world.links].flatMap(([key, to]) =>
    to === account && key.startsWith(prefix) ? [key.slice(prefix.length)] : [],
  );
}

function isGranted(world: World, connection: ConnectionId, externalId: string): boolean {
  const facts = world.factsOf(connection);
  const person = facts.people.get(externalId);
  const view = world.views().find((one) => one.connection.id === connection);
  if (person === undefined || view === undefined) return false;
  const groups = facts.linksOf('person', externalId);
  return [...world.organizations.values()].some(
    (one) => (world.core.sayOf(view, one, [{ person, groups }])?.grants.length ?? 0) > 0,
  );
}
