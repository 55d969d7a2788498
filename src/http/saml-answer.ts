// A response was posted: verified, held against the store, taken in, and answered. Whatever refuses it, the visitor sees
// one plain message and a reference, and the trace has the reason.
import type { Request, Response } from 'express';
import { returnAddress } from '../connection/return-address.ts';
import type { ConnectionId } from '../core/ids.ts';
import { RollcallError } from '../errors.ts';
import type { Expectation } from '../saml/expectation.ts';
import type { Identity } from '../saml/identity.ts';
import { readIdentity } from '../saml/identity.ts';
import type { Assertion } from '../saml/message.ts';
import type { Accepted } from '../saml/verify.ts';
import { inTransaction } from '../store/database.ts';
import type { OpenRequest } from '../store/saml-requests.ts';
import { consumeId, consumeRequest } from '../store/saml-requests.ts';
import { saveSamlSession } from '../store/saml-sessions.ts';
import { signIn, trySignIn } from '../sync/sign-in.ts';
import type { SignInRequest, SignedIn } from '../sync/sign-in.ts';
import type { Attempt } from './saml-attempt.ts';
import { rememberWay } from './saml-browser.ts';
import type { SamlConnection, SamlDoor } from './saml-door.ts';
import { providerOf } from './saml-door.ts';
import { sendLater, sendPage } from './saml-page.ts';
import { expectationOf, questionOf } from './saml-question.ts';
import type { Sender } from './saml-sender.ts';
import { triedLines } from './saml-tried.ts';
import type { Opened } from './session-opener.ts';

/** The fields of the form; a field that was sent twice is none. */
export interface PostedResponse {
  readonly samlResponse: string | null;
  readonly relayState: string | null;
}

export interface Visit {
  readonly attempt: Attempt;
  readonly request: Request;
  readonly response: Response;
}

/** A full queue is empty again by then. */
const BUSY_MS = 5000;

export async function answerSignIn(
  door: SamlDoor,
  saml: SamlConnection,
  posted: PostedResponse,
  { open }: Sender,
  { attempt, request, response }: Visit,
): Promise<void> {
  if (saml.connection.state === 'paused') return attempt.refuse('connectionIsActive', 'the connection is paused');
  if (posted.samlResponse === null) return attempt.refuse('isAForm', 'there is no single field SAMLResponse', 400);
  // What this browser did not ask for could only be refused: nothing is parsed for it.
  if (open.length === 0 && !saml.settings.allowIdpInitiated) {
    return attempt.refuse(
      'answersThisBrowser',
      'this browser has no sign-in under way here, and allowIdpInitiated is off',
    );
  }
  const provider = await providerOf(door, saml);
  const { connection } = saml;
  const expected = await expectationOf(door, saml, provider, open);
  const verdict = await door.verifier.verify({ posted: posted.samlResponse, expected }, request.ip ?? '');
  if (verdict === 'busy') return sendLater(response, BUSY_MS);
  attempt.saw(verdict, provider);
  if (verdict.kind === 'refused') return attempt.refuse(verdict.rule, verdict.reason);

  const answered = open.find(({ id }) => id === verdict.response.inResponseTo) ?? null;
  const trusted = provider.certificates.some(
    (one) => one.fingerprint === verdict.certificate && one.state === 'trusted',
  );
  if (!trusted && answered?.purpose !== 'try') {
    return attempt.refuse(
      'certificateIsTrusted',
      `signed by a certificate that is only staged: ${verdict.certificate}`,
    );
  }
  const identity = readIdentity(verdict.assertion, saml.settings, provider.metadata.kind);
  if ('rule' in identity) return attempt.refuse(identity.rule, identity.reason);
  attempt.email = identity.email;
  if (!(await useUp(door, saml, verdict, answered, expected))) {
    return attempt.refuse('isUsedOnce', 'the assertion, or the request that it answers, was used already: a replay');
  }
  const question = questionOf(saml, identity, door.sync.now());
  if (answered?.purpose === 'try') return showTrial(door, question, identity, { attempt, response });
  const answer = await signIn(door.sync, question);
  if (answer.kind === 'refused') return attempt.refuseKnown(answer);
  attempt.account = answer.account;
  attempt.plan = answer.plan;
  // What nobody here asked for says itself where it leads; everything else was stored with the request.
  const returnTo = answered?.returnTo ?? returnAddress(posted.relayState, saml.settings.returnTo);
  return letIn(door, verdict.assertion, answer, { attempt, request, response, connection: connection.id, returnTo });
}

async function showTrial(
  door: SamlDoor,
  question: SignInRequest,
  identity: Identity,
  { attempt, response }: { readonly attempt: Attempt; readonly response: Response },
): Promise<void> {
  const { answer, rows } = await trySignIn(door.sync, question);
  if (answer.kind === 'in') await attempt.record('tried', null, 'would be signed in');
  else await attempt.record('tried', answer.rule, answer.reason);
  sendPage(response, 200, 'Trial sign-in', [...triedLines(identity, answer, rows), `Reference: ${attempt.reference}`]);
}

interface Arrival extends Visit {
  readonly connection: ConnectionId;
  readonly returnTo: string;
}

async function letIn(
  door: SamlDoor,
  { nameId, authnStatements }: Assertion,
  { account, organization }: Extract<SignedIn, { kind: 'in' }>,
  { attempt, request, response, connection, returnTo }: Arrival,
): Promise<void> {
  const [authn] = authnStatements;
  const ends = authn?.sessionNotOnOrAfter ?? null;
  const until = ends === null ? null : new Date(ends).toISOString();
  const session = await opensSession(door, request, response, { account, connection, organization, until });
  // Let go between the two: the sessions have the last word, and say what may be said.
  if (session instanceof RollcallError) return attempt.refuse('sessionOpens', session.message, 403, session.message);
  await inTransaction(door.sync.db, async (db) => {
    const known = { session, connection, account, sessionIndex: authn?.sessionIndex ?? null };
    if (nameId !== null) await saveSamlSession(db, { ...known, nameId }, door.sync.now());
    await attempt.record('accepted', null, 'signed in', db);
  });
  rememberWay(response, connection, door.publicUrl);
  response.set('Cache-Control', 'no-store').redirect(303, returnTo);
}

async function opensSession(
  door: SamlDoor,
  request: Request,
  response: Response,
  opened: Opened,
): Promise<string | RollcallError> {
  try {
    return await door.sessions.open(request, response, opened);
  } catch (error) {
    if (error instanceof RollcallError) return error;
    throw error;
  }
}

/** The ids are kept for as long as the assertion could be accepted again, and a day at least. */
const KEEP_ID_MS = 86_400_000;

/** Uses up the request and the assertion, both or neither, whatever other process gets the same response. */
async function useUp(
  door: SamlDoor,
  { connection }: SamlConnection,
  { assertion }: Accepted,
  answered: OpenRequest | null,
  { now, clockSkewMs }: Expectation,
): Promise<boolean> {
  const end = Math.max(now + KEEP_ID_MS, Date.parse(assertion.conditions[0]?.notOnOrAfter ?? '') + clockSkewMs || 0);
  const replayed = new Error('replayed');
  try {
    await inTransaction(door.sync.db, async (db) => {
      if (answered !== null && !(await consumeRequest(db, answered.id))) throw replayed;
      const used = { connection: connection.id, id: assertion.id ?? '', expiresAt: new Date(end).toISOString() };
      if (!(await consumeId(db, used))) throw replayed;
    });
    return true;
  } catch (error) {
    if (error === replayed) return false;
    throw error;
  }
}
