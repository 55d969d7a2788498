// `npm run bench -- NAME [--people N]`: measures, and prints ratios side by side. By hand or at night, never as a test.
import { parseArgs } from 'node:util';
import { benchLdap } from './ldap.ts';
import { benchPreview } from './preview.ts';
import { benchSaml } from './saml.ts';
import { benchScim } from './scim.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { people: { type: 'string', default: '100000' }, only: { type: 'string', default: '' } },
});
const [name] = positionals;
if (name === 'ldap') await benchLdap(Number(values.people));
else if (name === 'preview') await benchPreview(Number(values.people), values.only);
else if (name === 'saml') await benchSaml();
else if (name === 'scim') await benchScim(Number(values.people), values.only);
else {
  console.error(
    'npm run bench -- ldap [--people N] | scim [--people N] [--only NAME] | saml | preview [--people N] [--only NAME]',
  );
  process.exitCode = 2;
}
