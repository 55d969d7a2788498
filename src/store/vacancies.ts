// The Owner's seat and its vacancy. Both columns change in one statement, since the schema allows only one of them
// to be set (law 7); and whoever opens or resolves a vacancy tells of it in the same transaction.
import type { AccountId, Instant, OrganizationId } from '../core/ids.ts';
import type { Suspension } from '../core/membership.ts';
import { loadAccounts } from './accounts.ts';
import type { Database } from './database.ts';
import { fromJson } from './database.ts';
import { newId } from './ids.ts';
import type { EventType, NewEvent } from './outbox.ts';
import { addEvents } from './outbox.ts';

export interface Vacancy {
  readonly id: string;
  readonly organization: OrganizationId;
  readonly formerOwner: AccountId;
  readonly state: 'open' | 'escalated' | 'resolved';
  readonly openedAt: Instant;
  readonly cause: VacancyCause;
  readonly resolvedAt: Instant | null;
  readonly resolution: Resolution | null;
  readonly supportCase: string | null;
}

export interface VacancyCause {
  readonly suspension: Suspension | null;
  readonly text: string;
}

/** How a vacancy ended (organizations.md section 3). */
export interface Resolution {
  readonly how: 'assigned' | 'successor' | 'returned';
  readonly owner: AccountId;
  readonly reason: string;
}

interface VacancyRow {
  id: string;
  organization: OrganizationId;
  former_owner: AccountId;
  state: Vacancy['state'];
  opened_at: Instant;
  cause: string;
  resolved_at: Instant | null;
  resolution: string | null;
  support_case: string | null;
}

function fromRow(row: VacancyRow): Vacancy {
  return {
    id: row.id,
    organization: row.organization,
    formerOwner: row.former_owner,
    state: row.state,
    openedAt: row.opened_at,
    cause: fromJson<VacancyCause>(row.cause),
    resolvedAt: row.resolved_at,
    resolution: row.resolution === null ? null : fromJson<Resolution>(row.resolution),
    supportCase: row.support_case,
  };
}

/** Organizations whose seat is empty now. */
export async function vacantOrganizations(db: Database): Promise<ReadonlySet<string>> {
  const rows: { id: string }[] = await db('organizations').whereNotNull('vacancy').select('id');
  return new Set(rows.map(({ id }) => id));
}

/** All vacancies, oldest first, resolved ones too. */
export async function loadVacancies(db: Database): Promise<Vacancy[]> {
  return ((await db('vacancies').orderBy('id')) as VacancyRow[]).map(fromRow);
}

/** Empties the seat and opens the vacancy. */
export async function openVacancy(
  db: Database,
  organization: OrganizationId,
  formerOwner: AccountId,
  cause: VacancyCause,
  at: Instant,
): Promise<string> {
  const id = newId<string>();
  await db('vacancies').insert({
    id,
    organization,
    former_owner: formerOwner,
    state: 'open',
    opened_at: at,
    cause: JSON.stringify(cause),
  });
  await db('organizations').where({ id: organization }).update({ owner: null, vacancy: id });
  await addEvents(db, await vacancyEvents(db, [id], 'vacancy.opened', at));
  return id;
}

/** Fills the vacant seat and closes the vacancy. */
export async function resolveVacancy(
  db: Database,
  organization: OrganizationId,
  resolution: Resolution,
  at: Instant,
): Promise<void> {
  const unresolved: { id: string }[] = await db('vacancies')
    .where({ organization })
    .whereNot({ state: 'resolved' })
    .select('id');
  const ids = unresolved.map(({ id }) => id);
  await db('vacancies')
    .whereIn('id', ids)
    .update({ state: 'resolved', resolved_at: at, resolution: JSON.stringify(resolution) });
  await db('organizations').where({ id: organization }).update({ owner: resolution.owner, vacancy: null });
  await addEvents(db, await vacancyEvents(db, ids, 'vacancy.resolved', at));
}

/** What support is told of vacancies. The vacancy's id is the key of its one case, whatever is told and however often. */
export async function vacancyEvents(
  db: Database,
  ids: readonly string[],
  type: Extract<EventType, `vacancy.${string}`>,
  at: Instant,
): Promise<NewEvent[]> {
  const rows: (VacancyRow & { title: string })[] = await db('vacancies')
    .join('organizations', 'organizations.id', 'vacancies.organization')
    .whereIn('vacancies.id', [...ids])
    .orderBy('vacancies.id')
    .select('vacancies.*', 'organizations.title');
  const events: NewEvent[] = [];
  for (const row of rows) {
    const vacancy = fromRow(row);
    const { resolution } = vacancy;
    const people = [vacancy.formerOwner, ...(resolution === null ? [] : [resolution.owner])];
    const accounts = await loadAccounts(db, people);
    const email = (id: AccountId): string | null => accounts.get(id)?.email ?? null;
    const data = {
      case: { external_id: vacancy.id, status: resolution === null ? 'open' : 'closed' },
      organization: { id: vacancy.organization, title: row.title },
      former_owner: email(vacancy.formerOwner),
      opened_at: vacancy.openedAt,
      cause: vacancy.cause.text,
      suspended_by: vacancy.cause.suspension,
      candidates: resolution === null ? await loadCandidates(db, vacancy.organization) : [],
      how_to_resolve:
        resolution === null
          ? `rollcall vacancies assign ${vacancy.organization} --to EMAIL --reason "TEXT"`
          : 'nothing is left to do',
      resolved_at: vacancy.resolvedAt,
      resolution: resolution === null ? null : { ...resolution, owner: email(resolution.owner) },
    };
    events.push({ type, subject: `vacancy/${vacancy.id}`, organization: vacancy.organization, at, data });
  }
  return events;
}

export interface Candidate {
  readonly email: string;
  readonly role: 'administrator' | 'manager';
  readonly since: Instant;
}

/** Who could take the seat: active Administrators, longest-standing first, then Managers. */
export async function loadCandidates(db: Database, organization: OrganizationId): Promise<Candidate[]> {
  return db('memberships')
    .join('accounts', 'accounts.id', 'memberships.account')
    .where({ organization, status: 'active' })
    .whereIn('role', ['administrator', 'manager'])
    .orderBy(['role', { column: 'memberships.created_at' }, 'accounts.email_key'])
    .select('accounts.email', 'memberships.role', { since: 'memberships.created_at' });
}
