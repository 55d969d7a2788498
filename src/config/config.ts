// What a configuration states, once it is free of faults. Frozen: nothing that runs may change what was declared.
import type { ConnectionId, OrganizationId } from '../core/ids.ts';
import type { GrantableRole, ProjectRole } from '../core/role.ts';
import type { LdapSettings } from '../connection/ldap.ts';
import type { SamlSettings } from '../connection/saml.ts';
import type { ScimSettings } from '../connection/scim.ts';
import type { SecretRef } from '../connection/secret.ts';
import type { Fault } from '../errors.ts';

export interface Config {
  /** Absolute path of the file that says all this. */
  readonly file: string;
  readonly server: {
    readonly host: string;
    readonly port: number;
    readonly publicUrl: string;
    /** Addresses and networks of proxies whose X-Forwarded-For is believed. */
    readonly trustProxy: readonly string[];
    /** How long an ending process still answers; null: it stops listening at once. */
    readonly drainMs: number | null;
  };
  /** `sqlite:` and an absolute path, or `postgres://…`. May hold a password: never print it. */
  readonly database: { readonly url: string };
  /** Null: mail to people is printed to standard error. */
  readonly mail: { readonly smtp: SecretRef; readonly from: string | null } | null;
  readonly signup: 'open' | 'invitation-only';
  readonly operators: readonly string[];
  readonly brake: BrakeSettings;
  /** Per connection; 0 for none. */
  readonly limits: { readonly scimRequestsPerSecond: number };
  readonly organizations: readonly DeclaredOrganization[];
  readonly connections: readonly DeclaredConnection[];
  readonly mappings: readonly DeclaredMapping[];
  readonly escalation: readonly EscalationChannel[];
  readonly warnings: readonly Fault[];
}

export interface BrakeSettings {
  readonly share: number;
  /** The number of people from which removals are held; fewer always pass. */
  readonly people: number;
  readonly windowMs: number;
  readonly deadlineMs: number | null;
}

export interface DeclaredOrganization {
  readonly id: OrganizationId;
  readonly title: string;
  /** An e-mail. Used once, when the organization is first made. */
  readonly owner: string;
  readonly roleAuthority: 'shared' | 'directory';
  readonly defaultRole: GrantableRole;
  readonly seats: number | null;
  readonly domains: readonly string[];
  readonly successor: string | null;
  /** Used once, when the organization is first made. */
  readonly projects: readonly DeclaredProject[];
}

export interface DeclaredProject {
  readonly id: string;
  readonly title: string;
  readonly workspace: string | null;
}

export type DeclaredConnection = DeclaredAnyConnection &
  (
    | { readonly kind: 'scim'; readonly settings: ScimSettings }
    | { readonly kind: 'ldap'; readonly settings: LdapSettings }
    | { readonly kind: 'saml'; readonly settings: SamlSettings }
  );

interface DeclaredAnyConnection {
  readonly id: ConnectionId;
  /** Null: the operator's, which may serve several organizations. */
  readonly organization: OrganizationId | null;
  /** Null: not stated, so whatever the store says. */
  readonly state: 'observe' | 'active' | 'paused' | null;
  readonly lifecycle: boolean;
  readonly trustEmail: 'any' | 'verified';
}

export interface DeclaredMapping {
  readonly connection: ConnectionId;
  readonly groupBy: 'name' | 'id';
  readonly group: string;
  readonly groupKey: string;
  readonly organization: OrganizationId;
  readonly role: GrantableRole | null;
  readonly workspace: string | null;
  readonly project: string | null;
  /** `inherit` unless stated; null without a project. */
  readonly projectRole: ProjectRole | null;
}

export type EscalationChannel =
  | { readonly channel: 'webhook'; readonly url: string; readonly secret: SecretRef | null }
  | { readonly channel: 'email'; readonly smtp: SecretRef; readonly to: string; readonly from: string | null }
  | { readonly channel: 'zendesk'; readonly url: string; readonly email: string; readonly token: SecretRef };
