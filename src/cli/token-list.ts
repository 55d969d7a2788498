// `token list`: the tokens of SCIM clients, or with an address those of a member's programs; never a token itself.
import { emailKey } from '../core/fact.ts';
import { RollcallError } from '../errors.ts';
import { accountsByEmail } from '../store/accounts.ts';
import { loadScimTokens } from '../store/scim-tokens.ts';
import { tokensOfAccount } from '../store/tokens.ts';
import type { Sync } from '../sync/context.ts';
import type { Context } from './command.ts';
import { EXIT } from './command.ts';

export async function listScimTokens({ out }: Context, store: Sync): Promise<number> {
  const all = await loadScimTokens(store.db);
  out.document({
    tokens: all.map(({ id, connection, declared, createdAt, expiresAt, lastUsedAt, revokedAt }) => ({
      id,
      connection,
      declared,
      created_at: createdAt,
      expires_at: expiresAt,
      last_used_at: lastUsedAt,
      revoked_at: revokedAt,
    })),
  });
  if (all.length === 0) out.line('no tokens: `rollcall token scim CONNECTION` makes one');
  else {
    out.table(
      ['ID', 'CONNECTION', 'LAST USED', 'STATE'],
      all.map(({ id, connection, lastUsedAt, expiresAt, revokedAt, declared }) => {
        const until = expiresAt === null ? 'in use' : `until ${expiresAt}`;
        return [
          id,
          connection,
          lastUsedAt ?? 'never',
          revokedAt === null ? (declared ? 'declared' : until) : 'revoked',
        ];
      }),
    );
  }
  return EXIT.done;
}

/** @param email whose; those that still let in, also in organizations where their kind is switched off now. */
export async function listMemberTokens({ out }: Context, store: Sync, email: string): Promise<number> {
  const account = (await accountsByEmail(store.db, [emailKey(email)])).get(emailKey(email));
  if (account === undefined) {
    throw new RollcallError('not_found', `no account has the address ${email}: \`rollcall members\` lists them`);
  }
  const all = await tokensOfAccount(store.db, account, store.now());
  out.document({
    tokens: all.map(({ id, kind, organization, hint, createdAt, expiresAt, lastUsedAt }) => ({
      id,
      kind,
      organization,
      hint,
      created_at: createdAt,
      expires_at: expiresAt,
      last_used_at: lastUsedAt,
    })),
  });
  if (all.length === 0) out.line(`no tokens of ${email} are in use`);
  else {
    out.table(
      ['ID', 'KIND', 'ORGANIZATION', 'ENDS IN', 'LAST USED', 'UNTIL'],
      all.map(({ id, kind, organization, hint, lastUsedAt, expiresAt }) => [
        id,
        kind,
        organization,
        hint,
        lastUsedAt ?? 'never',
        expiresAt ?? 'no end',
      ]),
    );
  }
  return EXIT.done;
}
