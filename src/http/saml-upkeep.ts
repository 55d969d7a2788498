// What the SAML door needs done now and then, by whichever process: metadata read anew, certificates' ends warned of, and
// what has expired forgotten.
import { RollcallError } from '../errors.ts';
import { loadConnections } from '../store/connections.ts';
import { pruneAttempts } from '../store/saml-attempts.ts';
import { pruneRequests } from '../store/saml-requests.ts';
import { pruneSamlSessions } from '../store/saml-sessions.ts';
import type { ExpiryWarning } from './saml-certificates.ts';
import { expiryWarnings } from './saml-certificates.ts';
import type { SamlDoor } from './saml-door.ts';
import { findSamlConnection, providerOf } from './saml-door.ts';

const DAY_MS = 86_400_000;

/** How long attempts are kept, and how many refused ones of a connection at most. */
const KEEP_ATTEMPTS_MS = 90 * DAY_MS;
const KEEP_REFUSED = 5000;

/** No session lives longer; a logout that names an older one finds nothing to end. */
const KEEP_SESSIONS_MS = 90 * DAY_MS;

/** To be called about hourly. @returns the warnings that are due, each once. */
export async function keepUp(door: SamlDoor): Promise<ExpiryWarning[]> {
  const { db, now } = door.sync;
  const at = now();
  const before = (ms: number): string => new Date(Date.parse(at) - ms).toISOString();
  await pruneRequests(db, at);
  await pruneAttempts(db, before(KEEP_ATTEMPTS_MS), KEEP_REFUSED);
  await pruneSamlSessions(db, before(KEEP_SESSIONS_MS));
  const warnings: ExpiryWarning[] = [];
  for (const { id } of await loadConnections(db)) {
    const saml = await findSamlConnection(door, id);
    if (saml === null) continue;
    try {
      await providerOf(door, saml);
    } catch (error) {
      // One provider that can't be read is no reason to leave the others; it was logged.
      if (!(error instanceof RollcallError)) throw error;
    }
    warnings.push(...(await expiryWarnings(db, id, at)));
  }
  for (const { connection, fingerprint, notAfter, days } of warnings) {
    const when = days === 0 ? 'is over' : `ends within ${days} days`;
    door.log(`saml ${connection}: certificate ${fingerprint} ${when} (${notAfter}): get the provider's next one`);
  }
  return warnings;
}
