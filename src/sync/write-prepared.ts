// What a reading teaches, written: facts, accounts, who is whose, and which keeps it ends.
import type { AccountId, ConnectionId, Instant } from '../core/ids.ts';
import type { Database } from '../store/database.ts';
import { endKeeps } from '../store/holds.ts';
import { writeFacts } from '../store/write-facts.ts';
import { writeAccounts, writeLinks } from './join.ts';
import type { Prepared } from './prepare.ts';

/** @param containers where people stand in the source, for those of whom it was told */
export async function writePrepared(
  db: Database,
  connection: ConnectionId,
  { facts, joining, changedAbout }: Prepared,
  at: Instant,
  containers: ReadonlyMap<string, string | null> = new Map(),
): Promise<void> {
  await writeAccounts(db, joining, at);
  const accounts = new Map<string, AccountId>();
  for (const { person, account } of joining.joined) {
    if (person.person.connection === connection) accounts.set(person.person.externalId, account);
  }
  await writeFacts(db, connection, facts, { containers, accounts }, at);
  const written = new Set(facts.people.map(({ externalId }) => externalId));
  await writeLinks(db, joining, at, (person) => person.connection === connection && written.has(person.externalId));
  await endKeeps(db, connection, changedAbout, at);
}
