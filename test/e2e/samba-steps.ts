// A short step table against Active Directory (Samba's), through the real command line: what only such a server does.
// After each step planning everybody anew gives nothing (law 13).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CliResult } from '../support/cli.ts';
import { runCli } from '../support/cli.ts';
import type { Samba } from '../support/samba.ts';
import { SUFFIX } from '../support/samba.ts';
import type { Standing } from './standing.ts';
import { standingOf } from './standing.ts';

const PEOPLE = `OU=Steps,${SUFFIX}`;
const BRANCH = `OU=Branch,${PEOPLE}`;
const GROUPS = `OU=Step Groups,${SUFFIX}`;

const person = (key: string, mail = `${key}@corp.example`): string =>
  `objectClass: user\nsAMAccountName: step-${key}\nmail: ${mail}\nuserAccountControl: 544\n`;
const group = (key: string, members: readonly string[]): string =>
  `dn: CN=${key},${GROUPS}\nobjectClass: group\nsAMAccountName: step-${key}\n${members.map((dn) => `member: ${dn}\n`).join('')}\n`;
const at = (key: string): string => `CN=${key},${PEOPLE}`;

/** Olga owns Acme; Anna leads, Ben labels, Cora through a group inside the group; Dan is a temp. */
export const STEP_ENTRIES = [
  ...[PEOPLE, BRANCH, GROUPS].map((dn) => `dn: ${dn}\nobjectClass: organizationalUnit\n\n`),
  ...['olga', 'anna', 'ben', 'cora', 'dan'].map((key) => `dn: ${at(key)}\n${person(key)}\n`),
  group('leads', [at('anna')]),
  group('team', [at('cora')]),
  group('labellers', [at('ben'), `CN=team,${GROUPS}`]),
  group('temps', [at('dan')]),
].join('');

/** How the mapping of the leads names its group. */
let leads = `group: "CN=leads,${GROUPS}"`;

function configuration(url: string, bindDn: string): string {
  const mapping = (named: string, role: string): string =>
    `  - { connection: ad, ${named}, organization: acme, role: ${role} }`;
  return `database: { url: "sqlite:./rollcall.db" }
organizations: [{ id: acme, title: Acme, owner: olga@corp.example }]
connections:
  - id: ad
    kind: ldap
    trustEmail: any
    url: ${url}
    tls: { ca: { file: ca.pem } }
    bindDn: "${bindDn}"
    bindPassword: { env: AD_PASSWORD }
    users: { base: "${PEOPLE}", filter: "(&(objectCategory=person)(objectClass=user))" }
    groups: { base: "${GROUPS}", filter: "(objectClass=group)", nested: true }
mappings:
${mapping(leads, 'manager')}
${mapping(`group: "CN=labellers,${GROUPS}"`, 'annotator')}
${mapping(`group: "CN=temps,${GROUPS}"`, 'reviewer')}
`;
}

interface Step {
  readonly name: string;
  /** What an administrator does in the directory; or else how the file differs from here on. */
  readonly change?: (samba: Samba) => Promise<string> | string;
  readonly apply?: (groupId: string) => void;
  /** Rows of `acme` as they are then; those of the step before where nothing is stated. */
  readonly members?: string;
}

const moved = (from: string, name: string, to: string): string =>
  `dn: ${from}\nchangetype: moddn\nnewrdn: CN=${name}\ndeleteoldrdn: 1\nnewsuperior: ${to}\n\n`;
const replaced = (dn: string, attribute: string, value: string): string =>
  `dn: ${dn}\nchangetype: modify\nreplace: ${attribute}\n${attribute}: ${value}\n\n`;

