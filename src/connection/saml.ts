// Settings of a SAML connection (design.md section 5). What would weaken a sign-in is off unless it is written here.
import { z } from 'zod';

export type IdpMetadata =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'xml'; readonly xml: string };

const METADATA_FORMS = '{ file: PATH }, { url: URL } or { xml: TEXT }';

const idpMetadata = z.unknown().transform((written, context): IdpMetadata => {
  const read = readMetadata(written);
  if (typeof read === 'string') {
    context.issues.push({ code: 'custom', message: read, input: written });
    return z.NEVER;
  }
  return read;
});

function readMetadata(written: unknown): IdpMetadata | string {
  if (written === undefined) return `is missing: write ${METADATA_FORMS}`;
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return `must be ${METADATA_FORMS}`;
  const entries = Object.entries(written);
  const [entry] = entries;
  if (entry === undefined || entries.length > 1) return `must be exactly one of ${METADATA_FORMS}`;
  const [key, value] = entry;
  if (typeof value !== 'string' || value.trim() === '') return `${key} must be text that is not empty`;
  switch (key) {
    case 'file':
      return { kind: 'file', path: value };
    case 'url':
      return isWebAddress(value)
        ? { kind: 'url', url: value }
        : 'url must be an https:// address, without a password in it';
    case 'xml':
      return { kind: 'xml', xml: value };
    default:
      return `must be exactly one of ${METADATA_FORMS}, not ${key}`;
  }
}

/** An absolute http or https address without a user or a password in it. */
export function isWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '';
}

/** A whole origin or a path below it: a query or a fragment could never be the start of an address to return to. */
const returnAddress = z
  .string()
  .refine((text) => isWebAddress(text) && !/[?#]/.test(text), 'must be an http:// or https:// address without ? and #');

const attributeName = z.string().min(1);
const statedName = attributeName.optional().transform((name) => name ?? null);

export const samlSettings = z.strictObject({
  idpMetadata,
  attributes: z
    .strictObject({
      /** Holds the stable id. Without it: a persistent NameID, else the e-mail; never a transient NameID. */
      id: statedName,
      /** Null: `Email`, or what the detected provider calls it; so for the three that follow. */
      email: statedName,
      firstName: statedName,
      lastName: statedName,
      groups: statedName,
    })
    .prefault({}),
  /** What must be signed. `either` still means one of the two: an unsigned assertion never counts on its own. */
  signed: z.enum(['either', 'assertion', 'response', 'both']).default('either'),
  /** How many seconds the provider's clock may be off. */
  clockSkew: z.int().min(0).max(300).default(60),
  /** Off: a response that nobody here asked for is how one signs a victim in to the attacker's account. */
  allowIdpInitiated: z.boolean().default(false),
  /** On: also people whom no SCIM or LDAP connection of the organization knows. */
  jit: z.boolean().default(false),
  /** How a SAML subject is found among the people of the organization's directories. */
  matchOn: z
    .strictObject({
      saml: attributeName.default('NameID'),
      directory: z.enum(['userName', 'email', 'id']).default('userName'),
    })
    .prefault({}),
  /** `none` reads a missing groups attribute as "in no group"; unknown keeps the last known ones (law 4). */
  groupsWhenMissing: z.enum(['unknown', 'none']).default('unknown'),
  returnTo: z.array(returnAddress).default([]),
});

export type SamlSettings = z.output<typeof samlSettings>;
