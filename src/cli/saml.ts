// `saml`: what support and operators need of single sign-on: why somebody was refused, whose certificates sign, our own
// keys, and a trial.
import { RollcallError } from '../errors.ts';
import type { Command } from './command.ts';
import { attempts } from './saml-attempts.ts';
import { certificates } from './saml-certificates.ts';
import type { SamlSubject } from './saml-desk.ts';
import { keys } from './saml-keys.ts';
import { tryOut } from './saml-try.ts';

const SUBJECTS = new Map<string, SamlSubject>([
  ['attempts', attempts],
  ['certificates', certificates],
  ['keys', keys],
  ['try', tryOut],
]);

export const saml: Command = {
  name: 'saml',
  summary: [
    'single sign-on:',
    '  saml attempts CONNECTION|REFERENCE',
    '  saml certificates CONNECTION [refresh | stage FILE | trust FINGERPRINT | retire FINGERPRINT]',
    '  saml keys CONNECTION [publish | use | end]',
    '  saml try CONNECTION [--response FILE]',
  ].join('\n'),
  args: ['<subject>', '<connection>', '[action]', '[value]'],
  options: [
    { flags: '--limit <number>', summary: 'how many attempts (100 unless stated)' },
    {
      flags: '--response <file>',
      summary: 'a SAMLResponse to try: base64, XML or the posted form; - is standard input',
    },
  ],
  examples: [
    'rollcall saml attempts K7QX-2M9P-4TUV',
    'rollcall saml attempts acme-saml --limit 20',
    'rollcall saml certificates acme-saml stage next.pem',
    'rollcall saml keys acme-saml publish',
    'rollcall saml try acme-saml',
  ],
  async run(context, { args, options }) {
    const [subject = '', connection = '', action = null, value = null] = args;
    const run = SUBJECTS.get(subject);
    if (run === undefined) {
      throw new RollcallError('input_invalid', `saml knows attempts, certificates, keys and try, not ${subject}`);
    }
    return run(context, { connection, action, value, options });
  },
};
