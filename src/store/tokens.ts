// Tokens of programs: each belongs to one membership and ends with it. Kept as a hash, with a hint to tell them apart.
import type { Knex } from 'knex';
import { shift } from '../core/instant.ts';
import type { AccountId, Instant, OrganizationId } from '../core/ids.ts';
import type { Database } from './database.ts';

/** `personal` is a refresh JWT that is exchanged for access; `legacy` is sent as it is. */
export type TokenKind = 'personal' | 'legacy';

export interface ApiToken {
  readonly id: string;
  readonly kind: TokenKind;
  readonly organization: OrganizationId;
  readonly account: AccountId;
  readonly tokenHash: string;
  /** Its last characters: enough to tell it from others, too few to use. */
  readonly hint: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | null;
  readonly lastUsedAt: Instant | null;
}

interface TokenRow {
  id: string;
  kind: TokenKind;
  organization: OrganizationId;
  account: AccountId;
  token_hash: string;
  hint: string;
  created_at: Instant;
  expires_at: Instant | null;
  last_used_at: Instant | null;
}

function fromRow(row: TokenRow): ApiToken {
  return {
    id: row.id,
    kind: row.kind,
    organization: row.organization,
    account: row.account,
    tokenHash: row.token_hash,
    hint: row.hint,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  };
}

export async function addToken(db: Database, token: ApiToken): Promise<void> {
  await db('api_tokens').insert({
    id: token.id,
    kind: token.kind,
    organization: token.organization,
    account: token.account,
    token_hash: token.tokenHash,
    hint: token.hint,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
    last_used_at: token.lastUsedAt,
  });
}

/** The token that is good at `at`, by its hash or by its id. */
export async function findToken(
  db: Database,
  key: { readonly tokenHash: string } | { readonly id: string },
  at: Instant,
): Promise<ApiToken | null> {
  const row: TokenRow | undefined = await db('api_tokens')
    .where('tokenHash' in key ? { token_hash: key.tokenHash } : { id: key.id })
    .where(good(at))
    .first();
  return row === undefined ? null : fromRow(row);
}

/** The membership's good tokens of that kind, the newest first. */
export async function listTokens(
  db: Database,
  membership: { readonly organization: OrganizationId; readonly account: AccountId },
  kind: TokenKind,
  at: Instant,
): Promise<ApiToken[]> {
  const { organization, account } = membership;
  const rows: TokenRow[] = await db('api_tokens')
    .where({ organization, account, kind })
    .where(good(at))
    .orderBy('id', 'desc');
  return rows.map(fromRow);
}

/** All good tokens of the account, whatever the organization, the newest first. */
export async function tokensOfAccount(db: Database, account: AccountId, at: Instant): Promise<ApiToken[]> {
  const rows: TokenRow[] = await db('api_tokens').where({ account }).where(good(at)).orderBy('id', 'desc');
  return rows.map(fromRow);
}

function good(at: Instant): (query: Knex.QueryBuilder) => void {
  return (query) => {
    void query.whereNull('expires_at').orWhere('expires_at', '>', at);
  };
}

/** Ends one token; false where it is not there any more. */
export async function endToken(db: Database, id: string): Promise<boolean> {
  return (await db('api_tokens').where({ id }).delete()) > 0;
}

/** Ends the account's tokens, in one organization or everywhere. */
export async function endTokensOf(db: Database, account: AccountId, organization?: OrganizationId): Promise<void> {
  await db('api_tokens')
    .where(organization === undefined ? { account } : { account, organization })
    .delete();
}

/** How exactly the last use is told; a write for each request would cost more than the request. */
const USE_MS = 60_000;

export async function noteTokenUse(db: Database, token: ApiToken, at: Instant): Promise<void> {
  if (token.lastUsedAt !== null && token.lastUsedAt > shift(at, -USE_MS)) return;
  await db('api_tokens').where({ id: token.id }).update({ last_used_at: at });
}

/** Which kinds of tokens an organization lets in, and how long a personal one is good. */
export interface TokenSettings {
  readonly personal: boolean;
  readonly legacy: boolean;
  readonly days: number;
}

const DEFAULTS: TokenSettings = { personal: true, legacy: false, days: 365 };

export async function loadTokenSettings(db: Database, organization: OrganizationId): Promise<TokenSettings> {
  const row: { personal: number; legacy: number; days: number } | undefined = await db('token_settings')
    .where({ organization })
    .first('personal', 'legacy', 'days');
  return row === undefined ? DEFAULTS : { personal: row.personal === 1, legacy: row.legacy === 1, days: row.days };
}

export async function saveTokenSettings(
  db: Database,
  organization: OrganizationId,
  { personal, legacy, days }: TokenSettings,
): Promise<void> {
  const fields = { personal: personal ? 1 : 0, legacy: legacy ? 1 : 0, days };
  await db('token_settings')
    .insert({ organization, ...fields })
    .onConflict('organization')
    .merge(fields);
}
