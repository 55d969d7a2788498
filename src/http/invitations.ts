// `/api/invite`: the organization's link, and invitations by mail (organizations.md section 7).
import { Router } from 'express';
import { RollcallError } from '../errors.ts';
import type { AccountsContext } from '../organization/context.ts';
import type { InvitationLink } from '../organization/invite.ts';
import { invitationLink, invite, resetLink, revokeInvitation } from '../organization/invite.ts';
import { callerOf } from './caller.ts';
import { emailField, fieldOf, textField } from './fields.ts';
import { readRole } from './role-code.ts';

export function invitationRouter(context: AccountsContext): Router {
  const router = Router();

  router.get('/api/invite', async (request, response) => {
    response.json(told(await invitationLink(context, callerOf(request))));
  });
  router.post('/api/invite/reset-token', async (request, response) => {
    response.status(201).json(told(await resetLink(context, callerOf(request))));
  });
  router.post('/api/invite/send-email', async (request, response) => {
    const list = fieldOf(request.body, 'emails');
    if (!Array.isArray(list)) throw new RollcallError('input_invalid', 'emails: a list of addresses');
    const emails = list.map((email: unknown) => emailField({ emails: email }, 'emails'));
    const given = fieldOf(request.body, 'role');
    const role = given === undefined ? 'not_activated' : readRole(textField(request.body, 'role'));
    if (role === null) throw new RollcallError('input_invalid', 'role: one of AD, MA, RE, AN, NO');
    const held = await invite(context, callerOf(request), { emails, role });
    const answer = { invited: emails, role: textField(request.body, 'role') || 'NO' };
    // Mailed too often of late: invite them again later.
    response.json(held.length === 0 ? answer : { ...answer, not_mailed: held });
  });
  router.post('/api/invite/revoke', async (request, response) => {
    await revokeInvitation(context, callerOf(request), emailField(request.body));
    response.json({ revoked: emailField(request.body) });
  });
  return router;
}

function told({ token, url }: InvitationLink) {
  return { token, invite_url: url };
}
