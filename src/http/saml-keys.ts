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

/** Step one: the next pair stands in our metadata, and nothing is signed with it yet. @throws RollcallError `conflict` for a second one. */
export async function publishNextKey(door: KeyDoor, connection: ConnectionId): Promise<void> {
  const { db, now } = door.sync;
  const made = await makeKeyPair(`rollcall ${connection}`, new Date(now()));
  await keysOf(door, connection);
  await inTransaction(db, async (trx) => {
    // The provider may have read the one that is published, and would refuse what another one signs.
    if ((await loadKeys(trx, connection, door.sealingKey)).some(({ state }) => state === 'next')) {
      throw new RollcallError('conflict', `connection ${connection} has a next key already: use it first`);
    }
    await saveKey(trx, connection, { ...made, state: 'next' }, door.sealingKey, now());
  });
}

/** Step two: the next pair signs, and the one before still decrypts. @throws RollcallError `conflict` without a next one. */
export async function useNextKey(db: Database, connection: ConnectionId): Promise<void> {
  if (await inTransaction(db, (trx) => promoteNextKey(trx, connection))) return;
  throw new RollcallError('conflict', `connection ${connection} has no next key: publish one first`);
}

/**
 * Step three: what was encrypted for the previous pair can't be read any more.
 * @throws RollcallError `conflict` without a previous one.
 */
export async function endRollover(db: Database, connection: ConnectionId): Promise<void> {
  if (await dropPreviousKey(db, connection)) return;
  throw new RollcallError('conflict', `connection ${connection} has no previous key: no rollover is under way`);
}
