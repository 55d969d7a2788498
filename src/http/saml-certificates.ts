// Which certificates of a provider may sign, over time: those of its metadata are trusted, one added by hand is staged
// until it is trusted, and one that left the metadata is retired. Their ends are warned of.
import { X509Certificate } from 'node:crypto';
import type { ConnectionId, Instant } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import { certificateFault } from '../saml/idp-metadata.ts';
import { fingerprintOf } from '../saml/verify.ts';
import type { Database } from '../store/database.ts';
import type { CertificateState } from '../store/saml-providers.ts';
import { loadCertificates, saveCertificate, setWarnedDays } from '../store/saml-providers.ts';

/** Days before a certificate's end at which it is warned of; 0 once it is over. */
const WARN_DAYS = [30, 7, 1, 0] as const;
const DAY_MS = 86_400_000;

/** Makes the trusted certificates those of the metadata; staged ones that are not in it stay staged. */
export async function takeInCertificates(
  db: Database,
  connection: ConnectionId,
  certificates: readonly string[],
  at: Instant,
): Promise<void> {
  const published = new Set(certificates.map(fingerprintOf));
  for (const certificate of certificates) await save(db, connection, certificate, 'trusted', at);
  for (const known of await loadCertificates(db, connection)) {
    if (known.state === 'trusted' && !published.has(known.fingerprint)) {
      await save(db, connection, known.certificate, 'retired', at);
    }
  }
}

/**
 * Adds the provider's next certificate: it signs nobody in yet, and can be tried.
 * @throws RollcallError `input_invalid` for one that could never be verified with.
 */
export async function stageCertificate(
  db: Database,
  connection: ConnectionId,
  pem: string,
  at: Instant,
): Promise<void> {
  const fault = certificateFault(pem);
  if (fault !== null) throw new RollcallError('input_invalid', `the certificate cannot be used: ${fault}`);
  const known = (await loadCertificates(db, connection)).find(({ fingerprint }) => fingerprint === fingerprintOf(pem));
  if (known?.state !== 'trusted') await save(db, connection, pem, 'staged', at);
}

/** @throws RollcallError `not_found` when no such certificate is staged. */
export async function trustCertificate(
  db: Database,
  connection: ConnectionId,
  fingerprint: string,
  at: Instant,
): Promise<void> {
  const staged = (await loadCertificates(db, connection)).find((one) => one.fingerprint === fingerprint);
  if (staged?.state !== 'staged') throw new RollcallError('not_found', `no certificate ${fingerprint} is staged`);
  await save(db, connection, staged.certificate, 'trusted', at);
}

async function save(
  db: Database,
  connection: ConnectionId,
  pem: string,
  state: CertificateState,
  at: Instant,
): Promise<void> {
  const notAfter = new Date(new X509Certificate(pem).validTo).toISOString();
  await saveCertificate(db, connection, { fingerprint: fingerprintOf(pem), certificate: pem, state, notAfter }, at);
}

export interface ExpiryWarning {
  readonly connection: ConnectionId;
  readonly fingerprint: string;
  readonly notAfter: Instant;
  readonly days: number;
}

/** The warnings that are due, each once: at 30, 7 and 1 days, and when it is over. */
export async function expiryWarnings(db: Database, connection: ConnectionId, at: Instant): Promise<ExpiryWarning[]> {
  const warnings: ExpiryWarning[] = [];
  for (const { fingerprint, state, notAfter, warnedDays } of await loadCertificates(db, connection)) {
    if (state === 'retired') continue;
    const left = (Date.parse(notAfter) - Date.parse(at)) / DAY_MS;
    const days = WARN_DAYS.findLast((threshold) => left <= threshold);
    if (days === undefined || (warnedDays !== null && warnedDays <= days)) continue;
    await setWarnedDays(db, connection, fingerprint, days);
    warnings.push({ connection, fingerprint, notAfter, days });
  }
  return warnings;
}
