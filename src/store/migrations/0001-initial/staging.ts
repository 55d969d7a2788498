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
  // People and groups who differ from what is known of them.
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
  // Links from group to group that came or went.
  `CREATE TABLE staged_nesting (
    plan text NOT NULL,
    member text NOT NULL,
    in_group text NOT NULL,
    there integer NOT NULL,
    PRIMARY KEY (plan, member, in_group)
  ) WITHOUT ROWID`,
  // Whom a difference touches, in the order of the pieces in which it is planned and committed; in_groups lists all
  // groups that the person was read in, as JSON. Whoever is not in staged_people is known as they were read.
  `CREATE TABLE staged_touched (
    plan text NOT NULL,
    external_id text NOT NULL,
    piece integer NOT NULL,
    gone integer NOT NULL,
    in_groups text NOT NULL,
    account text,
    PRIMARY KEY (plan, piece, external_id)
  ) WITHOUT ROWID`,
  `CREATE TABLE staged_groups_gone (
    plan text NOT NULL,
    external_id text NOT NULL,
    PRIMARY KEY (plan, external_id)
  ) WITHOUT ROWID`,
];
