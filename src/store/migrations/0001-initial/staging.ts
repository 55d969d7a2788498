// A directory as it was read, before it is a fact, and the last good read that absence is measured against.

export const staging: readonly string[] = [
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
  ) WITHOUT ROWID`,
  `CREATE TABLE staged_groups (
    plan text NOT NULL,
    external_id text NOT NULL,
    name text NOT NULL,
    name_key text NOT NULL,
    PRIMARY KEY (plan, external_id)
  ) WITHOUT ROWID`,
  `CREATE TABLE staged_aliases (
    plan text NOT NULL,
    alias text NOT NULL,
    kind text NOT NULL,
    external_id text NOT NULL,
    PRIMARY KEY (plan, alias, kind, external_id)
  ) WITHOUT ROWID`,
  `CREATE TABLE staged_references (
    plan text NOT NULL,
    group_alias text NOT NULL,
    member_alias text NOT NULL,
    PRIMARY KEY (plan, group_alias, member_alias)
  ) WITHOUT ROWID`,
  `CREATE TABLE staged_links (
    plan text NOT NULL,
    member_kind text NOT NULL,
    member text NOT NULL,
    in_group text NOT NULL,
    PRIMARY KEY (plan, member_kind, member, in_group)
  ) WITHOUT ROWID`,
  // Whom a difference touches, in the order of the pieces in which it is planned and committed.
  `CREATE TABLE staged_touched (
    plan text NOT NULL,
    external_id text NOT NULL,
    piece integer NOT NULL,
    gone integer NOT NULL,
    account text,
    PRIMARY KEY (plan, external_id)
  ) WITHOUT ROWID`,
  `CREATE INDEX staged_touched_pieces ON staged_touched (plan, piece, external_id)`,
  `CREATE TABLE staged_groups_gone (
    plan text NOT NULL,
    external_id text NOT NULL,
    PRIMARY KEY (plan, external_id)
  ) WITHOUT ROWID`,
];
