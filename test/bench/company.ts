// A made-up company directory of any size: one group for ten people, thirty members a group, so three groups a person.
import { createHash } from 'node:crypto';

export const SUFFIX = 'dc=corp,dc=example';
const MEMBERS = 30;

export const MAPPED_GROUPS = Array.from({ length: 20 }, (_, group) => `cn=g${group},ou=groups,${SUFFIX}`);

/** Everybody's group, for who wants one. */
export const EVERYBODY = `cn=everybody,ou=groups,${SUFFIX}`;

export function everybodyLdif(people: number): string {
  const members = Array.from({ length: people }, (_, person) => `member: uid=u${person},ou=people,${SUFFIX}`);
  return entry(EVERYBODY, 'everybody', ['objectClass: groupOfNames', 'cn: everybody', ...members]);
}

export function companyLdif(people: number): string {
  const groups = people / 10;
  const parts = [
    entry(SUFFIX, 'root', ['objectClass: domain', 'dc: corp']),
    ...['people', 'groups'].map((ou) =>
      entry(`ou=${ou},${SUFFIX}`, ou, ['objectClass: organizationalUnit', `ou: ${ou}`]),
    ),
  ];
  for (let person = 0; person < people; person += 1) {
    const names = [`uid: u${person}`, `cn: User ${person}`, `givenName: Given${person}`, `sn: Surname${person}`];
    const lines = ['objectClass: inetOrgPerson', ...names, `mail: u${person}@corp.example`];
    parts.push(entry(`uid=u${person},ou=people,${SUFFIX}`, `person ${person}`, lines));
  }
  for (let group = 0; group < groups; group += 1) {
    const lines = ['objectClass: groupOfNames', `cn: g${group}`];
    for (let member = 0; member < MEMBERS; member += 1) {
      // From all over the company, so that a group's members do not stand together in any index.
      const person = (group * 7 + Math.floor((member * people) / MEMBERS) + member) % people;
      lines.push(`member: uid=u${person},ou=people,${SUFFIX}`);
    }
    parts.push(entry(`cn=g${group},ou=groups,${SUFFIX}`, `group ${group}`, lines));
  }
  return parts.join('');
}

/** The id is the same at every run, and as scattered as a server's own. */
function entry(dn: string, name: string, lines: readonly string[]): string {
  const hex = createHash('sha256').update(name).digest('hex');
  const id = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)];
  return `dn: ${dn}\n${lines.join('\n')}\nentryUUID: ${id.join('-')}\n\n`;
}
