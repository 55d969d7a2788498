// A directory in memory that tests change step by step and export as LDIF, in the shape in which a server would.
export interface Entry {
  id: string;
  uid: string;
  mail: string | null;
  ou: string;
  left: boolean;
}

export interface GroupEntry {
  id: string;
  cn: string;
  members: string[];
}

export const SUFFIX = 'dc=corp,dc=example';

export class Directory {
  readonly people = new Map<string, Entry>();
  readonly groups = new Map<string, GroupEntry>();
  #next = 1;

  /** Adds a person under a key of the test's own; the stable id is fresh. */
  person(key: string, mail: string | null = `${key}@corp.example`): void {
    this.people.set(key, { id: this.#id(), uid: key, mail, ou: 'people', left: false });
  }

  group(key: string, members: readonly string[]): void {
    this.groups.set(key, { id: this.#id(), cn: key, members: [...members] });
  }

  dn(key: string): string {
    const person = this.people.get(key);
    if (person !== undefined)
      return `uid=${person.uid},${person.ou === 'people' ? '' : `ou=${person.ou},`}ou=people,${SUFFIX}`;
    return `cn=${this.groups.get(key)?.cn ?? key},ou=groups,${SUFFIX}`;
  }

  ldif(): string {
    const records = [
      [`dn: ${SUFFIX}`, 'objectClass: domain', 'dc: corp'],
      ...['people', 'groups'].map((ou) => [`dn: ou=${ou},${SUFFIX}`, 'objectClass: organizationalUnit', `ou: ${ou}`]),
      [`dn: ou=branch,ou=people,${SUFFIX}`, 'objectClass: organizationalUnit', 'ou: branch'],
      ...[...this.people].map(([key, { id, uid, mail, left }]) => [
        `dn: ${this.dn(key)}`,
        'objectClass: inetOrgPerson',
        `uid: ${uid}`,
        `cn: ${uid}`,
        `sn: ${uid}`,
        ...(mail === null ? [] : [`mail: ${mail}`]),
        ...(left ? ['employeeType: left'] : []),
        `entryUUID: ${id}`,
      ]),
      ...[...this.groups].map(([key, { id, cn, members }]) => [
        `dn: ${this.dn(key)}`,
        'objectClass: groupOfNames',
        `cn: ${cn}`,
        ...members.map((member) => `member: ${this.dn(member)}`),
        `entryUUID: ${id}`,
      ]),
    ];
    return records.map((lines) => `${lines.join('\n')}\n`).join('\n');
  }

  #id(): string {
    this.#next += 1;
    return `00000000-0000-4000-8000-${String(this.#next).padStart(12, '0')}`;
  }
}
