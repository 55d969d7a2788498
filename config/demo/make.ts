// Makes monday.ldif and friday.ldif anew: loads the practice company into a real slapd, exports it, lets the week pass,
// exports it again. The files are checked in; this runs only when the company changes. Needs slapd and ldap-utils.
import { writeFile } from 'node:fs/promises';
import { Slapd } from '../../test/support/slapd.ts';
import { SUFFIX } from './company.ts';
import { content } from './content.ts';
import { changes } from './week.ts';

const slapd = await Slapd.start({ suffix: SUFFIX });
try {
  await slapd.load(content(), { relax: true });
  await save('monday');
  await slapd.modify(changes(), { relax: true });
  await save('friday');
} finally {
  await slapd.stop();
}

async function save(day: 'monday' | 'friday'): Promise<void> {
  await writeFile(new URL(`${day}.ldif`, import.meta.url), await slapd.search('(objectClass=*)'));
}
