// Leases, runs, plans, holds and the one table of changes, with the budget that the brake charges.

export const changes: readonly string[] = [
  `CREATE TABLE leases (
    name text PRIMARY KEY,
    holder text NOT NULL,
    token text NOT NULL,
    expires_at text NOT NULL
  )`,
  `CREATE TABLE runs (
    id text PRIMARY KEY,
    connection text,
    kind text NOT NULL CHECK (kind IN ('sync', 'apply', 'push', 'people')),
    state text NOT NULL CHECK (state IN ('reading', 'committing', 'done', 'failed')),
    started_at text NOT NULL,
    finished_at text,
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
];
