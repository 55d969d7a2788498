// What the configuration file may hold, with every default (design.md section 5). Strict: an unknown key is a fault,
// because a setting that is silently skipped is one that somebody relies on.
import { z } from 'zod';
import { GRANTABLE_ROLES, PROJECT_ROLES } from '../core/role.ts';
import { ldapSettings } from '../connection/ldap.ts';
import { samlSettings } from '../connection/saml.ts';
import { scimSettings } from '../connection/scim.ts';
import { secretRef } from '../connection/secret.ts';
import {
  addressOrNetwork,
  connectionId,
  domainName,
  duration,
  durationOrNone,
  emailAddress,
  identifier,
  organizationId,
} from './scalar.ts';

const OWNER_IS_A_SEAT =
  'must not be owner: no mapping and no default makes an Owner. The seat is given by `owner` when the organization is first made, and handed over by its holder';

const grantableRole = z.enum(GRANTABLE_ROLES, {
  error: (issue) => (issue.input === 'owner' ? OWNER_IS_A_SEAT : undefined),
});

const ownerAddress = z.unknown().transform((written, context): string => {
  const read = emailAddress.safeParse(written);
  if (read.success) return read.data;
  const message = Array.isArray(written)
    ? 'must be one e-mail address: an organization has exactly one Owner. Make the others administrators'
    : written === undefined
      ? 'is missing: the e-mail address of the one Owner'
      : 'must be an e-mail address';
  context.issues.push({ code: 'custom', message, input: written });
  return z.NEVER;
});

const orNull = <T>(value: T | undefined): T | null => value ?? null;
const name = z.string().min(1).max(255);

export const organization = z.strictObject({
  id: organizationId,
  /** The Owner's address, unless stated (organizations.md section 1). */
  title: name.optional(),
  owner: ownerAddress,
  roleAuthority: z.enum(['shared', 'directory']).default('shared'),
  defaultRole: grantableRole.default('not_activated'),
  seats: z.int().min(1).optional().transform(orNull),
  domains: z
    .array(domainName)
    .default([])
    .transform((domains) => [...new Set(domains)]),
  successor: emailAddress.optional().transform(orNull),
  projects: z
    .array(z.strictObject({ id: identifier, title: name.optional(), workspace: name.optional().transform(orNull) }))
    .default([]),
});

/** What every connection may have; the other keys are settings of its kind. */
export const connection = z.strictObject({
  id: connectionId,
  kind: z.enum(['scim', 'ldap', 'saml']),
  organization: organizationId.optional().transform(orNull),
  state: z.enum(['observe', 'active', 'paused']).optional().transform(orNull),
  lifecycle: z.boolean().optional(),
  trustEmail: z.enum(['any', 'verified']).default('verified'),
});

export const settingsByKind = { scim: scimSettings, ldap: ldapSettings, saml: samlSettings } as const;

export const mapping = z.strictObject({
  connection: connectionId,
  /** The present name; an LDAP group by its DN. */
  group: z.string().min(1).optional().transform(orNull),
  /** The stable id, which survives renames. */
  groupId: z.string().min(1).optional().transform(orNull),
  organization: organizationId,
  role: grantableRole.optional().transform(orNull),
  workspace: name.optional().transform(orNull),
  project: identifier.optional().transform(orNull),
  projectRole: z.enum(PROJECT_ROLES).optional().transform(orNull),
});

const webhook = z.strictObject({
  channel: z.literal('webhook'),
  url: z.string(),
  secret: secretRef.optional().transform(orNull),
});
const email = z.strictObject({
  channel: z.literal('email'),
  smtp: secretRef,
  to: emailAddress,
  from: emailAddress.optional().transform(orNull),
});
const zendesk = z.strictObject({
  channel: z.literal('zendesk'),
  url: z.string(),
  email: emailAddress,
  token: secretRef,
});

export const channels = { webhook, email, zendesk } as const;
export const escalationChannel = z.discriminatedUnion('channel', [webhook, email, zendesk]);

const TRUSTED_BY_ADDRESS =
  'must be a list of the addresses or networks of your own proxies, such as [10.0.0.7, 10.1.0.0/16]; [] for none';

export const server = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  /** 0 lets the system choose. */
  port: z.int().min(0).max(65_535).default(8080),
  /** Localhost with the port, unless stated. */
  publicUrl: z.string().optional().transform(orNull),
  /** Whose X-Forwarded-For is believed: whoever is, can claim any client address, and with it escape every limit. */
  trustProxy: z
    .array(addressOrNetwork, { error: (issue) => (Array.isArray(issue.input) ? undefined : TRUSTED_BY_ADDRESS) })
    .default([]),
  /** After SIGTERM, for so long /readyz says 503 and all else is still answered, for a balancer to see it. */
  drain: durationOrNone.prefault('none'),
});

export const database = z.strictObject({ url: secretRef.prefault('sqlite:./data/rollcall.db') });

/** The mail server for people: without one every mail is printed to standard error. */
export const mail = z.strictObject({ smtp: secretRef, from: emailAddress.optional().transform(orNull) });

/** The whole file, but for the items of its lists: each is read on its own, so that one bad item hides no other. */
export const configFile = z.strictObject({
  server: server.prefault({}),
  database: database.prefault({}),
  mail: mail.optional().transform(orNull),
  signup: z.enum(['open', 'invitation-only']).default('open'),
  operators: z.array(emailAddress).default([]),
  brake: z
    .strictObject({
      share: z
        .number()
        .refine((share) => share >= 0 && share <= 1, 'must be between 0 and 1: 0.2 is a fifth of the active members')
        .default(0.2),
      people: z.int().min(1).default(10),
      window: duration.prefault('24h'),
      deadline: durationOrNone.prefault('none'),
    })
    .prefault({}),
  limits: z.strictObject({ scimRequestsPerSecond: z.int().min(0).default(500) }).prefault({}),
  organizations: z.array(z.unknown()).default([]),
  connections: z.array(z.unknown()).default([]),
  mappings: z.array(z.unknown()).default([]),
  escalation: z.array(z.unknown()).default([]),
});

export type MappingFields = z.output<typeof mapping>;
export type OrganizationFields = z.output<typeof organization>;
export type ConnectionFields = z.output<typeof connection>;
