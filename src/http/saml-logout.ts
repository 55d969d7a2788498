// Logout both ways: the provider asks, and the sessions it opened for that subject end; or somebody here asks, their
// session ends at once, and the provider is told.
import type { Request, Response } from 'express';
import { RollcallError } from '../errors.ts';
import { REQUEST_LIFETIME_MS } from '../saml/expectation.ts';
import type { LogoutMessage, LogoutSending } from '../saml/logout.ts';
import { logoutRequest, logoutResponse, readLogout } from '../saml/logout.ts';
import { consumeId, consumeRequest, openRequests, addRequest } from '../store/saml-requests.ts';
import type { SamlSession } from '../store/saml-sessions.ts';
import { dropSamlSession, findSamlSession, sessionsOfSubject, takeSamlSessions } from '../store/saml-sessions.ts';
import { Attempt } from './saml-attempt.ts';
import { browserOf, nameBrowser } from './saml-browser.ts';
import type { SamlConnection, SamlDoor, SamlProvider } from './saml-door.ts';
import { findSamlConnection, providerOf } from './saml-door.ts';
import { keysOf } from './saml-keys.ts';
import { sendLater, sendPage } from './saml-page.ts';
import { senderOf } from './saml-sender.ts';

export async function answerLogout(
  door: SamlDoor,
  saml: SamlConnection,
  request: Request,
  response: Response,
): Promise<void> {
  const provider = await providerOf(door, saml);
  const { originalUrl } = request;
  const at = originalUrl.indexOf('?');
  const rawQuery = at < 0 ? '' : originalUrl.slice(at + 1);
  response.set('Cache-Control', 'no-store');
  // Without a query it is somebody here who wants to leave, or another site that would have them leave: that is asked.
  if (rawQuery === '' && request.headers['sec-fetch-site'] === 'cross-site') {
    return response.redirect(303, '/user/logout');
  }
  if (rawQuery === '') return beginLogout(door, saml, provider, request, response);
  const sender = await senderOf(door, saml, request, 'sign-out');
  if (sender.spent !== null) return sendLater(response, sender.spent.retryAfterMs);
  const attempt = new Attempt(door, saml, request, response, sender);
  const now = Date.parse(door.sync.now());
  const message = await readLogout(rawQuery, {
    logoutUrl: saml.addresses.logoutUrl,
    provider: provider.metadata.entityId,
    certificates: provider.certificates
      .filter(({ state }) => state === 'trusted')
      .map(({ certificate }) => certificate),
    clockSkewMs: saml.settings.clockSkew * 1000,
    now,
  });
  if ('rule' in message) return attempt.refuse(message.rule, message.reason);
  if (message.kind === 'response') return endLogout(door, saml, message, { request, response, attempt });
  const used = { connection: saml.connection.id, id: message.id, expiresAt: new Date(now + 86_400_000).toISOString() };
  if (!(await consumeId(door.sync.db, used)))
    return attempt.refuse('isUsedOnce', 'the logout was asked already: a replay');
  for (const session of await askedToEnd(door, saml, message)) await end(door, session);
  const sending = await sendingTo(door, saml, provider.metadata.logout?.response ?? null);
  const answered = { inResponseTo: message.id, relayState: message.relayState, success: true };
  if (sending === null) sendPage(response, 200, 'Signed out', ['You are signed out.']);
  else response.redirect(302, await logoutResponse(sending, answered));
}

/** Sessions that this provider opened for exactly this subject; only those of the indexes, where it names some. */
async function askedToEnd(
  door: SamlDoor,
  { connection }: SamlConnection,
  { nameId, sessionIndexes }: Extract<LogoutMessage, { kind: 'request' }>,
): Promise<SamlSession[]> {
  const sessions = await sessionsOfSubject(door.sync.db, connection.id, nameId.value);
  return sessions.filter(({ nameId: known, sessionIndex }) => {
    const same = (known.nameQualifier ?? nameId.nameQualifier) === (nameId.nameQualifier ?? known.nameQualifier);
    const named = sessionIndexes.length === 0 || sessionIndex === null || sessionIndexes.includes(sessionIndex);
    return known.value === nameId.value && same && named;
  });
}

