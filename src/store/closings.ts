// Organizations that their Owners have closed, since when, and what has to go on when they open again.
import type { ConnectionState } from '../core/connection.ts';
import type { AccountId, ConnectionId, Instant, OrganizationId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { fromJson } from './database.ts';

export interface Closing {
  readonly organization: OrganizationId;
  readonly closedAt: Instant;
  /** Connections that the closing paused, and what they were before. */
  readonly paused: readonly { readonly id: ConnectionId; readonly state: ConnectionState }[];
}

export async function saveClosing(db: Database, { organization, closedAt, paused }: Closing): Promise<void> {
  await db('closings').insert({ organization, closed_at: closedAt, paused: JSON.stringify(paused) });
}

export async function closingOf(db: Database, organization: OrganizationId): Promise<Closing | null> {
  const row: { closed_at: Instant; paused: string } | undefined = await db('closings').where({ organization }).first();
  if (row === undefined) return null;
  return { organization, closedAt: row.closed_at, paused: fromJson<Closing['paused']>(row.paused) };
}

export async function endClosing(db: Database, organization: OrganizationId): Promise<void> {
  await db('closings').where({ organization }).delete();
}

/** Empties the seats of the account in organizations that are closed for good: nobody can open them again. */
export async function releaseClosedSeats(db: Database, owner: AccountId): Promise<void> {
  await db('organizations').where({ owner, state: 'closed' }).update({ owner: null });
}
