// What a store holds in the end, without what differs between two stores that hold the same: ids and times.
import type { Database } from '../../src/store/database.ts';

/** Facts, links, roles, seats, and the history: each change of a role or a status stands there exactly once. */
export async function outcome(db: Database): Promise<Record<string, readonly string[]>> {
  return {
    people: await lines(
      db('external_people')
        .leftJoin('accounts', 'accounts.id', 'external_people.account')
        .select('external_id', 'present', 'active', 'external_people.email', 'user_name', 'external_people.last_name')
        .select('locator', 'container', 'missed', 'accounts.email_key as account'),
    ),
    groups: await lines(db('external_groups').select('external_id', 'name', 'present', 'missed')),
    links: await lines(db('links').select('member_kind', 'member', 'in_group')),
    memberships: await lines(
      db('memberships')
        .join('accounts', 'accounts.id', 'memberships.account')
        .select('organization', 'email_key', 'role', 'status', 'source', 'because', 'suspended_by'),
    ),
    organizations: await lines(
      db('organizations')
        .leftJoin('accounts', 'accounts.id', 'organizations.owner')
        .select('organizations.id', 'accounts.email_key', db.raw('vacancy IS NULL AS filled')),
    ),
    history: await lines(
      db('changes')
        .where({ state: 'applied' })
        .select('organization', 'email', 'kind', 'before_standing', 'after_standing'),
    ),
    vacancies: await lines(db('events').where({ type: 'vacancy.opened' }).select('organization')),
    staged: await lines(db('staged_people').distinct('plan')),
    unfinished: await lines(db('runs').whereIn('state', ['reading', 'committing']).select('id')),
  };
}

const TIME = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

async function lines(query: PromiseLike<unknown>): Promise<string[]> {
  const rows = (await query) as Record<string, unknown>[];
  return rows.map((row) => JSON.stringify(Object.values(row)).replace(TIME, 'then')).toSorted();
}
