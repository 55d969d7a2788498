// From the file's plain data to its parts, each read on its own, and every fault of their form.
import type { z } from 'zod';
import type { ConnectionKind } from '../core/connection.ts';
import { type LdapSettings, ldapSettings } from '../connection/ldap.ts';
import { type SamlSettings, samlSettings } from '../connection/saml.ts';
import type { SecretRef } from '../connection/secret.ts';
import { type ScimSettings, scimSettings } from '../connection/scim.ts';
import type { EscalationChannel } from './config.ts';
import { dotted, type Path } from './document.ts';
import { type Finding, keysAt, readableFields, readAs, unknownKey } from './finding.ts';
import {
  type ConnectionFields,
  channels,
  configFile,
  connection,
  database,
  escalationChannel,
  type MappingFields,
  mail,
  mapping,
  type OrganizationFields,
  organization,
  server,
  settingsByKind,
} from './schema.ts';

/** An item of a list: whole, or as much of it as can be read. */
export interface Item<T> {
  readonly path: Path;
  /** Its id as written, also a faulty one: whoever refers to it refers to something. */
  readonly named: string | null;
  /** Null while it has faults. */
  readonly whole: T | null;
  readonly fields: Partial<T>;
}

export type Settings =
  | { readonly kind: 'scim'; readonly settings: ScimSettings }
  | { readonly kind: 'ldap'; readonly settings: LdapSettings }
  | { readonly kind: 'saml'; readonly settings: SamlSettings };

export interface ConnectionItem extends Item<ConnectionFields> {
  /** Null while they have faults, or the kind is unknown. */
  readonly settings: Settings | null;
  /** Those of its settings that can be read. */
  readonly readable: Readonly<Record<string, unknown>>;
}

export interface ChannelItem {
  readonly path: Path;
  readonly whole: EscalationChannel | null;
  /** Those of its fields that can be read, while its kind is known. */
  readonly readable: { readonly url?: string; readonly smtp?: SecretRef; readonly [field: string]: unknown };
}

export interface Parts {
  /** Null while a section that is not a list has faults. */
  readonly sections: z.output<typeof configFile> | null;
  readonly organizations: readonly Item<OrganizationFields>[];
  readonly connections: readonly ConnectionItem[];
  readonly mappings: readonly Item<MappingFields>[];
  readonly escalation: readonly ChannelItem[];
  /** Null where it is not stated, or cannot be read; as the next. */
  readonly publicUrl: string | null;
  readonly databaseUrl: SecretRef | null;
  readonly mailServer: SecretRef | null;
  readonly faults: readonly Finding[];
}

export function readParts(data: unknown): Parts {
  // An empty file states nothing, and everything has a default.
  const written = data ?? {};
  const sections = readAs(configFile, written, []);
  const faults: Finding[] = [...sections.findings];

  const section = (key: string): unknown => (isObject(written) ? (written[key] ?? {}) : {});
  const items = <T>(list: string, read: (item: unknown, path: Path) => T): readonly T[] =>
    listIn(written, list).map((item, index) => read(item, [list, index]));
  const strict = <T>(schema: z.ZodType<T>, item: unknown, path: Path): T | null => {
    const { value, findings } = readAs(schema, item, path);
    faults.push(...findings);
    return value;
  };

  return {
    sections: sections.value,
    organizations: items('organizations', (item, path) => ({
      path,
      named: idIn(item),
      whole: strict(organization, item, path),
      fields: readableFields(organization, item),
    })),
    connections: items('connections', (item, path) => {
      const read = readConnection(item, path);
      faults.push(...read.faults);
      return read.item;
    }),
    mappings: items('mappings', (item, path) => ({
      path,
      named: null,
      whole: strict(mapping, item, path),
      fields: readableFields(mapping, item),
    })),
    escalation: items('escalation', (item, path) => ({
      path,
      whole: strict(escalationChannel, item, path),
      readable: readableChannel(item),
    })),
    publicUrl: readableFields(server, section('server')).publicUrl ?? null,
    databaseUrl: readableFields(database, section('database')).url ?? null,
    mailServer: readableFields(mail, section('mail')).smtp ?? null,
    faults,
  };
}

