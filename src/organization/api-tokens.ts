// Tokens of programs: making, exchanging, renewing and ending them (organizations.md section 6). Each belongs to one
// membership, and is good only while that membership is active and its organization lets the kind in.
import { DAY_MS, shift } from '../core/instant.ts';
import type { AccountId, Instant, OrganizationId } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import { findAccount } from '../store/accounts.ts';
import { noteEvent } from '../store/account-events.ts';
import type { Database } from '../store/database.ts';
import { inTransaction } from '../store/database.ts';
import { newId } from '../store/ids.ts';
import { ownMemberships } from '../store/own-memberships.ts';
import type { ApiToken, TokenKind } from '../store/tokens.ts';
import { addToken, endToken, findToken, listTokens, loadTokenSettings } from '../store/tokens.ts';
import type { AccountsContext } from './context.ts';
import { hashToken, newToken } from './keys.ts';
import { ACCESS_MS, readJwt, signJwt } from './token-jwt.ts';

/** The parts of the context that tokens need: the command line has no mail and no site. */
export type TokenContext = Pick<AccountsContext, 'sync' | 'keys'>;

export interface TokenOwner {
  readonly organization: OrganizationId;
  readonly account: AccountId;
}

export interface MadeToken {
  /** Shown once. */
  readonly secret: string;
  readonly stored: ApiToken;
}

/** Makes a token in the caller's transaction; those made before stay valid. */
export async function makeToken(
  { sync, keys }: TokenContext,
  db: Database,
  kind: TokenKind,
  owner: TokenOwner,
): Promise<MadeToken> {
  const at = sync.now();
  const id = newId<string>();
  const { days } = await loadTokenSettings(db, owner.organization);
  const expiresAt = kind === 'legacy' ? null : lastsUntil(at, days);
  const secret = expiresAt === null ? newToken() : await signJwt(keys, 'refresh', id, { at, expiresAt });
  const stored: ApiToken = {
    id,
    kind,
    ...owner,
    tokenHash: hashToken(secret),
    hint: secret.slice(-4),
    createdAt: at,
    expiresAt,
    lastUsedAt: null,
  };
  await addToken(db, stored);
  await noteEvent(db, { kind: 'token_made', ...owner, detail: kind }, at);
  return { secret, stored };
}

/** Seconds are what a JWT can say. */
function lastsUntil(at: Instant, days: number): Instant {
  return new Date(Math.floor((Date.parse(at) + days * DAY_MS) / 1000) * 1000).toISOString();
}

/**
 * The membership's personal access token.
 * @throws RollcallError `conflict` where it has one that is valid; `forbidden` while the organization lets none in.
 */
export async function createPersonalToken(context: TokenContext, owner: TokenOwner): Promise<MadeToken> {
  return inTransaction(context.sync.db, async (db) => {
    if (!(await loadTokenSettings(db, owner.organization)).personal) {
      throw new RollcallError('forbidden', 'personal access tokens are switched off in this organization');
    }
    const valid = await listTokens(db, owner, 'personal', context.sync.now());
    if (valid.length > 0) {
      throw new RollcallError('conflict', 'you have a valid token already: rotate it, or blacklist it first');
    }
    return makeToken(context, db, 'personal', owner);
  });
}

/** The stored token behind a refresh JWT that is good; null otherwise. */
export async function findRefresh(
  { sync, keys }: TokenContext,
  db: Database,
  refresh: string,
): Promise<ApiToken | null> {
  const read = await readJwt(keys, refresh, sync.now());
  if (read?.use !== 'refresh' || read.expired) return null;
  const token = await findToken(db, { id: read.token }, sync.now());
  return token?.tokenHash === hashToken(refresh) ? token : null;
}

/** An access token for a refresh token; null where that is dead, or would open nothing now. */
export async function exchange(context: TokenContext, refresh: string): Promise<string | null> {
  const { sync, keys } = context;
  const token = await findRefresh(context, sync.db, refresh);
  if (token === null || !(await loadTokenSettings(sync.db, token.organization)).personal) return null;
  const at = sync.now();
  return signJwt(keys, 'access', token.id, { at, expiresAt: shift(at, ACCESS_MS) });
}

/** A new refresh token for the old one, which is dead from then on; null where it was dead before. */
export async function rotate(context: TokenContext, refresh: string): Promise<string | null> {
  return inTransaction(context.sync.db, async (db) => {
    const old = await findRefresh(context, db, refresh);
    if (old === null || !(await endToken(db, old.id))) return null;
    const { account, organization, kind } = old;
    await noteEvent(db, { kind: 'token_ended', account, organization, detail: `${kind}, rotated` }, context.sync.now());
    return (await makeToken(context, db, 'personal', { organization, account })).secret;
  });
}

/** Ends a refresh token and every access token that came of it; false where it was dead before. */
export async function blacklist(context: TokenContext, refresh: string): Promise<boolean> {
  const { sync } = context;
  return inTransaction(sync.db, async (db) => {
    const token = await findRefresh(context, db, refresh);
    if (token === null) return false;
    const { account, organization, kind } = token;
    await noteEvent(db, { kind: 'token_ended', account, organization, detail: kind }, sync.now());
    return endToken(db, token.id);
  });
}

/** Ends a token of either kind by its id, by whoever runs the installation; false where there is none that is good. */
export async function revokeToken(sync: TokenContext['sync'], id: string): Promise<boolean> {
  return inTransaction(sync.db, async (db) => {
    const token = await findToken(db, { id }, sync.now());
    if (token === null) return false;
    const { account, organization, kind } = token;
    await noteEvent(
      db,
      { kind: 'token_ended', account, organization, detail: `${kind}, revoked by command` },
      sync.now(),
    );
    return endToken(db, id);
  });
}

/**
 * A token for a member, made by whoever runs the installation; also where the account was never activated.
 * @returns whether the organization lets this kind in at present.
 * @throws RollcallError `not_found` for an unknown organization or somebody who is no member; `conflict` for one who is
 * not active.
 */
export async function issueToken(
  context: TokenContext,
  wish: { readonly email: string; readonly organization: string; readonly kind: TokenKind },
): Promise<MadeToken & { readonly switchedOn: boolean }> {
  return inTransaction(context.sync.db, async (db) => {
    const account = await findAccount(db, wish.email);
    const memberships = account === null ? [] : await ownMemberships(db, account.id);
    const membership = memberships.find(({ organization }) => organization === wish.organization);
    if (account === null || membership === undefined) {
      throw new RollcallError('not_found', `${wish.email} is no member of ${wish.organization}`);
    }
    const { organization, status } = membership;
    if (status !== 'active') {
      throw new RollcallError('conflict', `${wish.email} is ${status} in ${organization}: a token would open nothing`);
    }
    const made = await makeToken(context, db, wish.kind, { organization, account: account.id });
    return { ...made, switchedOn: (await loadTokenSettings(db, organization))[wish.kind] };
  });
}
