// Logout by redirect, verified over the raw query: the library takes unsigned requests, names that decode to the right
// ones, replays, and another person's NameID. What is signed is what was sent, byte for byte.
import { verify } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { randomBytes, sign } from 'node:crypto';
import type { NameId } from './message.ts';
import { readNameId, statusCodes } from './message.ts';
import type { Refusal } from './refusal.ts';
import { MESSAGE_BOUNDS } from './rules/bounds.ts';
import { timeOf } from './rules/assertion.ts';
import { signatureAlgorithmFault } from './rules/algorithms.ts';
import { NS, attributeOf, childNamed, childrenNamed, escapeXml, isNamed, parseXml, textOf } from './xml.ts';

export interface LogoutExpectation {
  /** Where logout messages are to arrive. */
  readonly logoutUrl: string;
  readonly provider: string;
  readonly certificates: readonly string[];
  readonly clockSkewMs: number;
  readonly now: number;
}

export type LogoutMessage =
  | {
      readonly kind: 'request';
      readonly id: string;
      readonly nameId: NameId;
      /** Empty: all sessions of the subject. */
      readonly sessionIndexes: readonly string[];
      readonly relayState: string | null;
    }
  | { readonly kind: 'response'; readonly id: string; readonly inResponseTo: string; readonly success: boolean };

const PARAMETERS = ['SAMLRequest', 'SAMLResponse', 'RelayState', 'SigAlg', 'Signature'] as const;
type Parameter = (typeof PARAMETERS)[number];

const HASHES = new Map([
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'sha256'],
  ['http://www.w3.org/2001/04/xmldsig-more#rsa-sha512', 'sha512'],
]);

/** A message may be this old: a browser carries it at once. */
const FRESH_MS = 5 * 60_000;
const LONGEST_QUERY = 16 * 1024;

export async function readLogout(rawQuery: string, expected: LogoutExpectation): Promise<LogoutMessage | Refusal> {
  if (rawQuery.length > LONGEST_QUERY) return { rule: 'isShort', reason: `the query is longer than ${LONGEST_QUERY}` };
  const raw = parametersOf(rawQuery);
  if (!(raw instanceof Map)) return raw;
  const unsigned = signatureFault(raw, expected.certificates);
  if (unsigned !== null) return unsigned;
  const carrier = raw.has('SAMLRequest') ? 'SAMLRequest' : 'SAMLResponse';
  const xml = await inflated(decoded(raw.get(carrier)) ?? '');
  if (xml === null) return { rule: 'isDeflated', reason: 'the message cannot be inflated, or becomes too large' };
  const { root, refusal } = parseXml(xml, MESSAGE_BOUNDS);
  if (root === null) return refusal;
  const fault = commonFault(root, carrier, expected);
  if (fault !== null) return fault;
  return carrier === 'SAMLRequest' ? readRequest(root, decoded(raw.get('RelayState')), expected) : readAnswer(root);
}

/** Names as they stand in the query, never decoded: `SAML%52equest` is no name of ours, and a name that comes twice is two messages. */
function parametersOf(rawQuery: string): Map<Parameter, string> | Refusal {
  const found = new Map<Parameter, string>();
  for (const pair of rawQuery.split('&')) {
    const at = pair.indexOf('=');
    const name = PARAMETERS.find((known) => known === (at < 0 ? pair : pair.slice(0, at)));
    if (name === undefined)
      return { rule: 'queryIsPlain', reason: 'the query has a parameter that is none of a logout' };
    if (found.has(name)) return { rule: 'queryIsPlain', reason: `${name} stands twice in the query` };
    found.set(name, pair.slice(at + 1));
  }
  if (found.has('SAMLRequest') === found.has('SAMLResponse')) {
    return { rule: 'queryIsPlain', reason: 'the query has not one of SAMLRequest and SAMLResponse' };
  }
  return found;
}

function signatureFault(raw: ReadonlyMap<Parameter, string>, certificates: readonly string[]): Refusal | null {
  const algorithm = decoded(raw.get('SigAlg'));
  const signature = decoded(raw.get('Signature'));
  if (algorithm === null || signature === null) return { rule: 'logoutIsSigned', reason: 'the message is not signed' };
  const hash = HASHES.get(algorithm);
  if (hash === undefined) {
    const reason = signatureAlgorithmFault(algorithm) ?? `signed with ${algorithm}, which is not supported by redirect`;
    return { rule: 'signatureAlgorithmIsStrong', reason };
  }
  const order: readonly Parameter[] = ['SAMLRequest', 'SAMLResponse', 'RelayState', 'SigAlg'];
  const signed = order.flatMap((name) => (raw.has(name) ? [`${name}=${raw.get(name) ?? ''}`] : [])).join('&');
  const bytes = Buffer.from(signature, 'base64');
  const valid = certificates.some((certificate) => verify(hash, Buffer.from(signed, 'utf8'), certificate, bytes));
  return valid ? null : { rule: 'signatureIsValid', reason: 'no trusted certificate made the signature of the query' };
}

function decoded(value: string | undefined): string | null {
  if (value === undefined || value === '') return null;
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return null;
  }
}

