// Who am I, what may I open, and where do I work: the first calls of every client (organizations.md section 7).
import { Router } from 'express';
import type { Caller } from '../organization/caller.ts';
import { findCaller, switchTo } from '../organization/caller.ts';
import type { AccountsContext } from '../organization/context.ts';
import { deleteAccount } from '../organization/delete-account.ts';
import { setNames } from '../store/accounts.ts';
import { RollcallError } from '../errors.ts';
import { callerOf, sessionOf, wholeSessionOf } from './caller.ts';
import { fieldOf, nameField, textField } from './fields.ts';
import { roleCode } from './role-code.ts';
import { takeSession } from './visit.ts';

export function currentUserRouter(context: AccountsContext): Router {
  const router = Router();
  const { sync, operators } = context;

  router.get('/api/current-user/whoami', (request, response) => {
    response.json(whoami(callerOf(request)));
  });
  router.get('/api/current-user', (request, response) => {
    response.json(whoami(callerOf(request)));
  });

  router.patch('/api/current-user', async (request, response) => {
    const { caller, session } = sessionOf(request);
    const wish = fieldOf(request.body, 'active_organization');
    if (wish !== undefined && typeof wish !== 'string') {
      throw new RollcallError('input_invalid', 'active_organization: the id of one of your organizations');
    }
    if (wish !== undefined) await switchTo(sync.db, caller, wish);
    for (const name of ['first_name', 'last_name'] as const) {
      if (fieldOf(request.body, name) !== undefined) {
        wholeSessionOf(request);
        await setNames(sync.db, caller.account.id, { [name]: nameField(request.body, name) });
      }
    }
    const now = await findCaller(sync.db, { kind: 'session', session }, operators);
    response.json(whoami(now ?? caller));
  });

  router.delete('/api/current-user', async (request, response) => {
    const { caller } = wholeSessionOf(request);
    await deleteAccount(sync, caller, textField(request.body, 'email'));
    takeSession(context, response);
    response.status(204).end();
  });
  return router;
}

function whoami({ account, active, memberships, operator, proven }: Caller) {
  return {
    id: account.id,
    email: account.email,
    first_name: account.firstName ?? '',
    last_name: account.lastName ?? '',
    email_verified: proven,
    operator,
    active_organization: active,
    org_membership: memberships.map((membership) => ({
      organization_id: membership.organization,
      title: membership.title,
      role: roleCode(membership),
      active: membership.status === 'active',
    })),
  };
}
