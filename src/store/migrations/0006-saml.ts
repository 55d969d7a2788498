// What SAML sign-ins leave: requests under way, ids used up, key pairs, the providers' metadata and certificates, whom
// a session was opened for, and a trace of every attempt. Beside them the domains that organizations claim.
import type { Migration } from './migration.ts';
import { runStatements } from './migration.ts';

const STATEMENTS = [
  // The browser is a hash of the cookie that names it: an answer that another browser brings finds nothing.
  `CREATE TABLE saml_requests (
    id text PRIMARY KEY,
    connection text NOT NULL REFERENCES connections (id),
    purpose text NOT NULL CHECK (purpose IN ('login', 'try', 'logout')),
    browser text NOT NULL,
    return_to text NOT NULL,
    created_at text NOT NULL,
    expires_at text NOT NULL
  )`,
  `CREATE INDEX saml_requests_of_browser ON saml_requests (browser, connection)`,
  `CREATE INDEX saml_requests_expired ON saml_requests (expires_at)`,
  // Hashes of ids: a provider's id may be of any length.
  `CREATE TABLE saml_used_ids (
    connection text NOT NULL REFERENCES connections (id),
    id text NOT NULL,
    expires_at text NOT NULL,
    PRIMARY KEY (connection, id)
  )`,
  `CREATE INDEX saml_used_ids_expired ON saml_used_ids (expires_at)`,
  // One pair of each state; the private key is encrypted with the installation's secret key.
  `CREATE TABLE saml_keys (
    id text PRIMARY KEY,
    connection text NOT NULL REFERENCES connections (id),
    certificate text NOT NULL,
    private_key text NOT NULL,
    state text NOT NULL CHECK (state IN ('next', 'current', 'previous')),
    created_at text NOT NULL,
    UNIQUE (connection, state)
  )`,
  // What was read last counts while it can't be read anew; failure says why.
  `CREATE TABLE saml_metadata (
    connection text PRIMARY KEY REFERENCES connections (id),
    source text NOT NULL,
    xml text NOT NULL,
    read_at text NOT NULL,
    tried_at text NOT NULL,
    failure text
  )`,
  // warned_days is the number of days before its end that was warned of last: 30, 7, 1 or 0.
  `CREATE TABLE saml_certificates (
    connection text NOT NULL REFERENCES connections (id),
    fingerprint text NOT NULL,
    certificate text NOT NULL,
    state text NOT NULL CHECK (state IN ('trusted', 'staged', 'retired')),
    not_after text NOT NULL,
    warned_days integer,
    created_at text NOT NULL,
    PRIMARY KEY (connection, fingerprint)
  )`,
  // The NameID as the provider wrote it, with format and qualifiers (JSON); name_key is a hash to find it by.
  `CREATE TABLE saml_sessions (
    session text NOT NULL,
    connection text NOT NULL REFERENCES connections (id),
    account text NOT NULL,
    name_id text NOT NULL,
    name_key text NOT NULL,
    session_index text,
    created_at text NOT NULL,
    PRIMARY KEY (session, connection)
  )`,
  `CREATE INDEX saml_sessions_of_subject ON saml_sessions (connection, name_key)`,
  `CREATE TABLE saml_attempts (
    reference text PRIMARY KEY,
    connection text NOT NULL REFERENCES connections (id),
    at text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('accepted', 'refused', 'tried')),
    rule text,
    reason text NOT NULL,
    account text,
    email text,
    certificate text,
    plan text,
    assertion text,
    client_address text
  )`,
  `CREATE INDEX saml_attempts_of_connection ON saml_attempts (connection, at)`,
  // The proof is what the organization is to publish; missed counts the looks in a row at which it was not there.
  `CREATE TABLE domain_claims (
    organization text NOT NULL REFERENCES organizations (id),
    domain text NOT NULL,
    proof text NOT NULL,
    state text NOT NULL CHECK (state IN ('claimed', 'verified', 'lost')),
    claimed_at text NOT NULL,
    checked_at text,
    missed integer NOT NULL,
    PRIMARY KEY (organization, domain)
  )`,
  // A sign-in finds its subject by name among a directory's 100,000 people.
  `CREATE INDEX people_by_user_name ON external_people (connection, lower(user_name))`,
];

export const saml: Migration = { up: async (db) => runStatements(db, STATEMENTS) };
