// What a store says after a step, read here: a process for each question costs most of a second.
import type { OrganizationId } from '../../src/core/ids.ts';
import { shown } from '../../src/core/membership.ts';
import type { Database } from '../../src/store/database.ts';
import { openDatabase } from '../../src/store/database.ts';
import { loadHolds } from '../../src/store/holds.ts';
import { listMembers } from '../../src/store/memberships.ts';
import { loadOrganizations } from '../../src/store/organizations.ts';
import { recompute } from '../../src/sync/recompute.ts';

export interface Standing {
  /** Rows of the organization, as `members` lists them: role, and the status where it is not active. */
  readonly members: string;
  readonly holds: string;
  /** History rows of a role or a status so far. */
  readonly written: number;
  /** What planning everybody anew would change (law 13). */
  readonly differences: readonly unknown[];
  /** Ids of the groups, by their names. */
  readonly groups: ReadonlyMap<string, string>;
}

export async function standingOf(url: string, organization: string): Promise<Standing> {
  const db = openDatabase(url);
  const rows = db('changes').where({ state: 'applied', target_kind: 'organization' }).whereNot({ kind: 'reason' });
  const written = await rows.count({ n: '*' }).first();
  const holds = await loadHolds(db);
  const brake = { share: 0.2, people: 10, windowMs: 86_400_000, deadlineMs: null };
  const { differences } = await recompute({ db, brake, now: () => new Date().toISOString() }, () => undefined);
  const groups: { name: string; external_id: string }[] = await db('external_groups').select('name', 'external_id');
  const standing = {
    members: await membersOf(db, organization as OrganizationId),
    holds: holds.map(({ state, brakes }) => `${state} ${brakes.join(' ')}`).join(', '),
    written: Number(written?.['n'] ?? 0),
    differences,
    groups: new Map(groups.map(({ name, external_id: id }) => [name, id])),
  };
  await db.destroy();
  return standing;
}

async function membersOf(db: Database, id: OrganizationId): Promise<string> {
  const [organization] = await loadOrganizations(db, [id]);
  const told: string[] = [];
  for await (const member of listMembers(db, id)) {
    told.push(line({ email: member.email, ...shown(member, member.account === organization?.owner) }));
  }
  return told.join(', ');
}

/** A member as a step table writes it. */
export function line({ email, role, status }: { email: string; role: string; status: string }): string {
  return `${email.split('@')[0]} ${role}${status === 'active' ? '' : ` ${status}`}`;
}
