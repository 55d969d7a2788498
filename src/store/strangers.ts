// Strangers: people of whom a directory tells for the first time, who get nothing and are nobody's. Nothing
// hangs on them but facts, so the database itself makes facts of what was staged, ten thousand of them at a time.
import type { ConnectionId, Instant, PlanId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { inGroups, isPostgres } from './database.ts';

/**
 * Whether somebody staged (`s`) may be somebody's already: their address is an account's, or somebody signed in through
 * a provider under their user name. Whose they are is decided elsewhere; here it only says that there is something to decide.
 */
export const HEARD_OF = `(EXISTS (SELECT 1 FROM accounts a WHERE a.email_key = s.email_key)
  OR EXISTS (SELECT 1 FROM connections c JOIN external_people k
    ON k.connection = c.id AND lower(k.user_name) = lower(s.user_name)
    WHERE c.kind = 'saml' AND k.account IS NOT NULL))`;

/** Strangers in one value: as many as Postgres expects of one, so that it reckons with the right number of them. */
const IN_A_PART = 100;

export interface Stranger {
  readonly externalId: string;
  /** All groups they were read in. */
  readonly groups: readonly string[];
}

/** Keeps the strangers of a piece, who come in the order of their ids, until it is committed. */
export async function setAside(
  db: Database,
  plan: PlanId,
  piece: number,
  strangers: readonly Stranger[],
): Promise<void> {
  const parts = [...inGroups(strangers, IN_A_PART)].map((some, part) => ({
    plan,
    piece,
    part,
    first: some[0]?.externalId ?? '',
    last: some.at(-1)?.externalId ?? '',
    people: JSON.stringify(Object.fromEntries(some.map(({ externalId, groups }) => [externalId, [...groups].sort()]))),
  }));
  await db('staged_strangers').insert(parts);
}

/** The strangers of a piece: from the first id to the last, though others may stand between. */
export interface StrangersPiece {
  readonly plan: PlanId;
  readonly piece: number;
  readonly connection: ConnectionId;
  readonly first: string;
  readonly last: string;
}

/** The piece, if it is one of strangers; the transaction is to write them. */
export async function strangersInPiece(
  db: Database,
  { plan, piece, connection }: Pick<StrangersPiece, 'plan' | 'piece' | 'connection'>,
): Promise<StrangersPiece | null> {
  const parts: { first: string; last: string }[] = await db('staged_strangers')
    .where({ plan, piece })
    .orderBy('part')
    .select('first', 'last');
  const [start] = parts;
  const end = parts.at(-1);
  if (start === undefined || end === undefined) return null;
  // It takes the ids in a value for a few that come again and again, and would look for each by itself.
  if (isPostgres(db)) await db.raw('SET LOCAL enable_memoize = off');
  return { plan, piece, connection, first: start.first, last: end.last };
}

/**
 * Makes facts of the strangers of a piece and of the groups that they are in, all of which are present by then. Nobody
 * else writes them: this may go on while others write. Whoever is known already is looked at like everybody else.
 */
export async function writeStrangers(db: Database, strangers: StrangersPiece, at: Instant): Promise<void> {
  const { plan, piece, connection, first, last } = strangers;
  if (await isAnybodyKnown(db, strangers)) {
    const isKnown = 'EXISTS (SELECT 1 FROM external_people k WHERE k.connection = ? AND k.external_id = s.external_id)';
    await lookAt(db, strangers, isKnown, [connection]);
  }
  const areStrangers = `t.plan = ? AND t.piece = ? AND NOT EXISTS (
    SELECT 1 FROM staged_touched r WHERE r.plan = ? AND r.piece = ? AND r.external_id = p.key)`;
  const which = [plan, piece, plan, piece];
  // In the order of the keys, so that what is written one after the other stands one after the other.
  await db.raw(
    `INSERT INTO external_people (connection, external_id, present, present_since, active, active_since, email, email_key,
      user_name, first_name, last_name, locator, container, missed)
    SELECT ?, s.external_id, 1, ?, s.active, ?, s.email, s.email_key,
      s.user_name, s.first_name, s.last_name, s.locator, s.container, 0
    FROM ${strangersWithGroups(db)} CROSS JOIN staged_people s
    WHERE ${areStrangers} AND ${STAGED_AS} ORDER BY s.external_id`,
    [connection, at, at, ...which, plan, first, last],
  );
  await db.raw(
    `INSERT INTO links (connection, member_kind, member, in_group, since)
    SELECT ?, 'person', p.key, g.value, ? FROM ${strangersWithGroups(db)} CROSS JOIN ${elementsOf(db, 'p.value')} AS g
    WHERE ${areStrangers}`,
    [connection, at, ...which],
  );
}

/**
 * Whoever is no stranger any more since the piece was planned is looked at like everybody else: somebody's, or in a
 * group that a mapping reaches by now.
 * @param mapped the groups that answer to a mapping and did not when the plan was made.
 */
export async function recognizeStrangers(
  db: Database,
  strangers: StrangersPiece,
  mapped: readonly string[],
): Promise<void> {
  const isInOne = `EXISTS (SELECT 1 FROM ${elementsOf(db, 'p.value')} AS g
    WHERE g.value IN (SELECT m.value FROM ${elementsOf(db, '?')} AS m))`;
  await (mapped.length === 0
    ? lookAt(db, strangers, HEARD_OF, [])
    : lookAt(db, strangers, `(${HEARD_OF} OR ${isInOne})`, [JSON.stringify(mapped)]));
}

/** Anybody between the first stranger and the last: at a first load nobody is, and not each has to be looked for. */
async function isAnybodyKnown(db: Database, { connection, first, last }: StrangersPiece): Promise<boolean> {
  const known: unknown = await db('external_people')
    .where({ connection })
    .whereBetween('external_id', [first, last])
    .first('external_id');
  return known !== undefined;
}

/** The strangers of whom the condition is true are, from now on, touched by a difference. */
async function lookAt(
  db: Database,
  { plan, piece, first, last }: StrangersPiece,
  condition: string,
  values: readonly string[],
): Promise<void> {
  await db.raw(
    `INSERT INTO staged_touched (plan, external_id, piece, gone, in_groups, account)
    SELECT t.plan, s.external_id, t.piece, 0, CAST(p.value AS text), NULL
    FROM ${strangersWithGroups(db)} CROSS JOIN staged_people s
    WHERE t.plan = ? AND t.piece = ? AND ${STAGED_AS} AND ${condition} ON CONFLICT DO NOTHING`,
    [plan, piece, plan, first, last, ...values],
  );
}

/** Parts (`t`), and each of their strangers (`p`) with the groups that they are in; CROSS JOIN, so that SQLite begins here. */
function strangersWithGroups(db: Database): string {
  return `staged_strangers t CROSS JOIN json_each(${isPostgres(db) ? 'CAST(t.people AS json)' : 't.people'}) AS p`;
}

/** What was staged (`s`) of a stranger (`p`), with the bounds that spare Postgres reading all that was. */
const STAGED_AS = 's.plan = ? AND s.external_id = p.key AND s.external_id BETWEEN ? AND ?';

function elementsOf(db: Database, list: string): string {
  return isPostgres(db) ? `json_array_elements_text(CAST(${list} AS json))` : `json_each(${list})`;
}
