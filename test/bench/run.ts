// `npm run bench -- NAME [--people N]`: measures, and prints ratios side by side. By hand or at night, never as a test.
import { parseArgs } from 'node:util';
import { benchLdap } from './ldap.ts';
import { benchSaml } from './saml.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { people: { type: 'string', default: '100000' } },
});
const [name] = positionals;
if (name === 'ldap') await benchLdap(Number(values.people));
else if (name === 'saml') await benchSaml();
else {
  console.error('npm run bench -- ldap [--people N] | saml');
  process.exitCode = 2;
}
