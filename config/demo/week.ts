// What happens at Harbour Mutual between Monday's and Friday's export, as change records. The owner of `claims` leaves;
// somebody empties most of imaging's groups by mistake: too few to make the whole directory suspect, far too many for
// `radiology`, where the brake must hold them.
import { dnOf, type Employee, groupDn, PEOPLE, pick } from './company.ts';
import { person } from './content.ts';

/** Entries that are deleted. The first is the owner of `claims`. */
export const DEPARTED: readonly Employee[] = [
  ...pick('claims', 0, 1),
  ...pick('claims', 40, 43),
  ...pick('imaging', 28, 42),
  ...pick('finance', 20, 22),
];

/** Still employed, and no longer in the only group that gave them a role. */
const UNGROUPED: readonly (readonly [string, readonly Employee[]])[] = [
  ['imaging-annotators-mri', pick('imaging', 50, 60)],
  ['imaging-annotators-xray', pick('imaging', 72, 82)],
];

const NEWCOMERS: readonly (Employee & { readonly team: string })[] = [
  ['siobhan.nic', 'Siobhán', 'Nic Dhonnchadha', 'claims', 'claims-labellers-north'],
  ['arif.hassan', 'Arif', 'Hassan', 'claims', 'claims-labellers-south'],
  ['zuzana.dvorak', 'Zuzana', 'Dvořáková', 'claims', 'claims-reviewers'],
  ['pelle.strand', 'Pelle', 'Strand', 'imaging', 'imaging-readers'],
].map(([uid = '', firstName = '', lastName = '', department, team = ''], at) => ({
  uid,
  firstName,
  lastName,
  department: department === 'imaging' ? 'imaging' : 'claims',
  mail: `${uid}@harbour.example`,
  number: 1400 + at,
  team,
}));

/** From finance to claims: another DN, the same person. */
const MOVERS = pick('finance', 40, 43);
/** Married: another uid, name and mail, the same person. */
const [RENAMED] = pick('claims', 61, 62);

/** From one group into a higher one. */
const PROMOTED: readonly (readonly [Employee | undefined, string, string])[] = [
  [pick('claims', 30, 31)[0], 'claims-labellers-north', 'claims-reviewers'],
  [pick('claims', 56, 57)[0], 'claims-labellers-south', 'claims-reviewers'],
  [pick('claims', 12, 13)[0], 'claims-reviewers', 'claims-leads'],
];

export function changes(): string {
  return [
    ...DEPARTED.map((each) => `dn: ${dnOf(each)}\nchangetype: delete\n`),
    ...UNGROUPED.map(([team, employees]) => membership(team, 'delete', employees.map(dnOf))),
    ...NEWCOMERS.flatMap((each) => [
      person(each).trimEnd().replace('\n', '\nchangetype: add\n').concat('\n'),
      membership(each.team, 'add', [dnOf(each)]),
    ]),
    ...MOVERS.map((each) => rename(dnOf(each), `uid=${each.uid}`, `ou=claims,${PEOPLE}`)),
    membership(
      'claims-labellers-south',
      'add',
      MOVERS.map(({ uid }) => dnOf({ uid, department: 'claims' })),
    ),
    ...(RENAMED === undefined ? [] : married(RENAMED)),
    ...PROMOTED.flatMap(([each, from, to]) =>
      each === undefined ? [] : [membership(from, 'delete', [dnOf(each)]), membership(to, 'add', [dnOf(each)])],
    ),
  ].join('\n');
}

function married(each: Employee): string[] {
  const name = { ...each, uid: each.uid.replace(/\..*/, '.oconnor') };
  return [
    rename(dnOf(each), `uid=${name.uid}`, `ou=${each.department},${PEOPLE}`),
    [
      `dn: ${dnOf(name)}`,
      'changetype: modify',
      'replace: sn',
      "sn: O'Connor",
      '-',
      'replace: mail',
      `mail: ${name.uid}@harbour.example`,
      '-',
      '',
    ].join('\n'),
  ];
}

function rename(dn: string, rdn: string, superior: string): string {
  return `dn: ${dn}\nchangetype: moddn\nnewrdn: ${rdn}\ndeleteoldrdn: 1\nnewsuperior: ${superior}\n`;
}

function membership(team: string, change: 'add' | 'delete', members: readonly string[]): string {
  return [
    `dn: ${groupDn(team)}`,
    'changetype: modify',
    `${change}: member`,
    ...members.map((each) => `member: ${each}`),
    '-',
    '',
  ].join('\n');
}
