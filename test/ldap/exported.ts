// Reads LDIF text as an exported directory, and gathers what the reading says.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ldapSettings } from '../../src/connection/ldap.ts';
import type { ConnectionId } from '../../src/core/ids.ts';
import type { DirectoryItem, DirectoryOutcome, DirectoryReading } from '../../src/core/reading.ts';
import type { Entry } from '../../src/ldap/entry.ts';
import { readExport } from '../../src/ldap/export.ts';
import { type LdifRecord, readLdif } from '../../src/ldap/ldif.ts';

type Person = Extract<DirectoryItem, { kind: 'person' }>;
type Group = Extract<DirectoryItem, { kind: 'group' }>;

export interface Said {
  readonly people: Person[];
  readonly groups: Group[];
  /** Names of the entries behind the aliases; an alias that names nobody stays as it is, with a "?". */
  readonly links: string[];
  /** The same, by alias. */
  readonly aliased: readonly { readonly group: string; readonly member: string }[];
  readonly skipped: { readonly at: string; readonly reason: string }[];
  readonly outcome: DirectoryOutcome;
}

export const USERS = { base: 'ou=people,dc=corp', filter: '(objectClass=inetOrgPerson)' };
export const GROUPS = {
  base: 'ou=groups,dc=corp',
  filter: '(|(objectClass=groupOfNames)(objectClass=group)(objectClass=posixGroup))',
};

export interface Overrides {
  readonly users?: Record<string, unknown>;
  readonly groups?: Record<string, unknown>;
  readonly [key: string]: unknown;
}

export async function readFile(
  file: string,
  overrides: Overrides = {},
  at = '2026-11-25T12:00:00.000Z',
): Promise<Said> {
  const settings = ldapSettings.parse({
    url: 'ldaps://corp.example',
    ...overrides,
    users: { ...USERS, ...overrides.users },
    groups: { ...GROUPS, ...overrides.groups },
  });
  const reading = readExport({ connection: 'corp' as ConnectionId, settings, file, at });
  return gather(reading);
}

/** All that a reading says. */
export async function gather(reading: DirectoryReading): Promise<Said> {
  const items: DirectoryItem[] = [];
  for await (const item of reading.items) items.push(item);
  const people = items.filter((item) => item.kind === 'person');
  const groups = items.filter((item) => item.kind === 'group');
  const names = new Map(
    [
      ...people.map((each) => [each, each.attributes.locator ?? ''] as const),
      ...groups.map((each) => [each, each.name] as const),
    ].flatMap(([each, name]) => each.aliases.map((alias) => [alias, name.replace(/^[^=]*=([^,]*),.*/, '$1')] as const)),
  );
  const named = (alias: string) => names.get(alias) ?? `${alias}?`;
  const aliased = items.flatMap((item) => (item.kind === 'links' ? item.links : []));
  return {
    people,
    groups,
    aliased,
    links: aliased.map(({ group, member }) => `${named(member)} in ${named(group)}`),
    skipped: items.flatMap((item) => (item.kind === 'skipped' ? [item.skipped] : [])),
    outcome: reading.outcome(),
  };
}

export async function readText(text: string, overrides: Overrides = {}, at?: string): Promise<Said> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-ldif-'));
  try {
    const file = join(directory, 'corp.ldif');
    await writeFile(file, text);
    return await readFile(file, overrides, at);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** What a whole export in memory holds. */
export async function readBytes(bytes: Buffer): Promise<{ entries: Entry[]; end: LdifRecord | undefined }> {
  const records: LdifRecord[] = [];
  for await (const each of readLdif(once(bytes), 'export')) records.push(each);
  return { entries: records.flatMap((each) => (each.kind === 'entry' ? [each.entry] : [])), end: records.at(-1) };
}

type Values = Record<string, string | Buffer | readonly (string | Buffer)[]>;

/** One LDIF record, everything in base64 that may need it. */
export function record(dn: string, attributes: Values): string {
  const lines = Object.entries(attributes).flatMap(([name, values]) =>
    (typeof values === 'string' || Buffer.isBuffer(values) ? [values] : values).map((value) =>
      typeof value === 'string' && /^(?![ :<])[\x20-\x7e]*(?<! )$/.test(value)
        ? `${name}: ${value}`
        : `${name}:: ${Buffer.from(value).toString('base64')}`,
    ),
  );
  return `dn:: ${Buffer.from(dn).toString('base64')}\n${lines.join('\n')}\n\n`;
}

let made = 0;

export function uuid(): string {
  made += 1;
  return `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`;
}

export const ROOTS =
  record('dc=corp', { objectClass: 'domain', dc: 'corp' }) +
  record('ou=people,dc=corp', { objectClass: 'organizationalUnit', ou: 'people' }) +
  record('ou=groups,dc=corp', { objectClass: 'organizationalUnit', ou: 'groups' });

/** A person as OpenLDAP has them. */
export function person(uid: string, more: Values = {}, dn = `uid=${uid},ou=people,dc=corp`): string {
  return record(dn, {
    objectClass: 'inetOrgPerson',
    uid,
    cn: uid,
    sn: uid,
    mail: `${uid}@corp.example`,
    entryUUID: uuid(),
    entryCSN: '20261125152545.965879Z#000000#000#000000',
    ...more,
  });
}

export function group(cn: string, more: Values = {}): string {
  return record(`cn=${cn},ou=groups,dc=corp`, {
    objectClass: 'groupOfNames',
    cn,
    entryUUID: uuid(),
    entryCSN: '20261125152545.965879Z#000000#000#000000',
    ...more,
  });
}
