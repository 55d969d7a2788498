// "Is this you?": what a directory says of somebody under the caller's address, and could not join by itself.
import { Router } from 'express';
import type { AccountsContext } from '../organization/context.ts';
import type { OwnConflict } from '../organization/own-conflicts.ts';
import { ownConflicts, settleOwnConflict } from '../organization/own-conflicts.ts';
import { wholeSessionOf } from './caller.ts';
import { textField } from './fields.ts';
import { form, hidden } from './form.ts';
import type { Html } from './html.ts';
import { html } from './html.ts';

export function ownConflictRouter({ sync }: AccountsContext): Router {
  const router = Router();
  router.get('/api/current-user/conflicts', async (request, response) => {
    const { caller } = wholeSessionOf(request);
    const all = await ownConflicts(sync, caller);
    response.json(all.map(({ needsProof, ...one }) => ({ ...one, needs_proof: needsProof })));
  });
  router.post('/api/current-user/conflicts/:id/link', async (request, response) => {
    await settleOwnConflict(sync, wholeSessionOf(request).caller, request.params.id);
    response.status(204).end();
  });
  router.post('/user/conflicts/link', async (request, response) => {
    await settleOwnConflict(sync, wholeSessionOf(request).caller, textField(request.body, 'conflict'));
    response.redirect(303, '/user');
  });
  return router;
}

/** Null where there is nothing to ask. */
export function conflictSection(conflicts: readonly OwnConflict[], token: string): Html | null {
  if (conflicts.length === 0) return null;
  return html`<section class="card" aria-labelledby="conflicts">
    <h2 id="conflicts">Is this you?</h2>
    <p class="meta">A directory lists somebody under your address. If it is you, say so, and what it gives is yours. If not, leave it: nothing happens.</p>
    <ul class="rows">${conflicts.map((one) => conflictRow(one, token))}</ul>
  </section>`;
}

function conflictRow({ id, organization, email, since, needsProof }: OwnConflict, token: string): Html {
  const whose = organization ?? 'The company directory';
  return html`<li>
    <div><span class="name">${whose}</span>
      <p class="meta">${email === null ? '' : `knows ${email}, `}since <time datetime="${since}">${since.slice(0, 10)}</time></p></div>
    ${
      needsProof
        ? html`<a href="/user/password-reset">Show first that the address is still yours</a>`
        : form(
            '/user/conflicts/link',
            token,
            hidden('conflict', id),
            html`<button class="quiet" type="submit" aria-label="Yes, ${whose} means me">Yes, that is me</button>`,
          )
    }
  </li>`;
}