function readableChannel(item: unknown): ChannelItem['readable'] {
  const channel = isObject(item) ? item.channel : undefined;
  if (channel === 'webhook') return readableFields(channels.webhook, item);
  if (channel === 'email') return readableFields(channels.email, item);
  if (channel === 'zendesk') return readableFields(channels.zendesk, item);
  return {};
}

function listIn(data: unknown, key: string): readonly unknown[] {
  const list = isObject(data) ? data[key] : undefined;
  return Array.isArray(list) ? list : [];
}

/** What every connection has is read apart from the settings of its kind, so that each says its own faults. */
function readConnection(item: unknown, path: Path): { item: ConnectionItem; faults: readonly Finding[] } {
  if (!isObject(item)) {
    const { findings } = readAs(connection, item, path);
    return { item: { path, named: null, whole: null, fields: {}, settings: null, readable: {} }, faults: findings };
  }
  const named = idIn(item);
  const shared = Object.keys(connection.shape);
  const entries = Object.entries(item);
  const common = Object.fromEntries(entries.filter(([key]) => shared.includes(key)));
  const own = Object.fromEntries(entries.filter(([key]) => !shared.includes(key)));

  const whole = readAs(connection, common, path);
  const fields = readableFields(connection, common);
  // Which settings it should have is anybody's guess while its kind is unknown.
  if (fields.kind === undefined) {
    return { item: { path, named, whole: null, fields, settings: null, readable: {} }, faults: whole.findings };
  }
  const settings = readSettings(fields.kind, own, path);
  const known = [...shared, ...keysAt(settingsByKind[fields.kind], [])];
  const faults = [...whole.findings, ...settings.findings.map((finding) => reworded(finding, path, known, own))];
  return {
    item: { path, named, whole: whole.value, fields, settings: settings.value, readable: settings.readable },
    faults,
  };
}

/** A key unknown to the settings may be a slip of one that every connection has. */
function reworded(finding: Finding, path: Path, known: readonly string[], own: object): Finding {
  const key = finding.path.length === path.length + 1 ? finding.path.at(-1) : undefined;
  if (typeof key !== 'string' || known.includes(key) || !Object.hasOwn(own, key)) return finding;
  return { path: finding.path, message: unknownKey(key, known) };
}

interface ReadSettings {
  readonly value: Settings | null;
  readonly findings: readonly Finding[];
  readonly readable: Readonly<Record<string, unknown>>;
}

function readSettings(kind: ConnectionKind, own: Readonly<Record<string, unknown>>, path: Path): ReadSettings {
  switch (kind) {
    case 'scim': {
      const { value, findings } = readAs(scimSettings, own, path);
      const readable = readableFields(scimSettings, own);
      return { value: value === null ? null : { kind, settings: value }, findings, readable };
    }
    case 'ldap': {
      const { value, findings } = readAs(ldapSettings, own, path);
      const readable = readableFields(ldapSettings, own);
      if (value !== null) return { value: { kind, settings: value }, findings, readable };
      return { value, findings: [...findings, ...hiddenLdapFaults(own, path, findings)], readable };
    }
    case 'saml': {
      const { value, findings } = readAs(samlSettings, own, path);
      const readable = readableFields(samlSettings, own);
      return { value: value === null ? null : { kind, settings: value }, findings, readable };
    }
  }
}

/** In place of what cannot be read: well-formed, and no party to any rule between settings. */
const LDAP_STAND_IN = { base: 'dc=stand-in', filter: '(objectClass=*)' };

/**
 * The rules between LDAP settings are not looked at while a required one has the wrong shape. With something
 * well-formed in its place they are, so that their faults are told in the same go.
 */
function hiddenLdapFaults(
  own: Readonly<Record<string, unknown>>,
  path: Path,
  told: readonly Finding[],
): readonly Finding[] {
  const readable = Object.keys(readableFields(ldapSettings, own));
  if (!readable.includes('url')) return [];
  const sound = Object.fromEntries(Object.entries(own).filter(([key]) => readable.includes(key)));
  const { findings } = readAs(ldapSettings, { users: LDAP_STAND_IN, groups: LDAP_STAND_IN, ...sound }, path);
  const places = new Set(told.map((finding) => dotted(finding.path, '')));
  return findings.filter((finding) => !places.has(dotted(finding.path, '')));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function idIn(item: unknown): string | null {
  return isObject(item) && typeof item.id === 'string' ? item.id : null;
}
