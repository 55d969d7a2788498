// The practice company: Harbour Mutual, an insurer with an imaging clinic, 300 people at dc=harbour,dc=example. The same
// every time it is made, entryUUIDs included, so that the exported files stay the same people.
import { createHash } from 'node:crypto';

export const SUFFIX = 'dc=harbour,dc=example';
export const PEOPLE = `ou=people,${SUFFIX}`;
export const GROUPS = `ou=groups,${SUFFIX}`;

export interface Employee {
  readonly uid: string;
  readonly department: Department;
  readonly firstName: string;
  readonly lastName: string;
  readonly mail: string | null;
  readonly number: number;
}

export type Department = 'claims' | 'imaging' | 'it' | 'finance' | 'field';

const SIZES: readonly (readonly [Department, number])[] = [
  ['claims', 95],
  ['imaging', 90],
  ['it', 35],
  ['finance', 45],
  ['field', 35],
];

const FIRST = `Anna Jürgen Møna Björn Chloé Dieter Élise Femke Günther Hanna Igor Jörg Katarína Łukasz Małgorzata Nils
  Oskar Petra Quentin René Søren Tomás Ursula Vera Wanda Xavier Yusuf Zoë Aoife Bastian Clara Dávid Emma Friedrich
  Greta Håkon Ines Jonas Klaus Leonie`.split(/\s+/);

const LAST = `Ackermann Björk Çelik Dönmez Eßer Fröhlich Großmann Händel Ibsen Jäger Köhler Lindström Müller Nørgaard
  Öztürk Peña Quist Rößler Schröder Tóth Ünal Vögeli Weiß Ximénez Yıldız Zieliński Abbott Brandt Carver Doyle Ekström
  Fischer Garnier Hoffmann Iversen Jansen Kowalski Laurent Mendes Novák Okafor Pereira Reyes Sato Thorsen Urban Varga
  Winter Young Zimmer`.split(/\s+/);

const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  ø: 'o',
  ł: 'l',
  ı: 'i',
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  å: 'a',
};

function plain(name: string): string {
  const spelled = name.toLowerCase().replace(/[ßøłıäöüå]/g, (letter) => LETTERS[letter] ?? letter);
  return spelled.normalize('NFD').replace(/[^a-z]/g, '');
}

