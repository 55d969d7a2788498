// Settings of an LDAP connection (design.md section 5). Names and filters are read here already: a mistyped one must
// stop the start, not a run at night. What could send a password in the clear is off unless it is written.
import { z } from 'zod';
import { RollcallError } from '../errors.ts';
import { attributeTypeKey } from './attribute-type.ts';
import { dnKey } from './dn.ts';
import { parseFilter } from './filter.ts';
import { secretRef } from './secret.ts';

export const SERVER_KIND_IDS = ['openldap', 'active-directory', '389ds', 'freeipa', 'generic'] as const;
export type ServerKindId = (typeof SERVER_KIND_IDS)[number];

const dn = z.string().superRefine(reportInvalid(dnKey));
const base = dn.min(1, 'is empty: name the entry to read below, as "ou=people,dc=example,dc=org"');
const filter = z.string().superRefine(reportInvalid(parseFilter));

const ATTRIBUTE = /^(?:[A-Za-z][A-Za-z0-9_-]*|[0-9]+(?:\.[0-9]+)+)(?:;[A-Za-z0-9-]+)*$/;
const attribute = z.string().regex(ATTRIBUTE, 'must be the name of an attribute, as "mail"');
const ownAttribute = attribute.optional().transform((name) => name ?? null);

const NO_IDS: ReadonlySet<string> = new Set(
  'uid mail cn entrydn distinguishedname samaccountname userprincipalname'.split(' '),
);
const idAttribute = attribute
  // A uid or mail that is given out again would bring its new bearer the old one's account and roles.
  .refine(
    (name) => !NO_IDS.has(attributeTypeKey(name)),
    'must stay for life and never be given out again: names and mails do not',
  )
  .optional()
  .transform((name) => name ?? null);

const servers = z.unknown().transform((written, context): string[] => {
  const urls = Array.isArray(written) ? written : [written];
  const problem =
    written === undefined ? 'is missing: write ldaps://HOST' : urls.length === 0 ? 'names no server' : null;
  const problems = problem === null ? urls.map(urlProblem).filter((each) => each !== null) : [problem];
  for (const message of new Set(problems)) context.issues.push({ code: 'custom', message, input: written });
  return problems.length === 0 ? urls : z.NEVER;
});

const seconds = z.number().positive();
const FIVE_FIELDS = /^\s*(?:\S+\s+){4}\S+\s*$/;

export const ldapSettings = z
  .strictObject({
    /** Tried in order; all are read as the same directory. */
    url: servers,
    startTls: z.boolean().default(false),
    tls: z
      .strictObject({
        /** Certificates in PEM; without it, those that Node trusts. */
        ca: secretRef.optional().transform((ca) => ca ?? null),
      })
      .prefault({}),
    /** Sends the password, and everybody's data, readable over the network. */
    insecurePlainLdap: z.boolean().default(false),
    bindDn: dn
      .min(1, 'is empty: leave it out to read anonymously')
      .optional()
      .transform((name) => name ?? null),
    bindPassword: secretRef.optional().transform((secret) => secret ?? null),
    /** Seconds: to be connected and bound, for one page, for a whole run. */
    timeouts: z
      .strictObject({ connect: seconds.default(10), page: seconds.default(60), run: seconds.default(3600) })
      .prefault({}),
    users: z.strictObject({
      base,
      filter,
      /** Null: what the kind of server uses. */
      attributes: z
        .strictObject({
          id: idAttribute,
          email: ownAttribute,
          firstName: ownAttribute,
          lastName: ownAttribute,
          userName: ownAttribute,
        })
        .prefault({}),
      /** A person with one of these values is disabled, beside what the kind of server itself calls disabled. */
      disabled: z
        .strictObject({ attribute, values: z.array(z.string()).min(1, 'names no value') })
        .optional()
        .transform((disabled) => disabled ?? null),
    }),
    groups: z.strictObject({ base, filter, nested: z.boolean().default(true) }),
    /** Five fields of cron; null: only runs that somebody starts. */
    schedule: z
      .string()
      .regex(FIVE_FIELDS, 'must have the five fields of cron, as "*/15 * * * *"')
      .optional()
      .transform((schedule) => schedule ?? null),
    /** Null: recognized from the server, or from the entries of an exported file. */
    serverKind: z
      .enum(SERVER_KIND_IDS)
      .optional()
      .transform((kind) => kind ?? null),
  })
  .superRefine((settings, context) => {
    // Where the list of servers has a fault of its own there is no list here.
    if (!Array.isArray(settings.url)) return;
    const plain = settings.url.filter((each) => each.toLowerCase().startsWith('ldap://'));
    if (settings.startTls && plain.length < settings.url.length) {
      context.addIssue({
        code: 'custom',
        path: ['startTls'],
        message: 'goes with ldap:// only: ldaps:// is TLS from the start',
      });
    }
    if (settings.bindDn !== null && settings.bindPassword === null) {
      // A name with an empty password binds anonymously, and reads whatever anonymous may see as if it were everything.
      context.addIssue({ code: 'custom', path: ['bindPassword'], message: 'is missing: bindDn needs a password' });
    }
    if (settings.bindDn === null && settings.bindPassword !== null) {
      context.addIssue({ code: 'custom', path: ['bindDn'], message: 'is missing: bindPassword is whose?' });
    }
    const exposed = exposedServer(settings);
    if (exposed !== null && settings.bindPassword !== null) {
      context.addIssue({
        code: 'custom',
        path: ['url'],
        message: `${exposed} would send the bind password unencrypted: use ldaps://, or startTls: true, or insecurePlainLdap: true to allow it`,
      });
    }
  });

export type LdapSettings = z.output<typeof ldapSettings>;

/** The first server to which passwords would go unencrypted, although nobody has allowed it; null where there is none. */
export function exposedServer({
  url,
  startTls,
  insecurePlainLdap,
}: Pick<LdapSettings, 'url' | 'startTls' | 'insecurePlainLdap'>): string | null {
  if (startTls || insecurePlainLdap) return null;
  return url.find((each) => each.toLowerCase().startsWith('ldap://') && !isLoopback(each)) ?? null;
}

function urlProblem(written: unknown): string | null {
  const plain = typeof written === 'string' && /^ldaps?:\/\/[^/?#@\s]+\/?$/i.test(written) && URL.canParse(written);
  return plain ? null : 'must be ldap://HOST or ldaps://HOST, with :PORT if it is another one';
}

function isLoopback(text: string): boolean {
  const host = new URL(text).hostname.toLowerCase();
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

type Report = (written: string, context: { addIssue: (issue: { code: 'custom'; message: string }) => void }) => void;

function reportInvalid(read: (written: string) => unknown): Report {
  return (written, context) => {
    try {
      read(written);
    } catch (error) {
      if (!(error instanceof RollcallError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
  };
}
