// What SCIM clients have pushed, as it reads back: resources, an index of their values for filters, tokens, and the
// log of requests. Who is in which group stands in `links` alone.
import type { Migration } from './migration.ts';
import { runStatements } from './migration.ts';

export const scim: Migration = {
  up: async (db) => runStatements(db, STATEMENTS),
};

const STATEMENTS = [
  `CREATE TABLE scim_resources (
      connection text NOT NULL REFERENCES connections (id),
      id text NOT NULL,
      type text NOT NULL CHECK (type IN ('User', 'Group')),
      name_key text NOT NULL,
      display text NOT NULL,
      display_key text NOT NULL,
      external_id text,
      active integer NOT NULL,
      attributes text NOT NULL,
      version integer NOT NULL,
      created_at text NOT NULL,
      modified_at text NOT NULL,
      deleted_at text,
      PRIMARY KEY (connection, id)
    )`,
  // userName and a group's displayName are unique, ignoring case, among those that are there.
  `CREATE UNIQUE INDEX scim_names ON scim_resources (connection, type, name_key) WHERE deleted_at IS NULL`,
  `CREATE INDEX scim_gone ON scim_resources (connection, type, name_key) WHERE deleted_at IS NOT NULL`,
  `CREATE INDEX scim_external_ids ON scim_resources (connection, type, external_id)`,
  `CREATE INDEX scim_listed ON scim_resources (connection, type, id) WHERE deleted_at IS NULL`,
  `CREATE INDEX scim_modified ON scim_resources (connection, type, modified_at) WHERE deleted_at IS NULL`,
  `CREATE TABLE scim_counts (
      connection text NOT NULL REFERENCES connections (id),
      type text NOT NULL,
      live integer NOT NULL,
      PRIMARY KEY (connection, type)
    )`,
  `CREATE TABLE scim_values (
      connection text NOT NULL,
      resource text NOT NULL,
      attribute text NOT NULL,
      part text NOT NULL,
      element integer NOT NULL,
      value_key text NOT NULL,
      PRIMARY KEY (connection, resource, attribute, part, element),
      FOREIGN KEY (connection, resource) REFERENCES scim_resources (connection, id)
    )`,
  `CREATE INDEX scim_values_by_key ON scim_values (connection, attribute, part, value_key, resource)`,
  `CREATE TABLE scim_tokens (
      id text PRIMARY KEY,
      token_hash text NOT NULL UNIQUE,
      connection text NOT NULL REFERENCES connections (id),
      declared integer NOT NULL,
      created_at text NOT NULL,
      expires_at text,
      last_used_at text,
      revoked_at text
    )`,
  `CREATE TABLE scim_requests (
      id text PRIMARY KEY,
      connection text NOT NULL,
      token text NOT NULL,
      at text NOT NULL,
      took_ms integer NOT NULL,
      method text NOT NULL,
      path text NOT NULL,
      request text,
      status integer NOT NULL,
      answer text,
      run text,
      plan text
    )`,
  `CREATE INDEX scim_requests_by_connection ON scim_requests (connection, id)`,
  `CREATE INDEX scim_requests_by_time ON scim_requests (at)`,
];
