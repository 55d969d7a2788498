// What is known of a connection's identity provider: its metadata as last read, and the certificates that may sign.
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { Database } from './database.ts';

export interface StoredMetadata {
  /** Where it came from: a metadata of another source is read anew. */
  readonly source: string;
  readonly xml: string;
  readonly readAt: Instant;
  readonly triedAt: Instant;
  readonly failure: string | null;
}

export async function loadMetadata(db: Database, connection: ConnectionId): Promise<StoredMetadata | null> {
  const row: { source: string; xml: string; read_at: Instant; tried_at: Instant; failure: string | null } | undefined =
    await db('saml_metadata').where({ connection }).first();
  if (row === undefined) return null;
  return { source: row.source, xml: row.xml, readAt: row.read_at, triedAt: row.tried_at, failure: row.failure };
}

export async function saveMetadata(db: Database, connection: ConnectionId, metadata: StoredMetadata): Promise<void> {
  const fields = {
    source: metadata.source,
    xml: metadata.xml,
    read_at: metadata.readAt,
    tried_at: metadata.triedAt,
    failure: metadata.failure,
  };
  await db('saml_metadata')
    .insert({ connection, ...fields })
    .onConflict('connection')
    .merge(fields);
}

/** Trusted ones may sign anybody in; staged ones only a try; retired ones nobody. */
export type CertificateState = 'trusted' | 'staged' | 'retired';

export interface StoredCertificate {
  readonly fingerprint: string;
  /** PEM. */
  readonly certificate: string;
  readonly state: CertificateState;
  readonly notAfter: Instant;
  readonly warnedDays: number | null;
}

interface CertificateRow {
  fingerprint: string;
  certificate: string;
  state: CertificateState;
  not_after: Instant;
  warned_days: number | null;
}

export async function loadCertificates(db: Database, connection: ConnectionId): Promise<StoredCertificate[]> {
  const rows: CertificateRow[] = await db('saml_certificates')
    .where({ connection })
    .orderBy(['created_at', 'fingerprint']);
  return rows.map((row) => ({
    fingerprint: row.fingerprint,
    certificate: row.certificate,
    state: row.state,
    notAfter: row.not_after,
    warnedDays: row.warned_days,
  }));
}

export async function saveCertificate(
  db: Database,
  connection: ConnectionId,
  certificate: Omit<StoredCertificate, 'warnedDays'>,
  at: Instant,
): Promise<void> {
  await db('saml_certificates')
    .insert({
      connection,
      fingerprint: certificate.fingerprint,
      certificate: certificate.certificate,
      state: certificate.state,
      not_after: certificate.notAfter,
      warned_days: null,
      created_at: at,
    })
    .onConflict(['connection', 'fingerprint'])
    .merge({ state: certificate.state });
}

export async function setWarnedDays(
  db: Database,
  connection: ConnectionId,
  fingerprint: string,
  days: number,
): Promise<void> {
  await db('saml_certificates').where({ connection, fingerprint }).update({ warned_days: days });
}
