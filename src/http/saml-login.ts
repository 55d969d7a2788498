// A sign-in begins: the request is stored for this browser and this connection, then the browser carries it away.
import type { Request, Response } from 'express';
import { returnAddress } from '../connection/return-address.ts';
import { REQUEST_LIFETIME_MS } from '../saml/expectation.ts';
import { requester } from '../saml/library.ts';
import type { RequestPurpose } from '../store/saml-requests.ts';
import { addRequest } from '../store/saml-requests.ts';
import { nameBrowser } from './saml-browser.ts';
import type { SamlConnection, SamlDoor } from './saml-door.ts';
import { providerOf } from './saml-door.ts';
import { keysOf } from './saml-keys.ts';
import { sendPage, sendPostForm } from './saml-page.ts';

export async function beginSignIn(
  door: SamlDoor,
  saml: SamlConnection,
  request: Request,
  response: Response,
): Promise<void> {
  const { connection, settings, addresses } = saml;
  if (connection.state === 'paused') {
    sendPage(response, 403, 'Sign-in is paused', [
      'Your organization has paused this way to sign in. Ask your administrator.',
    ]);
    return;
  }
  const purpose: RequestPurpose = request.query['try'] === undefined ? 'login' : 'try';
  if (purpose === 'try' && !(await door.mayTry(request, connection.id))) {
    sendPage(response, 403, 'Not allowed', ['Only an administrator of this connection can try it.']);
    return;
  }
  const { metadata } = await providerOf(door, saml);
  const [current] = await keysOf(door, connection.id);
  const asked = request.query['return_to'];
  const returnTo = returnAddress(typeof asked === 'string' ? asked : null, settings.returnTo);
  const browser = nameBrowser(request, response, door.publicUrl);
  const { signOn } = metadata;
  const binding = signOn.redirect === null ? 'post' : 'redirect';
  const address = signOn.redirect ?? signOn.post ?? '';
  const library = requester(
    {
      entityId: addresses.entityId,
      acsUrl: addresses.acsUrl,
      address,
      binding,
      privateKey: current.privateKey,
      certificate: current.certificate,
      forceAuthn: purpose === 'try',
    },
    async (id) => {
      const at = door.sync.now();
      const expiresAt = new Date(Date.parse(at) + REQUEST_LIFETIME_MS).toISOString();
      await addRequest(door.sync.db, {
        id,
        connection: connection.id,
        purpose,
        browser,
        returnTo,
        createdAt: at,
        expiresAt,
      });
    },
  );
  response.set('Cache-Control', 'no-store');
  // No RelayState: where the sign-in leads is kept with the request, where nobody can write to it.
  if (binding === 'redirect') response.redirect(302, await library.getAuthorizeUrlAsync('', undefined, {}));
  else sendPostForm(response, address, postFields(await library.getAuthorizeMessageAsync('', undefined, {})));
}

function postFields(message: Readonly<Record<string, unknown>>): Record<string, string> {
  const { SAMLRequest: value } = message;
  return { SAMLRequest: typeof value === 'string' ? value : '' };
}