async function inflated(base64: string): Promise<string | null> {
  try {
    const bytes = await promisify(inflateRaw)(Buffer.from(base64, 'base64'), { maxOutputLength: 64 * 1024 });
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function commonFault(root: Element, carrier: string, expected: LogoutExpectation): Refusal | null {
  const name = carrier === 'SAMLRequest' ? 'LogoutRequest' : 'LogoutResponse';
  if (!isNamed(root, 'protocol', name)) return { rule: 'isALogout', reason: `the message is no ${name}` };
  if (attributeOf(root, 'Version') !== '2.0') return { rule: 'logoutVersionIsTwo', reason: 'Version is not 2.0' };
  if ((attributeOf(root, 'ID') ?? '') === '') return { rule: 'logoutHasAnId', reason: 'the message has no ID' };
  const issuer = textOf(childNamed(root, 'assertion', 'Issuer'));
  if (issuer !== expected.provider)
    return { rule: 'logoutIssuerIsTheProvider', reason: `Issuer is ${issuer ?? 'missing'}` };
  const destination = attributeOf(root, 'Destination');
  // A signed message by redirect must name where it goes (SAML bindings, 3.4.5.2).
  if (destination !== expected.logoutUrl) {
    return {
      rule: 'destinationIsHere',
      reason: `Destination is ${destination ?? 'missing'}; this is ${expected.logoutUrl}`,
    };
  }
  const issued = timeOf(attributeOf(root, 'IssueInstant') ?? '');
  const fresh = Math.abs(expected.now - issued) <= FRESH_MS + expected.clockSkewMs;
  return fresh ? null : { rule: 'logoutIsFresh', reason: 'IssueInstant is not of these minutes' };
}

function readRequest(root: Element, relayState: string | null, expected: LogoutExpectation): LogoutMessage | Refusal {
  const end = attributeOf(root, 'NotOnOrAfter');
  if (end !== null && !(expected.now - expected.clockSkewMs < timeOf(end))) {
    return { rule: 'logoutIsFresh', reason: `expired at ${end}` };
  }
  const nameId = readNameId(childNamed(root, 'assertion', 'NameID'));
  if (nameId === null) return { rule: 'logoutNamesSomebody', reason: 'there is no NameID' };
  const sessionIndexes = childrenNamed(root, 'protocol', 'SessionIndex').flatMap((element) => textOf(element) ?? []);
  return { kind: 'request', id: attributeOf(root, 'ID') ?? '', nameId, sessionIndexes, relayState };
}

function readAnswer(root: Element): LogoutMessage {
  const status = childNamed(root, 'protocol', 'Status');
  const [code] = status === null ? [] : statusCodes(status);
  return {
    kind: 'response',
    id: attributeOf(root, 'ID') ?? '',
    inResponseTo: attributeOf(root, 'InResponseTo') ?? '',
    success: code === 'urn:oasis:names:tc:SAML:2.0:status:Success',
  };
}

export interface LogoutSending {
  readonly entityId: string;
  readonly address: string;
  readonly privateKey: string;
  readonly now: Date;
}

/** @returns the address to send the browser to, and the id of the request in it. */
export async function logoutRequest(
  sending: LogoutSending,
  subject: { readonly nameId: NameId; readonly sessionIndex: string | null },
): Promise<{ readonly url: string; readonly id: string }> {
  const { value, format, nameQualifier, spNameQualifier } = subject.nameId;
  const id = newMessageId();
  const qualifiers = [
    ['Format', format],
    ['NameQualifier', nameQualifier],
    ['SPNameQualifier', spNameQualifier],
  ].map(([name, text]) => (text === null || text === undefined ? '' : ` ${name}="${escapeXml(text)}"`));
  const index =
    subject.sessionIndex === null ? '' : `<samlp:SessionIndex>${escapeXml(subject.sessionIndex)}</samlp:SessionIndex>`;
  const body = `<saml:NameID${qualifiers.join('')}>${escapeXml(value)}</saml:NameID>${index}`;
  return { url: await redirectUrl(sending, 'SAMLRequest', message(sending, 'LogoutRequest', id, '', body), null), id };
}

export async function logoutResponse(
  sending: LogoutSending,
  answered: { readonly inResponseTo: string; readonly relayState: string | null; readonly success: boolean },
): Promise<string> {
  const code = answered.success ? 'Success' : 'Requester';
  const status = `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${code}"/></samlp:Status>`;
  const attribute = ` InResponseTo="${escapeXml(answered.inResponseTo)}"`;
  const xml = message(sending, 'LogoutResponse', newMessageId(), attribute, status);
  return redirectUrl(sending, 'SAMLResponse', xml, answered.relayState);
}

function newMessageId(): string {
  return `_${randomBytes(20).toString('hex')}`;
}

function message(sending: LogoutSending, name: string, id: string, attributes: string, body: string): string {
  const issuer = `<saml:Issuer>${escapeXml(sending.entityId)}</saml:Issuer>`;
  return `<samlp:${name} xmlns:samlp="${NS.protocol}" xmlns:saml="${NS.assertion}" ID="${id}" Version="2.0" IssueInstant="${sending.now.toISOString()}" Destination="${escapeXml(sending.address)}"${attributes}>${issuer}${body}</samlp:${name}>`;
}

async function redirectUrl(
  { address, privateKey }: LogoutSending,
  parameter: 'SAMLRequest' | 'SAMLResponse',
  xml: string,
  relayState: string | null,
): Promise<string> {
  const deflated = await promisify(deflateRaw)(Buffer.from(xml, 'utf8'));
  const parts = [`${parameter}=${encodeURIComponent(deflated.toString('base64'))}`];
  if (relayState !== null) parts.push(`RelayState=${encodeURIComponent(relayState)}`);
  parts.push(`SigAlg=${encodeURIComponent('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256')}`);
  const signature = sign('sha256', Buffer.from(parts.join('&'), 'utf8'), privateKey).toString('base64');
  const query = `${parts.join('&')}&Signature=${encodeURIComponent(signature)}`;
  return `${address}${address.includes('?') ? '&' : '?'}${query}`;
}