/** An id that depends on nothing but the name. */
export function uuidFor(name: string): string {
  const hex = createHash('sha256').update(`harbour/${name}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function hire(): Employee[] {
  const employees: Employee[] = [];
  const taken = new Set<string>();
  for (const [department, size] of SIZES) {
    for (let at = 0; at < size; at += 1) {
      const number = employees.length;
      // 7 and 40, 13 and 50 have no common divisor: every name is used before one is used twice.
      const firstName = FIRST[(number * 7 + 3) % FIRST.length] ?? 'Anna';
      const lastName = LAST[(number * 13 + Math.floor(number / 40)) % LAST.length] ?? 'Winter';
      const name = `${plain(firstName)}.${plain(lastName)}`;
      const uid = taken.has(name) ? `${name}${number}` : name;
      taken.add(uid);
      const mail = WITHOUT_MAIL.has(number) ? null : `${uid}@harbour.example`;
      employees.push({ uid, department, firstName, lastName, mail, number: 1000 + number });
    }
  }
  return employees.map((each) => shareMail(each, employees));
}

/** Drivers and cleaners of the field department, and one labeller. */
const WITHOUT_MAIL: ReadonlySet<number> = new Set([60, 270, 271, 285, 299]);

// Two people who share one address, twice: a couple in finance, and a labeller hired a second time as a contractor.
const SHARED: ReadonlyMap<number, number> = new Map([
  [1231, 1230],
  [1071, 1070],
]);

function shareMail(each: Employee, all: readonly Employee[]): Employee {
  const other = SHARED.get(each.number);
  return other === undefined ? each : { ...each, mail: all.find(({ number }) => number === other)?.mail ?? null };
}

export const EMPLOYEES: readonly Employee[] = hire();

export function of(department: Department): Employee[] {
  return EMPLOYEES.filter((each) => each.department === department);
}

export function dnOf({ uid, department }: Pick<Employee, 'uid' | 'department'>): string {
  return `uid=${uid},ou=${department},${PEOPLE}`;
}

export function groupDn(name: string): string {
  return `cn=${name},${GROUPS}`;
}

/** Nth employees of a department, by place of hiring. */
export function pick(department: Department, from: number, to: number): Employee[] {
  return of(department).slice(from, to);
}

export interface Team {
  readonly name: string;
  readonly members: readonly string[];
  readonly style?: 'groupOfNames' | 'groupOfUniqueNames' | 'posixGroup';
}

const dns = (employees: readonly Employee[]) => employees.map(dnOf);
const gone = (uid: string) => `uid=${uid},ou=imaging,${PEOPLE}`;

/** The owner of `claims` is the first of that department, the owner of `radiology` the first of imaging. */
export const TEAMS: readonly Team[] = [
  { name: 'claims-admins', members: dns(pick('claims', 1, 4)) },
  { name: 'claims-leads', members: dns([...pick('claims', 0, 1), ...pick('claims', 4, 10)]) },
  { name: 'claims-reviewers', members: dns(pick('claims', 10, 28)) },
  // Nobody is in the outer group but through the inner ones.
  { name: 'claims-labellers', members: ['north', 'south', 'night'].map((each) => groupDn(`claims-labellers-${each}`)) },
  { name: 'claims-labellers-north', members: dns(pick('claims', 28, 55)) },
  { name: 'claims-labellers-south', members: [...dns(pick('claims', 55, 80)), ...dns(pick('field', 0, 6))] },
  { name: 'claims-labellers-night', members: [groupDn('claims-labellers-contract'), ...dns(pick('claims', 80, 88))] },
  { name: 'claims-labellers-contract', members: dns(pick('claims', 88, 95)) },
  { name: 'Leads\\, Harbour North', members: dns(pick('claims', 4, 8)) },
  { name: 'imaging-admins', members: dns(pick('imaging', 1, 4)) },
  { name: 'imaging-leads', members: dns([...pick('imaging', 0, 1), ...pick('imaging', 4, 9)]) },
  { name: 'imaging-readers', members: dns(pick('imaging', 9, 28)) },
  { name: 'imaging-annotators', members: ['ct', 'mri', 'xray'].map((each) => groupDn(`imaging-annotators-${each}`)) },
  { name: 'imaging-annotators-ct', members: dns(pick('imaging', 28, 48)) },
  { name: 'imaging-annotators-mri', members: dns(pick('imaging', 48, 68)) },
  { name: 'imaging-annotators-xray', members: dns(pick('imaging', 68, 86)) },
  // Each is in the other: whoever is on call is reached from both, and following them must come to an end.
  { name: 'imaging-oncall', members: [groupDn('imaging-oncall-backup'), ...dns(pick('imaging', 9, 12))] },
  { name: 'imaging-oncall-backup', members: [groupDn('imaging-oncall'), ...dns(pick('imaging', 12, 15))] },
  { name: 'imaging-research', members: [...dns(pick('imaging', 86, 90)), ...dns(pick('it', 0, 2))] },
  { name: 'Qualitätssicherung', members: dns(pick('finance', 0, 5)) },
  // Left before the directory was cleaned up: names of people who are no longer there.
  { name: 'imaging-alumni', members: [gone('petra.oldham'), gone('john.formerly'), ...dns(pick('imaging', 20, 22))] },
  {
    name: 'works-council',
    style: 'groupOfUniqueNames',
    members: dns([...pick('it', 3, 6), ...pick('finance', 8, 10)]),
  },
  { name: 'annotation-tools', style: 'posixGroup', members: pick('it', 6, 12).map(({ uid }) => uid) },
];

/** Left, and the account is still there: marked by HR, or locked for good by an administrator. */
export const MARKED_LEFT = [...pick('claims', 50, 53), ...pick('imaging', 60, 62), ...pick('finance', 30, 31)];
export const LOCKED_FOR_GOOD = [...pick('claims', 26, 27), ...pick('it', 30, 32)];
/** Wrong passwords on Monday morning: locked out, still employed. */
export const LOCKED_OUT = pick('claims', 29, 30);
