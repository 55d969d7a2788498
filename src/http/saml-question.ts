// What a response is held against, and what is asked of the store once it stands: the same for a sign-in and for a trial.
import type { Instant } from '../core/ids.ts';
import type { Expectation } from '../saml/expectation.ts';
import type { Identity } from '../saml/identity.ts';
import { toReading } from '../saml/identity.ts';
import type { OpenRequest } from '../store/saml-requests.ts';
import type { SignInRequest } from '../sync/sign-in.ts';
import type { SamlConnection, SamlDoor, SamlProvider } from './saml-door.ts';
import { keysOf } from './saml-keys.ts';

/** @param open what was asked for; a trial among it lets staged certificates sign too. */
export async function expectationOf(
  door: Pick<SamlDoor, 'sync' | 'sealingKey'>,
  { connection, settings, addresses }: SamlConnection,
  { metadata, certificates }: SamlProvider,
  open: readonly Pick<OpenRequest, 'id' | 'purpose' | 'createdAt'>[],
): Promise<Expectation> {
  const tries = open.some(({ purpose }) => purpose === 'try');
  const may = certificates.filter(({ state }) => state === 'trusted' || (tries && state === 'staged'));
  return {
    entityId: addresses.entityId,
    acsUrl: addresses.acsUrl,
    provider: metadata.entityId,
    certificates: may.map(({ certificate }) => certificate),
    decryptionKeys: (await keysOf(door, connection.id)).map(({ privateKey }) => privateKey),
    signed: settings.signed,
    awaited: open.filter(({ purpose }) => purpose !== 'logout').map(({ id, createdAt }) => ({ id, createdAt })),
    allowIdpInitiated: settings.allowIdpInitiated,
    clockSkewMs: settings.clockSkew * 1000,
    now: Date.parse(door.sync.now()),
  };
}

export function questionOf({ connection, settings }: SamlConnection, identity: Identity, at: Instant): SignInRequest {
  const field = settings.matchOn.directory;
  return {
    connection,
    reading: toReading(identity, connection.id, field === 'userName' ? identity.match : null, at),
    jit: settings.jit,
    match: { value: identity.match, field },
  };
}
