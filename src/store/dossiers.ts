// The dossier of an account: everything that planning it needs, read for many accounts at once.
import type { LinkedPerson } from '../core/grant.ts';
import type { AccountId } from '../core/ids.ts';
import type { Mask } from '../core/mask.ts';
import type { Block, PersonGrant } from '../core/membership.ts';
import type { Dossier } from '../core/plan.ts';
import { loadAccounts } from './accounts.ts';
import type { Database } from './database.ts';
import { fromJson, inGroups } from './database.ts';
import type { PersonRow } from './facts.ts';
import { loadLinksOf, PERSON, personFromRow } from './facts.ts';
import { heldMasks } from './holds.ts';
import { MEMBERSHIP, membershipFromRow } from './memberships.ts';
import type { MembershipRow } from './memberships.ts';
import { loadPlacementRows, placementFromRow } from './placements.ts';
import { oneOf, rowsOf } from './statement.ts';

/** Dossiers of the accounts that exist, in the order of `accounts`. */
export async function loadDossiers(db: Database, accounts: readonly AccountId[]): Promise<Dossier[]> {
  const dossiers: Dossier[] = [];
  for (const group of inGroups(accounts)) dossiers.push(...(await loadGroup(db, group)));
  return dossiers;
}

async function loadGroup(db: Database, accounts: readonly AccountId[]): Promise<Dossier[]> {
  const ids = [...accounts];
  const known = await loadAccounts(db, ids);
  const people = await loadLinkedPeople(db, ids);
  const mine = oneOf(db, 'account');
  const grants = groupByAccount(
    await rowsOf<PersonGrant>(
      db,
      `SELECT organization, account, role, source, since FROM person_grants WHERE ${mine}`,
      [ids],
    ),
  );
  const blocks = groupByAccount(
    await rowsOf<Block>(db, `SELECT organization, account, connection, reason, since FROM blocks WHERE ${mine}`, [ids]),
  );
  const keeps = await rowsOf<{ mask: string }>(
    db,
    `SELECT mask FROM keeps WHERE ${mine} AND ended_at IS NULL ORDER BY id`,
    [ids],
  );
  const held = await heldMasks(db, ids);
  const masks = groupByAccount([...keeps.map(({ mask }) => fromJson<Mask>(mask)), ...held]);
  const memberships = groupByAccount(
    (
      await rowsOf<MembershipRow>(db, `SELECT ${MEMBERSHIP} FROM memberships WHERE ${mine} ORDER BY organization`, [
        ids,
      ])
    ).map(membershipFromRow),
  );
  const placements = groupByAccount((await loadPlacementRows(db, ids)).map(placementFromRow));
  return ids.flatMap((account): Dossier[] => {
    const found = known.get(account);
    if (found === undefined) return [];
    return [
      {
        account,
        email: found.email,
        people: people.get(account) ?? [],
        personGrants: grants.get(account) ?? [],
        blocks: blocks.get(account) ?? [],
        masks: masks.get(account) ?? [],
        memberships: memberships.get(account) ?? [],
        placements: placements.get(account) ?? [],
      },
    ];
  });
}

async function loadLinkedPeople(
  db: Database,
  accounts: readonly AccountId[],
): Promise<ReadonlyMap<AccountId, LinkedPerson[]>> {
  const rows = await rowsOf<PersonRow>(
    db,
    `SELECT ${PERSON} FROM external_people WHERE ${oneOf(db, 'account')} ORDER BY connection, external_id`,
    [accounts],
  );
  const byConnection = Map.groupBy(rows, ({ connection }) => connection);
  const result = new Map<AccountId, LinkedPerson[]>();
  for (const [connection, list] of byConnection) {
    const links = Map.groupBy(
      await loadLinksOf(
        db,
        connection,
        'person',
        list.map((row) => row.external_id),
      ),
      ({ member }) => member.externalId,
    );
    for (const row of list) {
      if (row.account === null) continue;
      const { account: _account, ...person } = personFromRow(row);
      const groups = (links.get(row.external_id) ?? []).map(({ group, since }) => ({ group, since }));
      result.set(row.account, [...(result.get(row.account) ?? []), { person, groups }]);
    }
  }
  return result;
}

function groupByAccount<T extends { readonly account: AccountId }>(rows: readonly T[]): ReadonlyMap<AccountId, T[]> {
  return Map.groupBy(rows, ({ account }) => account);
}
