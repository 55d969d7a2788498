// Rules of the response, asked before any signature is checked. An unsigned response can be made to pass them all; they
// catch what is misrouted or misconfigured and say so plainly. What signs somebody in are the rules of the assertion.
import type { Expectation } from '../expectation.ts';
import type { SamlResponse } from '../message.ts';
import type { Rule } from '../refusal.ts';

const SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success';

export const RESPONSE_RULES: readonly Rule<SamlResponse, Expectation>[] = [
  isAResponse,
  responseVersionIsTwo,
  statusIsSuccess,
  responseIssuerIsTheProvider,
  destinationIsHere,
  answersThisBrowser,
  hasOneAssertion,
];

function isAResponse(response: SamlResponse): string | null {
  return response.isResponse ? null : 'the message is not a SAML 2.0 Response';
}

function responseVersionIsTwo({ version }: SamlResponse): string | null {
  return version === '2.0' ? null : `Version of the response is ${shown(version)}, not 2.0`;
}

function statusIsSuccess({ status, statusMessage }: SamlResponse): string | null {
  if (status[0] === SUCCESS) return null;
  const codes = status.length === 0 ? 'no status' : status.join(' / ');
  return `the identity provider answered ${codes}${statusMessage === null ? '' : `: ${statusMessage}`}`;
}

function responseIssuerIsTheProvider({ issuer }: SamlResponse, { provider }: Expectation): string | null {
  // Optional in the standard, unlike that of the assertion.
  if (issuer === null || issuer === provider) return null;
  return `Issuer of the response is ${shown(issuer)}; this connection's provider is ${provider}`;
}

function destinationIsHere({ destination }: SamlResponse, { acsUrl }: Expectation): string | null {
  if (destination === null || destination === acsUrl) return null;
  return `Destination is ${shown(destination)}; this is ${acsUrl}`;
}

/** A request of another browser, of another connection, answered already or too old is not among the awaited ones. */
function answersThisBrowser(
  { inResponseTo }: SamlResponse,
  { awaited, allowIdpInitiated }: Expectation,
): string | null {
  if (inResponseTo === null) {
    return allowIdpInitiated ? null : 'InResponseTo is missing, and allowIdpInitiated is off: nobody here asked for it';
  }
  if (awaited.some(({ id }) => id === inResponseTo)) return null;
  return `InResponseTo ${shown(inResponseTo)} is no request that this browser made of this connection and that is still open`;
}

function hasOneAssertion({ assertions, encryptedAssertions }: SamlResponse): string | null {
  const found = assertions + encryptedAssertions;
  return found === 1 ? null : `the response has ${found} assertions, not one`;
}

/** What a stranger wrote, cut to a length that a log can bear. */
function shown(text: string | null): string {
  return text === null ? 'missing' : `"${text.slice(0, 200)}"`;
}
