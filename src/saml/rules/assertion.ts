// Rules of the assertion, asked of the signed bytes alone. The library checks signatures; it does not ask who is spoken
// to, by whom, about whom, and in answer to what: these do.
import type { Expectation } from '../expectation.ts';
import type { Assertion, Confirmation } from '../message.ts';
import type { Rule } from '../refusal.ts';

export interface Signed {
  readonly assertion: Assertion;
  /** InResponseTo of the response; null for a response that nobody here asked for. */
  readonly answers: string | null;
}

type AssertionRule = Rule<Signed, Expectation>;

export const ASSERTION_RULES: readonly AssertionRule[] = [
  assertionHasAnId,
  assertionVersionIsTwo,
  assertionIssuerIsTheProvider,
  subjectIsThere,
  confirmationIsBearer,
  recipientIsHere,
  confirmationIsInTime,
  confirmationAnswersTheRequest,
  conditionsAreInTime,
  audienceIsUs,
  authnStatementIsThere,
  sessionIsNotOver,
];

const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';

/** Without an id nothing could tell a replay. */
function assertionHasAnId({ assertion: { id } }: Signed): string | null {
  return id === null || id === '' ? 'the assertion has no ID' : null;
}

function assertionVersionIsTwo({ assertion: { version } }: Signed): string | null {
  return version === '2.0' ? null : `Version of the assertion is ${version ?? 'missing'}, not 2.0`;
}

function assertionIssuerIsTheProvider({ assertion: { issuer } }: Signed, { provider }: Expectation): string | null {
  return issuer === provider
    ? null
    : `Issuer of the assertion is ${issuer ?? 'missing'}; this connection's provider is ${provider}`;
}

function subjectIsThere({ assertion: { hasSubject } }: Signed): string | null {
  return hasSubject ? null : 'the assertion has no Subject: it is about nobody';
}

function confirmationIsBearer({ assertion }: Signed): string | null {
  return bearers(assertion).length > 0 ? null : 'the Subject has no SubjectConfirmation by the method bearer';
}

function recipientIsHere({ assertion }: Signed, { acsUrl }: Expectation): string | null {
  if (bearers(assertion).some((one) => one.recipient === acsUrl)) return null;
  return `Recipient is ${bearers(assertion)[0]?.recipient ?? 'missing'}; this is ${acsUrl}`;
}

function confirmationIsInTime({ assertion }: Signed, expected: Expectation): string | null {
  const here = bearers(assertion).filter(({ recipient }) => recipient === expected.acsUrl);
  const faults = here.map((one) =>
    // The standard demands an end, and forbids a beginning, for a bearer.
    one.notOnOrAfter === null ? 'SubjectConfirmationData has no NotOnOrAfter' : periodFault(one, expected),
  );
  return faults.includes(null) ? null : (faults[0] ?? 'no SubjectConfirmation is in time');
}

/** The one that counts must name the request; one bearer confirmation alone must satisfy all of it. */
function confirmationAnswersTheRequest({ assertion, answers }: Signed, expected: Expectation): string | null {
  const fit = bearers(assertion).filter(
    (one) => one.recipient === expected.acsUrl && one.notOnOrAfter !== null && periodFault(one, expected) === null,
  );
  if (fit.some(({ inResponseTo }) => inResponseTo === answers)) return null;
  const found = fit[0]?.inResponseTo ?? 'missing';
  return answers === null
    ? `InResponseTo of the SubjectConfirmationData is ${found}, and the response answers no request`
    : `InResponseTo of the SubjectConfirmationData is ${found}, and that of the response ${answers}`;
}

function conditionsAreInTime({ assertion: { conditions } }: Signed, expected: Expectation): string | null {
  const [only] = conditions;
  if (only === undefined || conditions.length > 1) return `the assertion has ${conditions.length} Conditions, not one`;
  return periodFault(only, expected);
}

function audienceIsUs({ assertion: { conditions } }: Signed, { entityId }: Expectation): string | null {
  const restrictions = conditions.flatMap(({ audiences }) => audiences);
  if (restrictions.length === 0) return 'the assertion has no AudienceRestriction: it is for anybody';
  if (restrictions.every((audiences) => audiences.includes(entityId))) return null;
  return `Audience is ${restrictions.flat().join(', ').slice(0, 300)}; this is ${entityId}`;
}

function authnStatementIsThere({ assertion: { authnStatements } }: Signed): string | null {
  return authnStatements.length > 0 ? null : 'the assertion has no AuthnStatement: nobody signed in';
}

function sessionIsNotOver(
  { assertion: { authnStatements } }: Signed,
  { now, clockSkewMs }: Expectation,
): string | null {
  const over = authnStatements.find(
    ({ sessionNotOnOrAfter: end }) => end !== null && !(now - clockSkewMs < timeOf(end)),
  );
  return over === undefined ? null : `the session at the identity provider ended at ${over.sessionNotOnOrAfter}`;
}

function bearers({ confirmations }: Assertion): readonly Confirmation[] {
  return confirmations.filter(({ method }) => method === BEARER);
}

function periodFault(
  { notBefore, notOnOrAfter }: { readonly notBefore: string | null; readonly notOnOrAfter: string | null },
  { now, clockSkewMs }: Expectation,
): string | null {
  // Written so that a time that can't be read is never in time.
  if (notBefore !== null && !(timeOf(notBefore) <= now + clockSkewMs)) return `not valid before ${notBefore}`;
  if (notOnOrAfter !== null && !(now - clockSkewMs < timeOf(notOnOrAfter))) return `expired at ${notOnOrAfter}`;
  return null;
}

/** xs:dateTime as the standard demands it: UTC, with Z. */
export function timeOf(text: string): number {
  return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/.test(text) ? Date.parse(text) : Number.NaN;
}
