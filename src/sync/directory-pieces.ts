// What a piece of a stored plan says, as a push would say it: planning and committing both read the same.
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { PushReading } from '../core/reading.ts';
import type { Database } from '../store/database.ts';
import { groupsGone, peopleSaid, stagedGroups, stagedNesting } from '../store/staged-pieces.ts';
import type { TouchedPerson } from '../store/staged-pieces.ts';
import type { PlanRef } from './context.ts';

interface PieceOf {
  readonly connection: ConnectionId;
  readonly at: Instant;
  readonly complete: boolean;
}

/** What a piece of the stored plan says, as a push would say it. */
export async function readingOfPiece(
  db: Database,
  ref: PlanRef,
  read: PieceOf,
  piece: number,
  touched: readonly TouchedPerson[],
): Promise<PushReading> {
  const said = await readingOf(db, ref, read, touched);
  return piece === 0 ? withGroups(said, await groupsSaid(db, ref, read.complete)) : said;
}

export type GroupsSaid = Pick<PushReading, 'groups' | 'joins' | 'leaves' | 'groupsGone'>;

export function withGroups(said: PushReading, groups: GroupsSaid): PushReading {
  return { ...said, ...groups, joins: [...said.joins, ...groups.joins] };
}

export async function readingOf(
  db: Database,
  ref: PlanRef,
  { connection, at, complete }: PieceOf,
  touched: readonly TouchedPerson[],
): Promise<PushReading> {
  const said = await peopleSaid(db, ref.id, connection, touched);
  // An incomplete read adds and changes, and takes nothing away for being unseen.
  const people = complete ? said : said.map((one) => ({ ...one, groups: 'unknown' as const }));
  const joins = complete
    ? []
    : said.flatMap(({ externalId, groups }) =>
        groups === 'unknown' ? [] : groups.map((group) => ({ group, member: { kind: 'person' as const, externalId } })),
      );
  const peopleGone = touched.filter(({ gone }) => gone).map(({ externalId }) => externalId);
  return { kind: 'push', connection, at, people, groups: [], joins, leaves: [], peopleGone, groupsGone: [] };
}

export async function groupsSaid(db: Database, ref: PlanRef, complete: boolean): Promise<GroupsSaid> {
  const groups = await stagedGroups(db, ref.id);
  const nesting = (await stagedNesting(db, ref.id)).map(({ group, member, there }) => ({
    link: { group, member: { kind: 'group' as const, externalId: member } },
    there,
  }));
  const joins = nesting.filter(({ there }) => there).map(({ link }) => link);
  const leaves = nesting.filter(({ there }) => complete && !there).map(({ link }) => link);
  return { groups, joins, leaves, groupsGone: await groupsGone(db, ref.id) };
}
