// How often somebody may fail. Counted per account and client address, and per client address: who guesses is stopped,
// and the account's holder signs in from another address all the while.
import { createHash } from 'node:crypto';
import { MINUTE_MS } from '../core/instant.ts';
import { emailKey } from '../core/fact.ts';
import { RollcallError } from '../errors.ts';
import { countOne, forget, readCount, sweepThrottles, takeBack } from '../store/throttles.ts';
import type { Sync } from '../sync/context.ts';

/** design.md section 5: about 20 for an account from one address, 100 from an address. */
const PER_ACCOUNT = 20;
const PER_ADDRESS = 100;
/** Mails that anybody may cause to be sent to one address. */
const MAILS = 5;
const WINDOW_MS = 15 * MINUTE_MS;

export interface Attempt {
  /** What stands in the field, of any length. */
  readonly login: string;
  readonly address: string;
}

/**
 * Counts an attempt as failed before it is made, so that a thousand at once are counted too; `absolve` takes it back.
 * @returns null, or for how long nothing more is looked at.
 */
export async function admit(sync: Sync, attempt: Attempt): Promise<{ readonly retryAfterMs: number } | null> {
  // An address that is over its limit makes no more rows, however many names it tries.
  const spent = await readCount(sync.db, addressKey(attempt), WINDOW_MS, sync.now());
  if (spent !== null && spent.failures >= PER_ADDRESS) return { retryAfterMs: spent.leftMs };
  const own = await count(sync, accountKey(attempt), PER_ACCOUNT);
  // One account that is over its limit does not use up the address's.
  return own ?? count(sync, addressKey(attempt), PER_ADDRESS);
}

/** The attempt was none to guess. */
export async function absolve(sync: Sync, attempt: Attempt): Promise<void> {
  await forget(sync.db, accountKey(attempt));
  await takeBack(sync.db, addressKey(attempt));
}

/**
 * Does something that can be guessed at, or is costly: a look at a token, a sign-up. What it throws counts as a failure
 * of the address.
 * @throws RollcallError `too_many_attempts`.
 */
export async function withinLimits<T>(sync: Sync, address: string, work: () => Promise<T>): Promise<T> {
  const key = addressKey({ login: '', address });
  const refused = await count(sync, key, PER_ADDRESS);
  if (refused !== null) throw new RollcallError('too_many_attempts', tooMany(refused.retryAfterMs), refused);
  const done = await work();
  await takeBack(sync.db, key);
  return done;
}

/**
 * Counts what anybody may ask for and nobody needs often: a mail.
 * @throws RollcallError `too_many_attempts`.
 */
export async function admitCostly(sync: Sync, address: string): Promise<void> {
  const refused = await count(sync, key('mails asked for', network(address)), PER_ADDRESS);
  if (refused !== null) throw new RollcallError('too_many_attempts', tooMany(refused.retryAfterMs), refused);
}

/** Who fails at a door where no account is known: a browser that is under way there, or else an address. */
export type Stranger = { readonly browser: string } | { readonly address: string };

/** For how long nothing more of theirs is looked at there; null while they may try. Writes nothing. */
export async function spentAt(
  sync: Sync,
  door: string,
  who: Stranger,
): Promise<{ readonly retryAfterMs: number } | null> {
  const found = await readCount(sync.db, strangerKey(door, who), WINDOW_MS, sync.now());
  const most = 'browser' in who ? PER_ACCOUNT : PER_ADDRESS;
  return found === null || found.failures < most ? null : { retryAfterMs: Math.max(found.leftMs, 1000) };
}

export async function failedAt(sync: Sync, door: string, who: Stranger): Promise<void> {
  await count(sync, strangerKey(door, who), PER_ADDRESS);
}

function strangerKey(door: string, who: Stranger): string {
  return 'browser' in who ? key('browser', door, who.browser) : key('address', door, network(who.address));
}

export function tooMany(retryAfterMs: number): string {
  const minutes = Math.ceil(retryAfterMs / MINUTE_MS);
  return `too many attempts from here: try again in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}`;
}

/**
 * Whether one more mail may go to that address.
 * @param purpose counted by itself: whoever has links mailed that nobody wanted keeps no invitation from arriving.
 */
export async function mayMail(sync: Sync, email: string, purpose: 'account' | 'invitation'): Promise<boolean> {
  return (await count(sync, key('mail', purpose, emailKey(email)), MAILS)) === null;
}

async function count(sync: Sync, name: string, most: number): Promise<{ readonly retryAfterMs: number } | null> {
  const at = sync.now();
  const { failures, leftMs } = await countOne(sync.db, name, WINDOW_MS, at);
  if (failures === 1) await sweepThrottles(sync.db, WINDOW_MS, at);
  return failures > most ? { retryAfterMs: Math.max(leftMs, 1000) } : null;
}

function accountKey({ login, address }: Attempt): string {
  return key('account', emailKey(login), network(address));
}

function addressKey({ address }: Attempt): string {
  return key('address', network(address));
}

/** Of one length whatever was typed, and no list of addresses for whoever reads the table. */
function key(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

/** An IPv6 customer has 2^64 addresses: they count as one. */
function network(address: string): string {
  const four = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (four !== undefined || !address.includes(':')) return four ?? address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0');
  return [...groups, ...zeros, ...rest].slice(0, 4).join(':');
}
