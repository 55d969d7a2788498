// The last good read of each directory: what absence and collapse are measured against (law 5). A suspect read is no
// reference until its hold is decided; until then it waits beside the good one.
import type { ConnectionId, RunId } from '../core/ids.ts';
import type { Database } from './database.ts';
import { fromJson } from './database.ts';

export interface ReadReference {
  readonly run: RunId;
  readonly fingerprint: string;
  readonly people: number;
  readonly links: number;
  /** People by container. */
  readonly containers: Readonly<Record<string, number>>;
}

interface ReferenceRow {
  run: RunId;
  fingerprint: string;
  people: number;
  links: number;
  containers: string;
}

export async function lastGoodRead(db: Database, connection: ConnectionId): Promise<ReadReference | null> {
  const row: ReferenceRow | undefined = await db('read_references').where({ connection, standing: 'good' }).first();
  return row === undefined ? null : { ...row, containers: fromJson<Record<string, number>>(row.containers) };
}

export async function saveReference(
  db: Database,
  connection: ConnectionId,
  standing: 'good' | 'suspect',
  reference: ReadReference,
): Promise<void> {
  const fields = {
    run: reference.run,
    fingerprint: reference.fingerprint,
    people: reference.people,
    links: reference.links,
    containers: JSON.stringify(reference.containers),
  };
  await db('read_references')
    .insert({ connection, standing, ...fields })
    .onConflict(['connection', 'standing'])
    .merge(fields);
  if (standing === 'good') await db('read_references').where({ connection, standing: 'suspect' }).delete();
}

/** A person has decided about the suspect read: it is the reference from now on. */
export async function acceptSuspectRead(db: Database, connection: ConnectionId): Promise<void> {
  const row: ReferenceRow | undefined = await db('read_references').where({ connection, standing: 'suspect' }).first();
  if (row === undefined) return;
  await saveReference(db, connection, 'good', { ...row, containers: fromJson<Record<string, number>>(row.containers) });
}
