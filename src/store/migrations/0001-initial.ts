// The first schema. Rules that must never break stand here as far as a schema can say them: one Owner or one
// unresolved vacancy (law 7), the Owner is an active member, one open hold per connection and organization.
import type { Knex } from 'knex';

export const initial: Knex.Migration = {
  async up(db) {
    for (const statement of STATEMENTS) await db.raw(statement);
  },
  async down(db) {
    for (const table of TABLES.toReversed()) await db.raw(`DROP TABLE ${table}`);
  },
};

const STATEMENTS = [
  `CREATE TABLE write_lock (id integer PRIMARY KEY, revision integer NOT NULL)`,
  `INSERT INTO write_lock (id, revision) VALUES (1, 0)`,

  `CREATE TABLE accounts (
    id text PRIMARY KEY,
    email text NOT NULL,
    email_key text NOT NULL UNIQUE,
    first_name text,
    last_name text,
    created_at text NOT NULL
  )`,
  `CREATE TABLE account_activations (
    token_hash text PRIMARY KEY,
    account text NOT NULL REFERENCES accounts (id),
    created_at text NOT NULL,
    used_at text
  )`,

  // Exactly one of owner and vacancy, for as long as the organization is open; and the Owner is an active member.
  `CREATE TABLE organizations (
    id text PRIMARY KEY,
    title text NOT NULL,
    owner text,
    owner_status text NOT NULL DEFAULT 'active' CHECK (owner_status = 'active'),
    vacancy text REFERENCES vacancies (id) DEFERRABLE INITIALLY DEFERRED,
    successor text REFERENCES accounts (id),
    role_authority text NOT NULL CHECK (role_authority IN ('shared', 'directory')),
    default_role text NOT NULL CHECK (default_role IN ('not_activated', 'annotator', 'reviewer', 'manager', 'administrator')),
    seats integer CHECK (seats > 0),
    state text NOT NULL CHECK (state IN ('open', 'closed')),
    declared integer NOT NULL,
    created_at text NOT NULL,
    CHECK (state = 'closed' OR (owner IS NULL) <> (vacancy IS NULL)),
    FOREIGN KEY (id, owner, owner_status) REFERENCES memberships (organization, account, status) DEFERRABLE INITIALLY DEFERRED
  )`,
  `CREATE TABLE domains (
    organization text NOT NULL REFERENCES organizations (id),
    domain text NOT NULL,
    verified_by text NOT NULL,
    verified_at text NOT NULL,
    PRIMARY KEY (organization, domain)
  )`,
  `CREATE TABLE workspaces (
    id text PRIMARY KEY,
    organization text NOT NULL REFERENCES organizations (id),
    title text NOT NULL,
    title_key text NOT NULL,
    created_at text NOT NULL,
    UNIQUE (organization, title_key)
  )`,
  `CREATE TABLE projects (
    organization text NOT NULL REFERENCES organizations (id),
    id text NOT NULL,
    title text NOT NULL,
    workspace text REFERENCES workspaces (id),
    created_at text NOT NULL,
    PRIMARY KEY (organization, id)
  )`,

  `CREATE TABLE memberships (
    organization text NOT NULL REFERENCES organizations (id) DEFERRABLE INITIALLY DEFERRED,
    account text NOT NULL REFERENCES accounts (id),
    role text NOT NULL CHECK (role IN ('not_activated', 'annotator', 'reviewer', 'manager', 'administrator')),
    status text NOT NULL CHECK (status IN ('active', 'pending', 'deactivated')),
    source text NOT NULL,
    because text NOT NULL,
    suspended_by text,
    waiting_since text,
    created_at text NOT NULL,
    updated_at text NOT NULL,
    PRIMARY KEY (organization, account),
    UNIQUE (organization, account, status)
  )`,
  `CREATE INDEX memberships_by_account ON memberships (account)`,
  `CREATE INDEX memberships_waiting ON memberships (organization, waiting_since) WHERE waiting_since IS NOT NULL`,
  `CREATE INDEX memberships_by_status ON memberships (organization, status)`,
  `CREATE TABLE placements (
    organization text NOT NULL,
    account text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('workspace', 'project')),
    place text NOT NULL,
    role text NOT NULL CHECK (role IN ('member', 'inherit', 'annotator', 'reviewer')),
    because text NOT NULL,
    PRIMARY KEY (organization, account, kind, place),
    FOREIGN KEY (organization, account) REFERENCES memberships (organization, account)
  )`,
  `CREATE INDEX placements_by_account ON placements (account)`,

  `CREATE TABLE vacancies (
    id text PRIMARY KEY,
    organization text NOT NULL REFERENCES organizations (id) DEFERRABLE INITIALLY DEFERRED,
    former_owner text NOT NULL REFERENCES accounts (id),
    state text NOT NULL CHECK (state IN ('open', 'escalated', 'resolved')),
    opened_at text NOT NULL,
    cause text NOT NULL,
    resolved_at text,
    resolution text,
    support_case text
  )`,
  `CREATE UNIQUE INDEX vacancies_unresolved ON vacancies (organization) WHERE state <> 'resolved'`,

  `CREATE TABLE connections (
    id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('scim', 'ldap', 'saml')),
    organization text REFERENCES organizations (id),
    state text NOT NULL CHECK (state IN ('observe', 'active', 'paused', 'closed')),
    lifecycle integer NOT NULL,
    trust_email text NOT NULL CHECK (trust_email IN ('any', 'verified')),
    declared integer NOT NULL,
    declared_state integer NOT NULL,
    created_at text NOT NULL
  )`,
  `CREATE TABLE mappings (
    id text PRIMARY KEY,
    connection text NOT NULL REFERENCES connections (id),
    organization text NOT NULL REFERENCES organizations (id),
    group_by text NOT NULL CHECK (group_by IN ('name', 'id')),
    group_text text NOT NULL,
    group_key text NOT NULL,
    role text CHECK (role IN ('not_activated', 'annotator', 'reviewer', 'manager', 'administrator')),
    workspace_title text,
    workspace text REFERENCES workspaces (id),
    project text,
    project_role text CHECK (project_role IN ('inherit', 'annotator', 'reviewer')),
    open integer NOT NULL,
    declared integer NOT NULL,
    last_matched text NOT NULL,
    created_at text NOT NULL,
    closed_at text,
    CHECK (role IS NOT NULL OR workspace_title IS NOT NULL OR project IS NOT NULL)
  )`,
  `CREATE INDEX mappings_open ON mappings (connection) WHERE open = 1`,

  `CREATE TABLE external_people (
    connection text NOT NULL REFERENCES connections (id),
    external_id text NOT NULL,
    present integer NOT NULL,
    present_since text NOT NULL,
    active integer NOT NULL,
    active_since text NOT NULL,
    email text,
    email_key text,
    user_name text,
    first_name text,
    last_name text,
    locator text,
    container text,
    missed integer NOT NULL DEFAULT 0,
    account text REFERENCES accounts (id),
    linked_at text,
    PRIMARY KEY (connection, external_id)
  )`,
  `CREATE INDEX people_by_account ON external_people (account) WHERE account IS NOT NULL`,
  `CREATE INDEX people_by_email ON external_people (email_key)`,
  `CREATE INDEX people_by_container ON external_people (connection, container)`,
  `CREATE TABLE external_groups (
    connection text NOT NULL REFERENCES connections (id),
    external_id text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    present integer NOT NULL,
    since text NOT NULL,
    missed integer NOT NULL DEFAULT 0,
    PRIMARY KEY (connection, external_id)
  )`,
  `CREATE TABLE links (
    connection text NOT NULL,
    member_kind text NOT NULL CHECK (member_kind IN ('person', 'group')),
    member text NOT NULL,
    in_group text NOT NULL,
    since text NOT NULL,
    PRIMARY KEY (connection, member_kind, member, in_group)
  )`,
  `CREATE INDEX links_into ON links (connection, in_group)`,
  `CREATE TABLE conflicts (
    id text PRIMARY KEY,
    connection text NOT NULL,
    external_id text NOT NULL,
    reason text NOT NULL,
    account text REFERENCES accounts (id),
    email text,
    state text NOT NULL CHECK (state IN ('open', 'linked', 'discarded', 'moot')),
    facts text NOT NULL,
    created_at text NOT NULL,
    decided_at text
  )`,
  `CREATE UNIQUE INDEX conflicts_open ON conflicts (connection, external_id) WHERE state IN ('open', 'discarded')`,

  `CREATE TABLE person_grants (
    organization text NOT NULL REFERENCES organizations (id) DEFERRABLE INITIALLY DEFERRED,
    account text NOT NULL REFERENCES accounts (id),
    role text NOT NULL,
    source text NOT NULL CHECK (source IN ('manual', 'api', 'invitation')),
    since text NOT NULL,
    PRIMARY KEY (organization, account)
  )`,
  `CREATE TABLE blocks (
    organization text NOT NULL REFERENCES organizations (id),
    account text NOT NULL REFERENCES accounts (id),
    connection text,
    reason text NOT NULL,
    since text NOT NULL,
    PRIMARY KEY (organization, account)
  )`,
  `CREATE TABLE keeps (
    id text PRIMARY KEY,
    organization text NOT NULL REFERENCES organizations (id),
    account text NOT NULL REFERENCES accounts (id),
    connection text,
    mask text NOT NULL,
    created_at text NOT NULL,
    ended_at text
  )`,
  `CREATE INDEX keeps_open ON keeps (account) WHERE ended_at IS NULL`,

  `CREATE TABLE runs (
    id text PRIMARY KEY,
    connection text,
    kind text NOT NULL CHECK (kind IN ('sync', 'apply', 'push', 'people')),
    state text NOT NULL CHECK (state IN ('reading', 'committing', 'done', 'failed')),
    started_at text NOT NULL,
    finished_at text,
    holder text NOT NULL,
    heartbeat_at text NOT NULL,
    summary text
  )`,
  `CREATE UNIQUE INDEX runs_one_at_a_time ON runs (connection) WHERE state IN ('reading', 'committing') AND kind = 'sync'`,
  `CREATE TABLE plans (
    id text PRIMARY KEY,
    run text NOT NULL REFERENCES runs (id),
    connection text,
    state text NOT NULL CHECK (state IN ('planning', 'preview', 'committing', 'done')),
    piece integer NOT NULL DEFAULT 0,
    created_at text NOT NULL
  )`,
  `CREATE TABLE holds (
    id text PRIMARY KEY,
    connection text,
    organization text NOT NULL REFERENCES organizations (id),
    brake text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'approved', 'rejected', 'moot')),
    created_at text NOT NULL,
    decided_at text
  )`,
  `CREATE UNIQUE INDEX holds_open ON holds (organization, coalesce(connection, '')) WHERE state = 'open'`,
  // Plan rows, held rows and history are one table: what was shown is what was done (law 11).
  `CREATE TABLE changes (
    id text PRIMARY KEY,
    plan text NOT NULL REFERENCES plans (id),
    run text NOT NULL REFERENCES runs (id),
    hold text REFERENCES holds (id),
    connection text,
    organization text NOT NULL,
    account text NOT NULL,
    email text NOT NULL,
    target_kind text NOT NULL CHECK (target_kind IN ('organization', 'workspace', 'project')),
    target text NOT NULL,
    before_standing text,
    after_standing text,
    because text NOT NULL,
    reason text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('added', 'changed', 'removed', 'reason')),
    seat text CHECK (seat IN ('vacates', 'returns')),
    needs_seat integer NOT NULL,
    vanished_group integer NOT NULL,
    mask text,
    state text NOT NULL CHECK (state IN ('planned', 'stopped', 'applied', 'held', 'rejected', 'moot')),
    at text NOT NULL
  )`,
  `CREATE INDEX changes_by_plan ON changes (plan, organization, account)`,
  `CREATE INDEX changes_by_hold ON changes (hold) WHERE hold IS NOT NULL`,
  `CREATE INDEX changes_by_account ON changes (account, organization, at)`,
  `CREATE INDEX changes_held ON changes (account) WHERE state = 'held'`,
  `CREATE TABLE brake_windows (
    connection text NOT NULL,
    organization text NOT NULL,
    started_at text NOT NULL,
    base integer NOT NULL,
    PRIMARY KEY (connection, organization)
  )`,
  `CREATE TABLE brake_spent (
    organization text NOT NULL,
    account text NOT NULL,
    connection text NOT NULL,
    PRIMARY KEY (organization, account, connection)
  )`,

  // The last good read: what absence is measured against. A suspect read waits in next_* until its hold is decided.
  `CREATE TABLE read_references (
    connection text NOT NULL REFERENCES connections (id),
    standing text NOT NULL CHECK (standing IN ('good', 'suspect')),
    run text NOT NULL,
    fingerprint text NOT NULL,
    people integer NOT NULL,
    links integer NOT NULL,
    containers text NOT NULL,
    PRIMARY KEY (connection, standing)
  )`,
  `CREATE TABLE staged_people (
    plan text NOT NULL,
    external_id text NOT NULL,
    active integer NOT NULL,
    email text,
    user_name text,
    first_name text,
    last_name text,
    locator text,
    container text,
    PRIMARY KEY (plan, external_id)
  )`,
  `CREATE TABLE staged_groups (
    plan text NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    PRIMARY KEY (plan, external_id)
  )`,
  `CREATE TABLE staged_aliases (
    plan text NOT NULL,
    alias text NOT NULL,
    kind text NOT NULL,
    external_id text NOT NULL,
    PRIMARY KEY (plan, alias, kind, external_id)
  )`,
  `CREATE TABLE staged_references (
    plan text NOT NULL,
    group_alias text NOT NULL,
    member_alias text NOT NULL,
    PRIMARY KEY (plan, group_alias, member_alias)
  )`,
  `CREATE TABLE staged_links (
    plan text NOT NULL,
    member_kind text NOT NULL,
    member text NOT NULL,
    in_group text NOT NULL,
    PRIMARY KEY (plan, member_kind, member, in_group)
  )`,
  // Whom a difference touches, in the order of the pieces in which it is planned and committed.
  `CREATE TABLE staged_touched (
    plan text NOT NULL,
    external_id text NOT NULL,
    piece integer NOT NULL,
    gone integer NOT NULL,
    account text,
    PRIMARY KEY (plan, external_id)
  )`,
  `CREATE INDEX staged_touched_pieces ON staged_touched (plan, piece, external_id)`,
  `CREATE TABLE staged_groups_gone (
    plan text NOT NULL,
    external_id text NOT NULL,
    PRIMARY KEY (plan, external_id)
  )`,
];

/** In the order in which they were made; dropped the other way round. */
const TABLES = STATEMENTS.flatMap((statement) => /^CREATE TABLE (\w+)/.exec(statement)?.[1] ?? []);
