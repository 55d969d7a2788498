// 250 people in each of many organizations, on two days. On the second day every Owner is gone, half of the people label
// instead of reviewing or the reverse, some are disabled and some are new: something for every part of a run to lose.
const SUFFIX = 'dc=crowd,dc=example';
export const CROWD_SUFFIX = SUFFIX;

const EACH = 250;
/** Of each organization, on the second day. */
const SWAPPED = 130;
const DISABLED = 3;
const NEW = 10;

type Day = 'first' | 'second';

/** As slapadd reads it, which is a thousand times faster than to add them one by one. */
export function crowd(day: Day, organizations: number): string {
  const records = [
    `dn: ${SUFFIX}\nobjectClass: domain\ndc: crowd\n`,
    ...['people', 'groups'].map((ou) => `dn: ou=${ou},${SUFFIX}\nobjectClass: organizationalUnit\nou: ${ou}\n`),
  ];
  let id = 0;
  const entryUUID = (): string => `00000000-0000-4000-8000-${String((id += 1)).padStart(12, '0')}`;
  for (let organization = 0; organization < organizations; organization += 1) {
    const groups = { reviewers: new Array<string>(), annotators: new Array<string>() };
    for (let number = 0; number < EACH + NEW; number += 1) {
      const uid = `p${organization}-${number}`;
      const uuid = entryUUID();
      const isThere = day === 'first' ? number < EACH : number > 0;
      if (!isThere) continue;
      const dn = `uid=${uid},ou=people,${SUFFIX}`;
      const left = day === 'second' && number >= EACH - DISABLED && number < EACH ? 'employeeType: left\n' : '';
      records.push(
        `dn: ${dn}\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn: ${uid}\nsn: ${uid}\n` +
          `mail: ${uid}@crowd.example\n${left}entryUUID: ${uuid}\n`,
      );
      const reviews = (number % 2 === 0) !== (day === 'second' && number < SWAPPED);
      groups[reviews ? 'reviewers' : 'annotators'].push(dn);
    }
    for (const [name, members] of Object.entries(groups)) {
      const lines = members.map((member) => `member: ${member}`).join('\n');
      const cn = `${name}-${organization}`;
      records.push(
        `dn: cn=${cn},ou=groups,${SUFFIX}\nobjectClass: groupOfNames\ncn: ${cn}\n${lines}\nentryUUID: ${entryUUID()}\n`,
      );
    }
  }
  return records.join('\n');
}

/** The organizations, which the groups map to, and the support desk. */
export function crowdConfiguration(organizations: number, ldapUrl: string, hook: string): string {
  const all = Array.from({ length: organizations }, (_, organization) => organization);
  const mapping = (organization: number, name: string, role: string): string =>
    `  - { connection: crowd, group: "cn=${name}-${organization},ou=groups,${SUFFIX}", organization: o${organization}, role: ${role} }`;
  return `server: { port: 0 }
database: { url: { env: CROWD_DATABASE } }
organizations:
${all.map((one) => `  - { id: o${one}, title: O${one}, owner: p${one}-0@crowd.example }`).join('\n')}
connections:
  - id: crowd
    kind: ldap
    trustEmail: any
    url: ${ldapUrl}
    users: { base: "ou=people,${SUFFIX}", filter: "(objectClass=inetOrgPerson)", disabled: { attribute: employeeType, values: [left] } }
    groups: { base: "ou=groups,${SUFFIX}", filter: "(objectClass=groupOfNames)" }
mappings:
${all.flatMap((one) => [mapping(one, 'reviewers', 'reviewer'), mapping(one, 'annotators', 'annotator')]).join('\n')}
escalation:
  - { channel: webhook, url: "${hook}" }
`;
}
