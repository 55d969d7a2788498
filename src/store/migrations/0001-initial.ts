// The first schema. Rules that must never break stand here as far as a schema can say them: one Owner or one
// unresolved vacancy (law 7), the Owner is an active member, one open hold per connection and organization.
import { changes } from './0001-initial/changes.ts';
import { facts } from './0001-initial/facts.ts';
import { organizations } from './0001-initial/organizations.ts';
import { staging } from './0001-initial/staging.ts';
import type { ForwardKey, Migration } from './migration.ts';
import { runStatements, withForwardKeys } from './migration.ts';

/** The seat points at its vacancy and at the Owner's membership, and both point back at the organization. */
const SEAT: readonly ForwardKey[] = [
  'FOREIGN KEY (vacancy) REFERENCES vacancies (id) DEFERRABLE INITIALLY DEFERRED',
  'FOREIGN KEY (id, owner, owner_status) REFERENCES memberships (organization, account, status) DEFERRABLE INITIALLY DEFERRED',
].map((clause) => ({ table: 'organizations', clause }));

export const initial: Migration = {
  async up(db) {
    await runStatements(db, withForwardKeys(db, [...organizations, ...facts, ...changes, ...staging], SEAT));
  },
};
