// The directory of a test in a live slapd: what the test changed since is carried out there as an administrator would,
// by modifications and renamings, so that whoever is still the same keeps the entryUUID that the server gave.
import type { Directory, Entry, GroupEntry } from './directory.ts';
import { SUFFIX } from './directory.ts';
import { Slapd } from './slapd.ts';

/** groupOfNames must have a member, so an empty group has one who is nobody, as in many a real directory. */
const NOBODY = `cn=nobody,${SUFFIX}`;

interface Known<One> {
  readonly dn: string;
  readonly id: string;
  readonly one: One;
}

export class LiveDirectory {
  readonly slapd: Slapd;
  #people = new Map<string, Known<Entry>>();
  #groups = new Map<string, Known<readonly string[]>>();

  private constructor(slapd: Slapd) {
    this.slapd = slapd;
  }

  static async start(): Promise<LiveDirectory> {
    const slapd = await Slapd.start({ suffix: SUFFIX });
    const units = ['ou=people', 'ou=groups', 'ou=branch,ou=people'];
    await slapd.load(
      [
        `dn: ${SUFFIX}\nobjectClass: domain\ndc: corp\n`,
        ...units.map((unit) => `dn: ${unit},${SUFFIX}\nobjectClass: organizationalUnit\n`),
      ].join('\n'),
    );
    return new LiveDirectory(slapd);
  }

  /** Makes the server's directory what the test's is. */
  async follow(directory: Directory): Promise<void> {
    const people = known(directory, directory.people, (person) => ({ ...person }));
    const groups = known(directory, directory.groups, ({ members }: GroupEntry) =>
      members.map((member) => directory.dn(member)),
    );
    const changes = [
      ...changesOf(this.#groups, groups, { added: addedGroup, changed: changedGroup }),
      ...changesOf(this.#people, people, { added: addedPerson, changed: changedPerson }),
    ];
    // Members are named once everybody stands where they belong.
    const lists = [...groups].flatMap(([key, now]) => {
      const old = this.#groups.get(key);
      return old?.id === now.id && same(old.one, now.one) ? [] : [now];
    });
    const records = [...changes, ...lists.map(({ dn, one }) => replaced(dn, { member: [NOBODY, ...one] }))];
    if (records.length > 0) await this.slapd.modify(records.join('\n'));
    this.#people = people;
    this.#groups = groups;
  }
}

function known<From extends { readonly id: string }, One>(
  directory: Directory,
  all: ReadonlyMap<string, From>,
  toOne: (from: From) => One,
): Map<string, Known<One>> {
  return new Map([...all].map(([key, from]) => [key, { dn: directory.dn(key), id: from.id, one: toOne(from) }]));
}

/** Who went goes first: a name may be taken again by another. */
function changesOf<One>(
  before: ReadonlyMap<string, Known<One>>,
  after: ReadonlyMap<string, Known<One>>,
  records: { readonly added: (now: Known<One>) => string; readonly changed: (now: Known<One>) => readonly string[] },
): string[] {
  const gone = [...before].filter(([key, { id }]) => after.get(key)?.id !== id);
  const stays = [...after].flatMap(([key, now]) => {
    const old = before.get(key);
    return old?.id === now.id && !same(old, now) ? [{ old, now }] : [];
  });
  const fresh = [...after].filter(([key, { id }]) => before.get(key)?.id !== id);
  return [
    ...gone.map(([, { dn }]) => `dn: ${dn}\nchangetype: delete\n`),
    ...stays.flatMap(({ old, now }) => [
      ...(old.dn === now.dn ? [] : [moved(old.dn, now.dn)]),
      ...records.changed(now),
    ]),
    ...fresh.map(([, now]) => records.added(now)),
  ];
}

function moved(from: string, to: string): string {
  const comma = to.indexOf(',');
  return `dn: ${from}\nchangetype: moddn\nnewrdn: ${to.slice(0, comma)}\ndeleteoldrdn: 1\nnewsuperior: ${to.slice(comma + 1)}\n`;
}

function replaced(dn: string, attributes: Readonly<Record<string, readonly string[]>>): string {
  const parts = Object.entries(attributes).map(([name, values]) =>
    [`replace: ${name}`, ...values.map((value) => `${name}: ${value}`), '-'].join('\n'),
  );
  return `dn: ${dn}\nchangetype: modify\n${parts.join('\n')}\n`;
}

function attributesOf({ uid, mail, left }: Entry): Record<string, readonly string[]> {
  return { cn: [uid], sn: [uid], mail: mail === null ? [] : [mail], employeeType: left ? ['left'] : [] };
}

function changedPerson({ dn, one }: Known<Entry>): readonly string[] {
  return [replaced(dn, attributesOf(one))];
}

function addedPerson({ dn, one }: Known<Entry>): string {
  const lines = Object.entries(attributesOf(one)).flatMap(([name, values]) =>
    values.map((value) => `${name}: ${value}`),
  );
  return [`dn: ${dn}`, 'changetype: add', 'objectClass: inetOrgPerson', `uid: ${one.uid}`, ...lines, ''].join('\n');
}

/** Its members follow when everybody has their place. */
function changedGroup(): readonly string[] {
  return [];
}

function addedGroup({ dn }: Known<readonly string[]>): string {
  return [`dn: ${dn}`, 'changetype: add', 'objectClass: groupOfNames', `member: ${NOBODY}`, ''].join('\n');
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
