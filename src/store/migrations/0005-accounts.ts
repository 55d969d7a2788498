// What people sign in with, what their sessions open, how they are invited, and what their programs use. Everything
// that lets somebody in stands here as a hash only.
import type { Migration } from './migration.ts';
import { runStatements } from './migration.ts';

export const accounts: Migration = { up: async (db) => runStatements(db, STATEMENTS) };

const STATEMENTS = [
  // An account without a row has no password, and nobody has proven that its address is theirs.
  `CREATE TABLE credentials (
    account text PRIMARY KEY REFERENCES accounts (id),
    password text,
    proven_at text,
    active_organization text
  )`,
  `CREATE TABLE mailed_links (
    token_hash text PRIMARY KEY,
    purpose text NOT NULL CHECK (purpose IN ('verify', 'reset')),
    account text NOT NULL REFERENCES accounts (id),
    email_key text NOT NULL,
    expires_at text NOT NULL
  )`,
  `CREATE INDEX mailed_links_by_account ON mailed_links (account)`,

  `CREATE TABLE sessions (
    id text PRIMARY KEY,
    token_hash text NOT NULL UNIQUE,
    account text NOT NULL REFERENCES accounts (id),
    agent text NOT NULL,
    address text NOT NULL,
    created_at text NOT NULL,
    seen_at text NOT NULL,
    expires_at text NOT NULL
  )`,
  `CREATE INDEX sessions_by_account ON sessions (account)`,
  // connection '' is the password. Without an organization it opens all of the account's memberships.
  `CREATE TABLE session_openings (
    session text NOT NULL REFERENCES sessions (id),
    connection text NOT NULL,
    organization text,
    opened_at text NOT NULL,
    PRIMARY KEY (session, connection)
  )`,
  `CREATE INDEX session_openings_by_organization ON session_openings (organization) WHERE organization IS NOT NULL`,

  `CREATE TABLE api_tokens (
    id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('personal', 'legacy')),
    organization text NOT NULL,
    account text NOT NULL,
    token_hash text NOT NULL UNIQUE,
    hint text NOT NULL,
    created_at text NOT NULL,
    expires_at text,
    last_used_at text,
    FOREIGN KEY (organization, account) REFERENCES memberships (organization, account)
  )`,
  `CREATE INDEX api_tokens_by_membership ON api_tokens (organization, account)`,
  `CREATE TABLE token_settings (
    organization text PRIMARY KEY REFERENCES organizations (id),
    personal integer NOT NULL,
    legacy integer NOT NULL,
    days integer NOT NULL CHECK (days > 0)
  )`,

  // The link's token is derived from the serial and the server's key, so that it can be shown again and not be stolen.
  `CREATE TABLE invitation_links (
    organization text PRIMARY KEY REFERENCES organizations (id),
    serial text NOT NULL,
    token_hash text NOT NULL UNIQUE,
    created_at text NOT NULL
  )`,
  `CREATE TABLE invitations (
    id text PRIMARY KEY,
    organization text NOT NULL REFERENCES organizations (id),
    email text NOT NULL,
    email_key text NOT NULL,
    role text NOT NULL CHECK (role IN ('not_activated', 'annotator', 'reviewer', 'manager', 'administrator')),
    token_hash text NOT NULL UNIQUE,
    invited_by text NOT NULL REFERENCES accounts (id),
    sent_at text NOT NULL,
    expires_at text NOT NULL,
    state text NOT NULL CHECK (state IN ('open', 'accepted', 'revoked')),
    UNIQUE (organization, email_key)
  )`,

  `CREATE TABLE throttles (
    counted text PRIMARY KEY,
    started_at text NOT NULL,
    failures integer NOT NULL
  )`,
  `CREATE INDEX throttles_by_start ON throttles (started_at)`,

  `CREATE TABLE sign_in_rules (
    organization text PRIMARY KEY REFERENCES organizations (id),
    require_sso integer NOT NULL
  )`,
  `CREATE TABLE closings (
    organization text PRIMARY KEY REFERENCES organizations (id),
    closed_at text NOT NULL,
    paused text NOT NULL
  )`,
  // What people did to sign-in itself; memberships have their own history.
  `CREATE TABLE account_events (
    id text PRIMARY KEY,
    at text NOT NULL,
    kind text NOT NULL,
    account text,
    organization text,
    detail text NOT NULL
  )`,
  `CREATE INDEX account_events_by_account ON account_events (account, at)`,
  `CREATE INDEX account_events_by_organization ON account_events (organization, at)`,
];