async function end(door: SamlDoor, { session, connection }: SamlSession): Promise<void> {
  await door.sessions.close(session, connection);
  await dropSamlSession(door.sync.db, session, connection);
}

async function beginLogout(
  door: SamlDoor,
  saml: SamlConnection,
  provider: SamlProvider,
  request: Request,
  response: Response,
): Promise<void> {
  const { db } = door.sync;
  const current = await door.sessions.current(request);
  const opened = current === null ? null : await findSamlSession(db, current, saml.connection.id);
  // Ours ends first: whatever becomes of the provider's, nobody stays signed in here.
  if (opened !== null) await end(door, opened);
  const url = opened === null ? null : await askProvider(door, saml, provider, opened, { request, response });
  if (url === null) response.redirect(303, '/');
  else response.redirect(302, url);
}

/** The address at the provider that ends its session, with our signed request in it; null where it has none. */
async function askProvider(
  door: SamlDoor,
  saml: SamlConnection,
  provider: SamlProvider,
  opened: SamlSession,
  { request, response }: { readonly request: Request; readonly response: Response },
): Promise<string | null> {
  const sending = await sendingTo(door, saml, provider.metadata.logout?.request ?? null);
  if (sending === null) return null;
  const { url, id } = await logoutRequest(sending, opened);
  const at = door.sync.now();
  await addRequest(door.sync.db, {
    id,
    connection: saml.connection.id,
    purpose: 'logout',
    browser: nameBrowser(request, response, door.publicUrl),
    returnTo: '/',
    createdAt: at,
    expiresAt: new Date(Date.parse(at) + REQUEST_LIFETIME_MS).toISOString(),
  });
  return url;
}

/**
 * Where a browser goes on to whose whole session has ended here, so that it ends at the provider too. Of several
 * providers the last one is told. Whatever fails, nobody stays signed in here.
 */
export async function tellProvider(
  door: SamlDoor,
  session: string,
  request: Request,
  response: Response,
): Promise<string | null> {
  const [opened] = await takeSamlSessions(door.sync.db, session);
  const saml = opened === undefined ? null : await findSamlConnection(door, opened.connection);
  if (opened === undefined || saml === null) return null;
  try {
    return await askProvider(door, saml, await providerOf(door, saml), opened, { request, response });
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error;
    door.log(`saml ${opened.connection}: ${error.message}`);
    return null;
  }
}

async function endLogout(
  door: SamlDoor,
  { connection }: SamlConnection,
  message: Extract<LogoutMessage, { kind: 'response' }>,
  { request, response, attempt }: { readonly request: Request; readonly response: Response; readonly attempt: Attempt },
): Promise<void> {
  const browser = browserOf(request, door.publicUrl);
  const wanted = { connection: connection.id, at: door.sync.now() };
  const open = browser === null ? [] : await openRequests(door.sync.db, { ...wanted, browser });
  const asked = open.find(({ id, purpose }) => id === message.inResponseTo && purpose === 'logout');
  if (asked === undefined || !(await consumeRequest(door.sync.db, asked.id))) {
    return attempt.refuse('answersThisBrowser', 'the logout answers no request of this browser that is still open');
  }
  if (message.success) return response.redirect(303, '/');
  sendPage(response, 200, 'Signed out here', [
    'You are signed out here. Your identity provider may still have you signed in.',
  ]);
}

async function sendingTo(door: SamlDoor, saml: SamlConnection, address: string | null): Promise<LogoutSending | null> {
  if (address === null) return null;
  const [{ privateKey }] = await keysOf(door, saml.connection.id);
  return { entityId: saml.addresses.entityId, address, privateKey, now: new Date(door.sync.now()) };
}
