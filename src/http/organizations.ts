// `/api/organizations`: the caller's own, leaving one, and what its Owner alone decides. One that the caller is not in
// is 404, whether it exists or not; one that they wait for a role in is listed, and 403.
import { Router } from 'express';
import { RollcallError } from '../errors.ts';
import { activeIn } from '../organization/caller.ts';
import type { Caller } from '../organization/caller.ts';
import { closeOrganization, reopenOrganization } from '../organization/close.ts';
import type { AccountsContext } from '../organization/context.ts';
import { leave } from '../organization/leave.ts';
import { requireSso } from '../organization/single-sign-on.ts';
import type { OrganizationSummary } from '../store/own-memberships.ts';
import { findSummary, listSummaries } from '../store/own-memberships.ts';
import { callerOf, sessionOf } from './caller.ts';
import { booleanField, textField } from './fields.ts';
import { roleCode } from './role-code.ts';

export function organizationsRouter({ sync }: AccountsContext): Router {
  const router = Router();
  // No id of ours; Postgres would not even look for it.
  router.param('id', (_request, _response, next, id: string) => {
    next(id.includes('\0') ? new RollcallError('not_found', 'there is no such organization') : undefined);
  });

  router.get('/api/organizations', (request, response) => {
    const { memberships, active } = callerOf(request);
    // Whoever waits for a role belongs to it, and sees that they wait; whose access has ended sees nothing.
    const own = memberships.filter(({ status }) => status !== 'deactivated');
    response.json(
      own.map((one) => ({
        ...told(one),
        role: roleCode(one),
        status: one.status,
        active: one.organization === active,
      })),
    );
  });
  router.get('/api/organizations/:id', async (request, response) => {
    response.json(told(await readable(callerOf(request), request.params.id)));
  });
  router.post('/api/organizations/:id/leave', async (request, response) => {
    await leave(sync, sessionOf(request).caller, request.params.id);
    response.status(204).end();
  });
  router.post('/api/organizations/:id/close', async (request, response) => {
    const { caller } = sessionOf(request);
    await closeOrganization(sync, caller, request.params.id, textField(request.body, 'title'));
    response.status(204).end();
  });
  router.post('/api/organizations/:id/reopen', async (request, response) => {
    await reopenOrganization(sync, sessionOf(request).caller, request.params.id);
    response.status(204).end();
  });
  router.post('/api/organizations/:id/sign-in', async (request, response) => {
    const { caller } = sessionOf(request);
    const required = booleanField(request.body, 'require_sso');
    await requireSso(sync, caller, request.params.id, required);
    response.json({ require_sso: required });
  });

  /** Operators run the installation: they see every organization, and are no members of any. */
  router.get('/api/operator/organizations', async (request, response) => {
    if (!callerOf(request).operator) throw new RollcallError('not_found', 'there is nothing here');
    response.json((await listSummaries(sync.db)).map((one) => ({ ...told(one), open: one.open })));
  });

  async function readable(caller: Caller, id: string): Promise<OrganizationSummary> {
    const found = caller.operator ? await findSummary(sync.db, id) : null;
    return found ?? activeIn(caller, id);
  }
  return router;
}

function told({ organization, title, createdAt, defaultRole }: OrganizationSummary) {
  return {
    id: organization,
    title,
    default_role: roleCode({ role: defaultRole, status: 'active' }),
    created_at: createdAt,
  };
}
