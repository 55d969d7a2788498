// What the SAML routes are given, and a connection as they need it: its settings, its provider as last read and the
// certificates that may sign.
import type { Request } from 'express';
import type { IdpMetadata, SamlSettings } from '../connection/saml.ts';
import type { ConnectionId } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import type { ProviderMetadata } from '../saml/idp-metadata.ts';
import { readIdpMetadata } from '../saml/idp-metadata.ts';
import { readMetadataSource, sourceKey } from '../saml/metadata-source.ts';
import type { ServiceAddresses } from '../saml/sp-metadata.ts';
import { addressesOf } from '../saml/sp-metadata.ts';
import type { VerifyingLanes } from '../saml/verifying-lanes.ts';
import type { StoredConnection } from '../store/connections.ts';
import { findConnection } from '../store/connections.ts';
import { inTransaction } from '../store/database.ts';
import type { StoredCertificate, StoredMetadata } from '../store/saml-providers.ts';
import { loadCertificates, loadMetadata, saveMetadata } from '../store/saml-providers.ts';
import type { SealingKey } from '../store/sealed.ts';
import type { Sync } from '../sync/context.ts';
import { AskedOnce } from './asked-once.ts';
import { takeInCertificates } from './saml-certificates.ts';
import type { SessionOpener } from './session-opener.ts';

export interface SamlDoor {
  readonly sync: Sync;
  readonly publicUrl: string;
  /** Settings of a SAML connection, wherever they are kept; null for an unknown id. */
  readonly settingsOf: (id: ConnectionId) => Promise<SamlSettings | null>;
  readonly sealingKey: SealingKey;
  readonly verifier: VerifyingLanes;
  readonly sessions: SessionOpener;
  /** Whether this browser may try the connection: somebody who administers it. */
  readonly mayTry: (request: Request, connection: ConnectionId) => Promise<boolean>;
  readonly log: (line: string) => void;
}

/** As much of it as a connection and its provider are known by, for whoever serves nobody: a command. */
export type ProviderDoor = Pick<SamlDoor, 'sync' | 'publicUrl' | 'settingsOf' | 'log'>;

export interface SamlConnection {
  readonly connection: StoredConnection;
  readonly settings: SamlSettings;
  readonly addresses: ServiceAddresses;
}

export interface SamlProvider {
  readonly metadata: ProviderMetadata;
  readonly certificates: readonly StoredCertificate[];
}

/** Null for an id that is no SAML connection, or a closed one. */
export async function findSamlConnection(door: ProviderDoor, id: string): Promise<SamlConnection | null> {
  const connection = await findConnection(door.sync.db, id);
  if (connection === null || connection.kind !== 'saml' || connection.state === 'closed') return null;
  const settings = await door.settingsOf(connection.id);
  return settings === null ? null : { connection, settings, addresses: addressesOf(door.publicUrl, connection.id) };
}

/** A metadata by address is read again after this long; a failed try after the shorter time. */
const REFRESH_MS = 6 * 3_600_000;
const RETRY_MS = 5 * 60_000;

/**
 * The provider as last read. What was read once goes on to count when it can't be read now.
 * @throws RollcallError `input_invalid` when it was never read and can't be.
 */
export async function providerOf(door: ProviderDoor, { connection, settings }: SamlConnection): Promise<SamlProvider> {
  const { db, now } = door.sync;
  const stored = await loadMetadata(db, connection.id);
  const due = stored === null || isDue(stored, settings.idpMetadata, Date.parse(now()));
  const current = due ? await readOnce(door, connection.id, settings.idpMetadata) : stored;
  return { metadata: readAgain(current.xml), certificates: await loadCertificates(db, connection.id) };
}

/** Anybody may begin a sign-in, and none of them shall have a provider asked that is being asked. */
async function readOnce(door: ProviderDoor, connection: ConnectionId, source: IdpMetadata): Promise<StoredMetadata> {
  if (source.kind !== 'url') return refreshMetadata(door, connection, source);
  const reads = metadataReads.get(door) ?? new AskedOnce<StoredMetadata>();
  metadataReads.set(door, reads);
  return reads.ask(`${connection} ${sourceKey(source)}`, () => refreshMetadata(door, connection, source));
}

const metadataReads = new WeakMap<ProviderDoor, AskedOnce<StoredMetadata>>();

/** The same document is asked for at every sign-in: parsing it takes as long as a small response. */
function readAgain(xml: string): ProviderMetadata {
  const known = lastRead.get(xml);
  if (known !== undefined) return known;
  const metadata = readIdpMetadata(xml);
  if (lastRead.size >= MOST_READ) lastRead.clear();
  lastRead.set(xml, metadata);
  return metadata;
}

const lastRead = new Map<string, ProviderMetadata>();
const MOST_READ = 50;

function isDue(stored: StoredMetadata, source: IdpMetadata, now: number): boolean {
  if (stored.source !== sourceKey(source)) return true;
  const since = now - Date.parse(stored.triedAt);
  return since > (stored.failure === null ? REFRESH_MS : RETRY_MS);
}

/** Reads the metadata anew, and takes in its certificates. @throws RollcallError when there is nothing to fall back on. */
export async function refreshMetadata(
  door: Pick<ProviderDoor, 'sync' | 'log'>,
  connection: ConnectionId,
  source: IdpMetadata,
): Promise<StoredMetadata> {
  const { db, now } = door.sync;
  const stored = await loadMetadata(db, connection);
  try {
    const xml = await readMetadataSource(source);
    const { certificates } = readIdpMetadata(xml);
    const before = stored === null ? null : certificatesIn(stored, source);
    const at = now();
    const fresh: StoredMetadata = { source: sourceKey(source), xml, readAt: at, triedAt: at, failure: null };
    await inTransaction(db, async (trx) => {
      await saveMetadata(trx, connection, fresh);
      await takeInCertificates(trx, connection, { published: certificates, before }, at);
    });
    return fresh;
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error;
    door.log(`saml ${connection}: ${error.message}`);
    // Another source's metadata is no stand-in for this one's: it may be another provider.
    if (stored === null || stored.source !== sourceKey(source)) throw error;
    const failed = { ...stored, triedAt: now(), failure: error.message };
    await saveMetadata(db, connection, failed);
    return failed;
  }
}

/** Null for the metadata of another source: nothing that was known by it is of this provider. */
function certificatesIn(stored: StoredMetadata, source: IdpMetadata): readonly string[] | null {
  return stored.source === sourceKey(source) ? readIdpMetadata(stored.xml).certificates : null;
}
