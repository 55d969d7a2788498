// Which identity provider signs in the people of a domain, and whether an organization requires it of its own.
import type { OrganizationId } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import { noteEvent } from '../store/account-events.ts';
import { inTransaction } from '../store/database.ts';
import { saveSignInRule } from '../store/own-memberships.ts';
import { signInConnections } from '../store/connections.ts';
import type { Sync } from '../sync/context.ts';
import type { Caller } from './caller.ts';
import { activeIn, atLeast } from './caller.ts';

/**
 * Requires single sign-on, or no longer. The Owner can still use a password: when the identity provider is broken
 * somebody has to get in, and it is noted each time.
 * @throws RollcallError `not_found`; `forbidden` for all but the Owner; `conflict` without a connection to sign in by.
 */
export async function requireSso(sync: Sync, caller: Caller, id: string, required: boolean): Promise<OrganizationId> {
  const { organization } = atLeast(activeIn(caller, id), 'owner');
  await inTransaction(sync.db, async (db) => {
    if (required && (await signInConnections(db, organization)).length === 0) {
      throw new RollcallError(
        'conflict',
        'nobody could sign in: add a SAML or LDAP connection, activate it and try it before you require it',
      );
    }
    await saveSignInRule(db, organization, required);
    const event = { kind: 'sso_required', account: caller.account.id, organization } as const;
    await noteEvent(db, { ...event, detail: required ? 'on' : 'off' }, sync.now());
  });
  return organization;
}
