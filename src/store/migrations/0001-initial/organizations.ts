// Accounts, organizations and what people hold in them: one Owner or one unresolved vacancy (law 7), and the Owner is
// an active member.

export const organizations: readonly string[] = [
  // The row that every writer locks, and the count of transactions so far.
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
    vacancy text,
    successor text REFERENCES accounts (id),
    role_authority text NOT NULL CHECK (role_authority IN ('shared', 'directory')),
    default_role text NOT NULL CHECK (default_role IN ('not_activated', 'annotator', 'reviewer', 'manager', 'administrator')),
    seats integer CHECK (seats > 0),
    state text NOT NULL CHECK (state IN ('open', 'closed')),
    declared integer NOT NULL,
    created_at text NOT NULL,
    CHECK (state = 'closed' OR (owner IS NULL) <> (vacancy IS NULL))
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
];
