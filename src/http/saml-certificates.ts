// Which certificates of a provider may sign, over time: those of its metadata are trusted, one added by hand is staged
// until it is trusted or retired by hand, and one that left the metadata is retired. Their ends are warned of.
import { X509Certificate } from 'node:crypto';
import type { ConnectionId, Instant } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import { certificateFault, readIdpMetadata } from '../saml/idp-metadata.ts';
import { bareCertificate, toPem } from '../saml/self-signed.ts';
import { fingerprintOf } from '../saml/verify.ts';
import type { Database } from '../store/database.ts';
import type { CertificateState, StoredCertificate } from '../store/saml-providers.ts';
import { loadCertificates, loadMetadata, saveCertificate, setWarnedDays } from '../store/saml-providers.ts';

/** Days before a certificate's end at which it is warned of; 0 once it is over. */
const WARN_DAYS = [30, 7, 1, 0] as const;
const DAY_MS = 86_400_000;

/**
 * The published certificates are trusted, and one that was published before and is no longer is retired. One that was
 * trusted by hand and never published stays: the provider may not have changed its metadata yet.
 * @param before what the same source published when it was read last; null where there is no such: then only what is
 * published now is trusted.
 */
export async function takeInCertificates(
  db: Database,
  connection: ConnectionId,
  { published, before }: { readonly published: readonly string[]; readonly before: readonly string[] | null },
  at: Instant,
): Promise<void> {
  const now = new Set(published.map(fingerprintOf));
  const then = before === null ? null : new Set(before.map(fingerprintOf));
  for (const certificate of published) await save(db, connection, certificate, 'trusted', at);
  for (const known of await loadCertificates(db, connection)) {
    const left = !now.has(known.fingerprint) && (then === null || then.has(known.fingerprint));
    if (known.state === 'trusted' && left) await save(db, connection, known.certificate, 'retired', at);
  }
}

/**
 * Adds the provider's next certificate: it signs nobody in yet, and can be tried.
 * @throws RollcallError `input_invalid` for one that could never be verified with.
 */
export async function stageCertificate(
  db: Database,
  connection: ConnectionId,
  written: string,
  at: Instant,
): Promise<StoredCertificate> {
  const pem = pemOf(written);
  const fault = certificateFault(pem);
  if (fault !== null) throw new RollcallError('input_invalid', `the certificate cannot be used: ${fault}`);
  const find = async (): Promise<StoredCertificate | undefined> =>
    (await loadCertificates(db, connection)).find(({ fingerprint }) => fingerprint === fingerprintOf(pem));
  const known = await find();
  if (known?.state === 'trusted') return known;
  await save(db, connection, pem, 'staged', at);
  const staged = await find();
  if (staged === undefined) throw new Error('a certificate that was saved is not there');
  return staged;
}

/** Providers give PEM, or its base64 alone; of several in a file only the first would be read, so they are refused. */
function pemOf(written: string): string {
  const blocks = written.split('-----BEGIN CERTIFICATE-----').length - 1;
  if (blocks > 1)
    throw new RollcallError('input_invalid', `there are ${blocks} certificates in it: give one at a time`);
  return toPem(bareCertificate(written));
}

/** @throws RollcallError `not_found` when no such certificate is staged. */
export async function trustCertificate(
  db: Database,
  connection: ConnectionId,
  named: string,
  at: Instant,
): Promise<StoredCertificate> {
  const staged = await oneNamed(db, connection, named, ['staged']);
  await save(db, connection, staged.certificate, 'trusted', at);
  return { ...staged, state: 'trusted' };
}

/**
 * Takes back what was staged or trusted by hand: it signs nobody in any more.
 * @throws RollcallError `not_found`; `conflict` for one that the metadata publishes, which would be trusted again.
 */
export async function retireCertificate(
  db: Database,
  connection: ConnectionId,
  named: string,
  at: Instant,
): Promise<StoredCertificate> {
  const known = await oneNamed(db, connection, named, ['staged', 'trusted']);
  const metadata = await loadMetadata(db, connection);
  const published = metadata === null ? [] : readIdpMetadata(metadata.xml).certificates;
  if (published.some((one) => fingerprintOf(one) === known.fingerprint)) {
    throw new RollcallError(
      'conflict',
      `the provider's metadata publishes ${known.fingerprint}: have it taken out there, then read the metadata again`,
    );
  }
  await save(db, connection, known.certificate, 'retired', at);
  return { ...known, state: 'retired' };
}

/** By its fingerprint, with or without colons and in any case, or by a beginning that no other one shares. */
async function oneNamed(
  db: Database,
  connection: ConnectionId,
  named: string,
  states: readonly CertificateState[],
): Promise<StoredCertificate> {
  const wanted = bare(named);
  const found = (await loadCertificates(db, connection)).filter(
    ({ fingerprint, state }) => states.includes(state) && bare(fingerprint).startsWith(wanted),
  );
  const [only] = found;
  if (only !== undefined && found.length === 1 && wanted.length >= SHORTEST_NAME) return only;
  throw new RollcallError('not_found', `no certificate ${named} of ${connection} is ${states.join(' or ')}`);
}

/** Hex digits: 32 bits, so that nobody trusts another one by a slip. */
const SHORTEST_NAME = 8;

function bare(fingerprint: string): string {
  return fingerprint.replaceAll(/[:\s]/g, '').toUpperCase();
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
