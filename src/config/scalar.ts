// The forms that a single value of the configuration can have: an id, an address, a duration.
import { isIP } from 'node:net';
import { z } from 'zod';
import type { ConnectionId, OrganizationId } from '../core/ids.ts';

/** Ids stand in addresses (`/saml/{connection}/acs`), in commands and in tables: nothing that would need escaping. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const ID_RULE =
  'must begin with a letter or a digit, hold only letters, digits, - _ and ., and at most 64 of them: it stands in addresses';

export const identifier = z.string().regex(ID, ID_RULE);

const isOrganizationId = (text: string): text is OrganizationId => ID.test(text);
const isConnectionId = (text: string): text is ConnectionId => ID.test(text);

// The rule was told by `identifier` already, so what fails here has failed there.
export const organizationId = identifier.transform((id) => (isOrganizationId(id) ? id : z.NEVER));
export const connectionId = identifier.transform((id) => (isConnectionId(id) ? id : z.NEVER));

/** Shape only: whether an address exists is for the mail to find out. */
const EMAIL = /^[^\s@<>()",;:\\[\]\p{Cc}]+@[^\s@<>()",;:\\[\]\p{Cc}]+$/u;

export const emailAddress = z
  .string()
  .max(254)
  .refine(
    (text) => EMAIL.test(text) && DOMAIN.test(text.slice(text.lastIndexOf('@') + 1)),
    'must be an e-mail address',
  );

const DOMAIN = /^[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?)*$/u;

/** Compared in lower case, like the addresses it stands in. */
export const domainName = z
  .string()
  .max(253)
  .regex(DOMAIN, 'must be a domain such as acme.example, without @, * or http://')
  .transform((domain) => domain.normalize('NFC').toLowerCase());

const UNITS_MS = new Map([
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** Longer is taken for a slip: a brake that watches over years brakes nothing. */
const LONGEST_MS = 366 * 86_400_000;

/** `90s`, `30m`, `24h`, `7d`; in milliseconds. */
export const duration = z.unknown().transform((written, context): number => {
  const match = typeof written === 'string' ? /^(\d{1,9})([smhd])$/.exec(written) : null;
  const ms = Number(match?.[1] ?? 0) * (UNITS_MS.get(match?.[2] ?? '') ?? 0);
  if (ms > 0 && ms <= LONGEST_MS) return ms;
  context.issues.push({
    code: 'custom',
    message: 'must be a duration such as 30m, 24h or 7d: a whole number and s, m, h or d, at most 366d',
    input: written,
  });
  return z.NEVER;
});

/** A duration, or null for `none`. */
export const durationOrNone = z.unknown().transform((written, context): number | null => {
  if (written === 'none') return null;
  const read = duration.safeParse(written);
  if (read.success) return read.data;
  context.issues.push({
    code: 'custom',
    message: 'must be none or a duration such as 30m, 24h or 7d',
    input: written,
  });
  return z.NEVER;
});

const LONGEST_PREFIX = new Map([
  [4, 32],
  [6, 128],
]);

/** An address, or a network of them such as 10.0.0.0/8; never all there are. */
export const addressOrNetwork = z.string().refine((text) => {
  const [, address = text, prefix] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const longest = LONGEST_PREFIX.get(isIP(address)) ?? 0;
  return longest > 0 && (prefix === undefined || (Number(prefix) > 0 && Number(prefix) <= longest));
}, 'must be an address such as 10.0.0.7, or a network such as 10.0.0.0/8');

/** Whether an address stays on this machine, so that nobody listens on the way. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name);
}