const STEPS: readonly Step[] = [
  {
    name: 'first sync',
    members: 'anna manager, ben annotator, cora annotator, dan reviewer, olga owner',
  },
  { name: 'same again' },
  {
    name: 'anna is renamed, moves and gets another mail',
    change: () =>
      moved(at('anna'), 'Hanna Muster', BRANCH) +
      replaced(`CN=Hanna Muster,${BRANCH}`, 'sAMAccountName', 'step-hanna') +
      replaced(`CN=Hanna Muster,${BRANCH}`, 'mail', 'hanna@corp.example'),
    members: 'ben annotator, cora annotator, dan reviewer, hanna manager, olga owner',
  },
  {
    name: 'the leads are mapped by the id of their group',
    apply: (groupId) => {
      leads = `groupId: "${groupId}"`;
    },
  },
  { name: 'the group of the leads is renamed', change: () => moved(`CN=leads,${GROUPS}`, 'Chiefs', GROUPS) },
  {
    name: "temps becomes Dan's primary group, in which nobody is listed",
    change: async (samba) =>
      replaced(at('dan'), 'primaryGroupID', await samba.valueOf(`CN=temps,${GROUPS}`, 'primaryGroupToken')),
  },
  {
    name: 'team leaves the group that it stood in',
    change: () => `dn: CN=labellers,${GROUPS}\nchangetype: modify\ndelete: member\nmember: CN=team,${GROUPS}\n\n`,
    members: 'ben annotator, cora annotator deactivated, dan reviewer, hanna manager, olga owner',
  },
  {
    name: 'team is back in it',
    change: () => `dn: CN=labellers,${GROUPS}\nchangetype: modify\nadd: member\nmember: CN=team,${GROUPS}\n\n`,
    members: 'ben annotator, cora annotator, dan reviewer, hanna manager, olga owner',
  },
  {
    name: 'cora is disabled',
    change: () => replaced(at('cora'), 'userAccountControl', '546'),
    members: 'ben annotator, cora annotator deactivated, dan reviewer, hanna manager, olga owner',
  },
  {
    name: 'cora is enabled, ben is deleted',
    change: () => `${replaced(at('cora'), 'userAccountControl', '544')}dn: ${at('ben')}\nchangetype: delete\n\n`,
    members: 'ben annotator deactivated, cora annotator, dan reviewer, hanna manager, olga owner',
  },
  {
    name: "ben's name and mail are somebody else's",
    change: () =>
      `dn: ${at('ben')}\nchangetype: add\n${person('ben')}\n` +
      `dn: CN=labellers,${GROUPS}\nchangetype: modify\nadd: member\nmember: ${at('ben')}\n\n`,
  },
];

export function walkSambaSteps(domain: () => Samba): void {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'rollcall-samba-steps-'));
    writeFileSync(join(folder, 'ca.pem'), domain().ca);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function rollcall(...args: readonly string[]): Promise<CliResult> {
    writeFileSync(join(folder, 'rollcall.yaml'), configuration(domain().url, domain().adminDn), { mode: 0o600 });
    const env = { ROLLCALL_CONFIG: 'rollcall.yaml', AD_PASSWORD: domain().password };
    return runCli([...args, '--json'], { cwd: folder, env });
  }

  const standing = async (): Promise<Standing> => standingOf(`sqlite:${join(folder, 'rollcall.db')}`, 'acme');

  it('step by step keeps everybody who they are, through the command line', async () => {
    let members = '';
    expect((await rollcall('apply')).code).toBe(0);
    for (const step of STEPS) {
      const change = await step.change?.(domain());
      if (change !== undefined) await domain().modify(change);
      step.apply?.((await standing()).groups.get(`CN=leads,${GROUPS}`) ?? '');
      const { code, stderr } = await rollcall(...(step.apply === undefined ? ['sync', 'ad'] : ['apply']));
      members = step.members ?? members;
      const now = await standing();
      const found = [step.name, code, now.members, now.differences];
      expect(found, stderr).toEqual([step.name, 0, members, []]);
    }
    const { conflicts } = (await rollcall('conflicts')).json() as { conflicts: { email: string; reason: string }[] };
    expect(conflicts.map(({ email, reason }) => [email, reason])).toEqual([['ben@corp.example', 'other_id']]);
    expect((await rollcall('recompute', '--check')).code).toBe(0);
  });
}
