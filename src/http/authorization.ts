// The Authorization header of a program. A token in the wrong header, or one that has to be exchanged first, is what
// programs get wrong most: the refusal says which header or call is right (organizations.md section 6).
import { findCaller } from '../organization/caller.ts';
import type { Caller } from '../organization/caller.ts';
import type { AccountsContext } from '../organization/context.ts';
import { hashToken } from '../organization/keys.ts';
import { looksLikeJwt, readJwt } from '../organization/token-jwt.ts';
import type { ApiToken, TokenKind } from '../store/tokens.ts';
import { findToken, loadTokenSettings, noteTokenUse } from '../store/tokens.ts';

export type Authorization =
  | { readonly kind: 'caller'; readonly caller: Caller }
  | { readonly kind: 'refused'; readonly help: string };

const LONGEST = 4096;

/** For a header that is neither. */
export const HEADERS =
  'this Authorization header is not understood: send `Authorization: Bearer <access token>`, or `Authorization: Token <legacy token>`';

const EXCHANGE =
  'POST it as {"refresh": "…"} to /api/token/refresh and send the access token that you get as `Authorization: Bearer <access token>`';

const SWITCHED_OFF: Readonly<Record<TokenKind, string>> = {
  legacy:
    'legacy tokens are switched off in this organization: use a personal access token, or ask the Owner to switch them on',
  personal: 'personal access tokens are switched off in this organization: ask the Owner to switch them on',
};

/** @param header begins with `Bearer` or `Token`. */
export async function authorize(context: AccountsContext, header: string): Promise<Authorization> {
  const [, scheme = '', text = ''] = /^(\S+)(?: +(\S+))? *$/.exec(header.slice(0, LONGEST)) ?? [];
  return scheme.toLowerCase() === 'token' ? byLegacy(context, text) : byBearer(context, text);
}

async function byBearer(context: AccountsContext, text: string): Promise<Authorization> {
  const { sync, keys } = context;
  const at = sync.now();
  const read = await readJwt(keys, text, at);
  if (read?.use === 'refresh') return refused(`this is a refresh token, it opens nothing by itself: ${EXCHANGE}`);
  if (read === null) {
    if (!looksLikeJwt(text) && (await findToken(sync.db, { tokenHash: hashToken(text) }, at)) !== null) {
      return refused('this is a legacy token, it goes into another header: send `Authorization: Token <legacy token>`');
    }
    return refused(`this is no access token of this site; of a personal access token: ${EXCHANGE}`);
  }
  if (read.expired) return refused('the access token has expired: POST the refresh token to /api/token/refresh again');
  const token = await findToken(sync.db, { id: read.token }, at);
  return token === null
    ? refused('the personal access token behind this access token was ended: make a new one')
    : letIn(context, token);
}

async function byLegacy(context: AccountsContext, text: string): Promise<Authorization> {
  const { sync, keys } = context;
  if (looksLikeJwt(text)) {
    const read = await readJwt(keys, text, sync.now());
    return read?.use === 'access'
      ? refused('this is an access token, it goes into another header: send `Authorization: Bearer <access token>`')
      : refused(`this is a personal access token, not a legacy token: ${EXCHANGE}`);
  }
  const token = await findToken(sync.db, { tokenHash: hashToken(text) }, sync.now());
  return token?.kind === 'legacy'
    ? letIn(context, token)
    : refused('this legacy token is not known: it was ended, or mistyped');
}

async function letIn(context: AccountsContext, token: ApiToken): Promise<Authorization> {
  const { sync, operators } = context;
  const settings = await loadTokenSettings(sync.db, token.organization);
  if (!settings[token.kind]) return refused(SWITCHED_OFF[token.kind]);
  const caller = await findCaller(sync.db, { kind: 'token', token }, operators);
  if (caller === null || caller.active === null) {
    return refused(
      'the membership that this token belongs to is not active: an Administrator of the organization can help',
    );
  }
  await noteTokenUse(sync.db, token, sync.now());
  return { kind: 'caller', caller };
}

function refused(help: string): Authorization {
  return { kind: 'refused', help };
}
