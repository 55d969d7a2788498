// A trace of every sign-in attempt: the true reason that the visitor is not told, found by the reference that they are.
import type { AccountId, ConnectionId, Instant, PlanId } from '../core/ids.ts';
import type { Database } from './database.ts';

export interface SamlAttempt {
  /** What the visitor sees and tells support. */
  readonly reference: string;
  readonly connection: ConnectionId;
  readonly at: Instant;
  readonly outcome: 'accepted' | 'refused' | 'tried';
  /** The rule that refused; null when accepted. */
  readonly rule: string | null;
  readonly reason: string;
  readonly account: AccountId | null;
  readonly email: string | null;
  /** SHA-256 fingerprint of the certificate whose key signed; null before anything was verified. */
  readonly certificate: string | null;
  /** The plan whose rows say what it changed. */
  readonly plan: PlanId | null;
  /** Redacted: no signatures, no ciphertext; null when it could not be read. */
  readonly assertion: string | null;
  readonly clientAddress: string | null;
}

interface AttemptRow {
  reference: string;
  connection: ConnectionId;
  at: Instant;
  outcome: SamlAttempt['outcome'];
  rule: string | null;
  reason: string;
  account: AccountId | null;
  email: string | null;
  certificate: string | null;
  plan: PlanId | null;
  assertion: string | null;
  client_address: string | null;
}

function fromRow({ client_address: clientAddress, ...row }: AttemptRow): SamlAttempt {
  return { ...row, clientAddress };
}

export async function addAttempt(db: Database, { clientAddress, ...attempt }: SamlAttempt): Promise<void> {
  await db('saml_attempts').insert({ ...attempt, client_address: clientAddress });
}

/** Newest first. */
export async function loadAttempts(db: Database, connection: ConnectionId, most: number): Promise<SamlAttempt[]> {
  const rows: AttemptRow[] = await db('saml_attempts')
    .where({ connection })
    .orderBy([
      { column: 'at', order: 'desc' },
      { column: 'reference', order: 'desc' },
    ])
    .limit(most);
  return rows.map(fromRow);
}

export async function findAttempt(db: Database, reference: string): Promise<SamlAttempt | null> {
  const row: AttemptRow | undefined = await db('saml_attempts').where({ reference }).first();
  return row === undefined ? null : fromRow(row);
}

/**
 * Forgets attempts before the given moment, and all but the newest refusals of a connection: anybody can have one
 * refused, and the table must not grow with their patience.
 */
export async function pruneAttempts(db: Database, before: Instant, mostRefused: number): Promise<void> {
  await db('saml_attempts').where('at', '<', before).delete();
  const connections: { connection: ConnectionId }[] = await db('saml_attempts').distinct('connection');
  for (const { connection } of connections) {
    const oldest: { at: Instant } | undefined = await db('saml_attempts')
      .where({ connection, outcome: 'refused' })
      .orderBy('at', 'desc')
      .offset(mostRefused - 1)
      .first('at');
    if (oldest !== undefined) {
      await db('saml_attempts').where({ connection, outcome: 'refused' }).where('at', '<', oldest.at).delete();
    }
  }
}
