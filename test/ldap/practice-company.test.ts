// The practice company's two exports say what config/demo promises: a week in which `claims` loses its owner and a few,
// and `radiology` so many that only the brake of that organization may stop it, not the suspicion against a whole read.
import { readFile as readText } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { EMPLOYEES, groupDn, LOCKED_FOR_GOOD, LOCKED_OUT, MARKED_LEFT } from '../../config/demo/company.ts';
import { dnKey } from '../../src/connection/dn.ts';
import { readFile, type Said } from './exported.ts';
import { DEPARTED } from '../../config/demo/week.ts';

const path = (name: string) => fileURLToPath(new URL(`../../config/${name}`, import.meta.url));

interface Demo {
  readonly organizations: readonly { readonly id: string; readonly owner: string }[];
  readonly connections: readonly Record<string, unknown>[];
  readonly mappings: readonly {
    readonly group?: string;
    readonly groupId?: string;
    readonly organization: string;
    readonly role?: string;
  }[];
}

let demo: Demo;
let monday: Said;
let friday: Said;
beforeAll(async () => {
  demo = parse(await readText(path('demo.yaml'), 'utf8')) as Demo;
  const { id: _id, kind: _kind, trustEmail: _trustEmail, ...settings } = demo.connections[0] ?? {};
  [monday, friday] = (await Promise.all(
    ['monday', 'friday'].map((day) => readFile(path(`demo/${day}.ldif`), settings)),
  )) as [Said, Said];
});

const without = <T>(all: Iterable<T>, known: ReadonlySet<T>) => [...all].filter((each) => !known.has(each));
const ids = ({ people }: Said) => new Set(people.map(({ externalId }) => externalId));
const byId = ({ people }: Said) => new Map(people.map((person) => [person.externalId, person]));

/** Stable ids of the active people with a role in the organization, groups in groups followed. */
function active(said: Said, organization: string): Set<string> {
  const members = new Map<string, string[]>();
  for (const link of said.aliased) members.set(link.group, [...(members.get(link.group) ?? []), link.member]);
  const people = new Map(said.people.flatMap((person) => person.aliases.map((alias) => [alias, person] as const)));
  const seen = new Set<string>();
  const found = new Set<string>();
  const follow = (group: string) => {
    if (seen.has(group)) return;
    seen.add(group);
    for (const member of members.get(group) ?? []) {
      const person = people.get(member);
      if (person?.active === true) found.add(person.externalId);
      follow(member);
    }
  };
  for (const { group, organization: of, role } of demo.mappings) {
    if (of === organization && role !== undefined && group !== undefined) follow(`dn:${dnKey(group)}`);
  }
  return found;
}

describe('the practice company', () => {
  it('has 300 people, and both exports are whole', () => {
    expect(monday.people).toHaveLength(EMPLOYEES.length);
    expect(monday.people).toHaveLength(300);
    for (const { outcome, skipped } of [monday, friday]) {
      expect(outcome).toMatchObject({ complete: true, reason: null });
      expect(outcome.warnings).toEqual([expect.stringMatching(/^5 people have no mail/)]);
      expect(skipped).toEqual([]);
    }
    expect(friday.outcome.fingerprint).toBe(monday.outcome.fingerprint);
  });

  it('has doubled mails, dangling members, a cycle, and groups of every style', () => {
    const mails = monday.people.map(({ attributes }) => attributes.email).filter((mail) => mail !== null);
    expect(mails.length - new Set(mails).size).toBe(2);
    expect(monday.links).toContain('dn:uid=petra.oldham,ou=imaging,ou=people,dc=harbour,dc=example? in imaging-alumni');
    expect(monday.links).toEqual(
      expect.arrayContaining(['imaging-oncall in imaging-oncall-backup', 'imaging-oncall-backup in imaging-oncall']),
    );
    expect(monday.links.filter((link) => link.endsWith(' in annotation-tools') && !link.includes('?'))).toHaveLength(6);
    expect(monday.links.filter((link) => link.endsWith(' in works-council') && !link.includes('?'))).toHaveLength(5);
  });

  it('has leavers whose account is still there, and one who is only locked out', () => {
    const inactive = monday.people
      .filter((person) => !person.active)
      .map(({ attributes }) => attributes.userName ?? '');
    expect(inactive.toSorted()).toEqual([...MARKED_LEFT, ...LOCKED_FOR_GOOD].map(({ uid }) => uid).toSorted());
    expect(inactive).not.toContain(LOCKED_OUT[0]?.uid);
  });

  it('names owners who are there on Monday; on Friday the one of claims is gone', () => {
    const mails = ({ people }: Said) => people.filter(({ active }) => active).map(({ attributes }) => attributes.email);
    const [claims, radiology] = demo.organizations.map(({ owner }) => owner);
    expect(mails(monday)).toEqual(expect.arrayContaining([claims, radiology]));
    expect(mails(friday)).not.toContain(claims);
    expect(mails(friday)).toContain(radiology);
  });

  it('maps groups that are there, all but one, which is a near miss', () => {
    const names = new Set(monday.groups.map(({ nameKey }) => nameKey));
    const missing = demo.mappings.filter(({ group }) => group !== undefined && !names.has(dnKey(group)));
    expect(missing.map(({ group }) => group)).toEqual([groupDn('claims-reviewer')]);
    const known = new Set(monday.groups.map(({ externalId }) => externalId));
    expect(
      demo.mappings.filter(({ groupId }) => groupId !== undefined).every(({ groupId }) => known.has(groupId ?? '')),
    ).toBe(true);
  });

  it('loses too few for suspicion against the whole read', () => {
    const left = without(ids(monday), ids(friday));
    expect(left).toHaveLength(DEPARTED.length);
    expect(left.length).toBeLessThan(0.2 * monday.people.length);
    const linksLeft = without(
      monday.aliased.map(({ group, member }) => `${group} ${member}`),
      new Set(friday.aliased.map(({ group, member }) => `${group} ${member}`)),
    );
    expect(linksLeft.length).toBeLessThan(0.5 * monday.aliased.length);
    const containers = (said: Said) => Map.groupBy(said.people, ({ container }) => container);
    const large = [...containers(monday)].filter(([, people]) => people.length >= 10).map(([container]) => container);
    expect(large).toHaveLength(5);
    for (const container of large) expect(containers(friday).get(container)?.length ?? 0).toBeGreaterThan(10);
  });

  it('takes more from radiology than its brake lets pass, and from claims fewer', () => {
    const lost = (organization: string) => {
      const before = active(monday, organization);
      return { before: before.size, lost: without(before, active(friday, organization)).length };
    };
    const radiology = lost('radiology');
    expect(radiology.lost).toBeGreaterThan(Math.max(9, 0.2 * radiology.before) + 10);
    const claims = lost('claims');
    expect(claims.lost).toBeGreaterThan(2);
    expect(claims.lost).toBeLessThan(9);
  });

  it('moves, renames and hires, and everybody keeps their id', () => {
    const before = byId(monday);
    const changed = friday.people.filter((person) => {
      const was = before.get(person.externalId);
      return was !== undefined && was.attributes.locator !== person.attributes.locator;
    });
    expect(changed).toHaveLength(4);
    const renamed = changed.filter(
      ({ externalId, attributes }) => before.get(externalId)?.attributes.email !== attributes.email,
    );
    expect(renamed.map(({ attributes }) => attributes)).toEqual([
      expect.objectContaining({ lastName: "O'Connor", email: expect.stringMatching(/\.oconnor@/) }),
    ]);
    expect(without(ids(friday), ids(monday))).toHaveLength(4);
  });
});
