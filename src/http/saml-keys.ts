// Our own keys: a pair per connection, made when first needed, and rolled over in three steps so that no sign-in fails
// meanwhile: publish the next one, use it once the provider has read our metadata, drop the previous one.
import type { ConnectionId } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import { makeKeyPair } from '../saml/self-signed.ts';
import type { Database } from '../store/database.ts';
import { inTransaction } from '../store/database.ts';
import type { StoredKeyPair } from '../store/saml-keys.ts';
import { dropPreviousKey, loadKeys, promoteNextKey, saveKey } from '../store/saml-keys.ts';
import type { SamlDoor } from './saml-door.ts';

type KeyDoor = Pick<SamlDoor, 'sync' | 'sealingKey'>;

/** Our key pairs for the connection, the current one first; made when first needed. */
export async function keysOf(
  door: KeyDoor,
  connection: ConnectionId,
): Promise<readonly [StoredKeyPair, ...StoredKeyPair[]]> {
  const { db, now } = door.sync;
  const known = currentFirst(await loadKeys(db, connection, door.sealingKey));
  if (known !== null) return known;
  const made: StoredKeyPair = { ...(await makeKeyPair(`rollcall ${connection}`, new Date(now()))), state: 'current' };
  return inTransaction(db, async (trx) => {
    // Another process may have made one meanwhile: the first counts.
    const first = currentFirst(await loadKeys(trx, connection, door.sealingKey));
    if (first !== null) return first;
    await saveKey(trx, connection, made, door.sealingKey, now());
    return [made];
  });
}

function currentFirst(keys: readonly StoredKeyPair[]): readonly [StoredKeyPair, ...StoredKeyPair[]] | null {
  const current = keys.find(({ state }) => state === 'current');
  return current === undefined ? null : [current, ...keys.filter((key) => key !== current)];
}

/** Step one: the next pair stands in our metadata, and nothing is signed with it yet. */
export async function publishNextKey(door: KeyDoor, connection: ConnectionId): Promise<void> {
  const { db, now } = door.sync;
  const made = await makeKeyPair(`rollcall ${connection}`, new Date(now()));
  await inTransaction(db, (trx) => saveKey(trx, connection, { ...made, state: 'next' }, door.sealingKey, now()));
}

/** Step two: the next pair signs, and the one before still decrypts. @throws RollcallError `conflict` without a next one. */
export async function useNextKey(db: Database, connection: ConnectionId): Promise<void> {
  if (await inTransaction(db, (trx) => promoteNextKey(trx, connection))) return;
  throw new RollcallError('conflict', `connection ${connection} has no next key: publish one first`);
}

/** Step three: what was encrypted for the previous pair can't be read any more. */
export async function endRollover(db: Database, connection: ConnectionId): Promise<void> {
  await dropPreviousKey(db, connection);
}
