// Strangers: people of whom a directory tells for the first time, who get nothing and are nobody's. Nothing
// hangs on them but facts, so the database itself makes facts of what was staged, ten thousand of them at a time.
import type { ConnectionId, Instant, PlanId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { isPostgres } from './database.ts';

/**
 * Whether somebody staged (`s`) may be somebody's already: their address is an account's, or somebody signed in through
 * a provider under their user name. Whose they are is decided elsewhere; here it only says that there is something to decide.
 */
export const HEARD_OF = `(EXISTS (SELECT 1 FROM accounts a WHERE a.email_key = s.email_key)
  OR EXISTS (SELECT 1 FROM connections c JOIN external_people k
    ON k.connection = c.id AND lower(k.user_name) = lower(s.user_name)
    WHERE c.kind = 'saml' AND k.account IS NOT NULL))`;

interface StrangersPiece {
  readonly plan: PlanId;
  readonly piece: number;
  readonly connection: ConnectionId;
}

/**
 * Whoever is no stranger any more since the piece was planned is from now on looked at like everybody else: known
 * meanwhile, in a group that a mapping reaches by now, or somebody's.
 * @param mapped the groups that answer to a mapping.
 */
export async function recognizeStrangers(
  db: Database,
  { plan, piece, connection }: StrangersPiece,
  mapped: readonly string[],
): Promise<void> {
  const values = isPostgres(db) ? 'SELECT json_array_elements_text(CAST(? AS json))' : 'SELECT value FROM json_each(?)';
  await db('staged_touched as t')
    .where({ plan, piece, stranger: 1 })
    .where((known) => {
      void known
        .whereRaw(
          'EXISTS (SELECT 1 FROM external_people p WHERE p.connection = ? AND p.external_id = t.external_id)',
          connection,
        )
        .orWhereRaw(
          `EXISTS (SELECT 1 FROM staged_people s WHERE s.plan = t.plan AND s.external_id = t.external_id AND ${HEARD_OF})`,
        )
        .orWhereRaw(
          `t.external_id IN (SELECT t.external_id FROM staged_touched t, ${groupsOf(db)}
            WHERE t.plan = ? AND t.piece = ? AND t.stranger = 1 AND g.value IN (${values}))`,
          [plan, piece, JSON.stringify(mapped)],
        );
    })
    .update({ stranger: 0 });
}

/** Makes facts of the strangers of a piece and of the groups that they are in, all of which are present by then. */
export async function writeStrangers(
  db: Database,
  { plan, piece, connection }: StrangersPiece,
  at: Instant,
): Promise<void> {
  await db.raw(
    `INSERT INTO external_people (connection, external_id, present, present_since, active, active_since, email, email_key,
      user_name, first_name, last_name, locator, container, missed)
    SELECT ?, s.external_id, 1, ?, s.active, ?, s.email, s.email_key,
      s.user_name, s.first_name, s.last_name, s.locator, s.container, 0
    FROM staged_touched t JOIN staged_people s ON s.plan = t.plan AND s.external_id = t.external_id
    WHERE t.plan = ? AND t.piece = ? AND t.stranger = 1 ORDER BY t.external_id`,
    [connection, at, at, plan, piece],
  );
  await db.raw(
    `INSERT INTO links (connection, member_kind, member, in_group, since)
    SELECT ?, 'person', t.external_id, g.value, ? FROM staged_touched t, ${groupsOf(db)}
    WHERE t.plan = ? AND t.piece = ? AND t.stranger = 1 ORDER BY t.external_id, g.value`,
    [connection, at, plan, piece],
  );
}

function groupsOf(db: Database): string {
  return isPostgres(db)
    ? 'json_array_elements_text(CAST(t.in_groups AS json)) AS g(value)'
    : 'json_each(t.in_groups) AS g';
}
