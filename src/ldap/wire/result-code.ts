// What a result code of a server means for a read, and what the administrator can do (RFC 4511 appendix A).
import { RollcallError } from '../../errors.ts';
import type { LdapResult } from './message.ts';

export const CODE = {
  success: 0,
  sizeLimit: 4,
  referral: 10,
  administrativeLimit: 11,
  noSuchObject: 32,
  invalidCredentials: 49,
} as const;

interface Meaning {
  readonly title: string;
  readonly advice: string;
}

const MEANINGS: ReadonlyMap<number, Meaning> = new Map(
  (
    [
      [1, 'operations error', 'Active Directory says so to whoever is not bound: set bindDn and bindPassword'],
      [3, 'time limit exceeded', 'raise the time limit of the bind account, or index what the filter asks for'],
      [4, 'size limit exceeded', 'raise the size limit of the bind account, so that it may read everything'],
      [7, 'authentication method not supported', 'allow simple binds on the server'],
      [8, 'strong authentication required', 'the server wants TLS: write ldaps://, or startTls: true'],
      [10, 'referral', 'this part of the tree is kept on another server: read it there'],
      [11, 'administrative limit exceeded', 'raise the limits of the bind account on the server'],
      [
        12,
        'unavailable critical extension',
        'the server does not return searches in pages, without which no read is proof',
      ],
      [13, 'confidentiality required', 'the server wants TLS: write ldaps://, or startTls: true'],
      [18, 'inappropriate matching', 'the filter compares an attribute in a way that it does not have'],
      [32, 'no such object', 'it does not exist, or the bind account may not see it'],
      [34, 'invalid DN', 'correct the name'],
      [48, 'inappropriate authentication', 'the server refuses this account without a password'],
      [49, 'invalid credentials', 'check bindDn and bindPassword; the account may be locked or expired'],
      [50, 'insufficient access', 'give the bind account the right to read this'],
      [51, 'busy', 'the server has too much to do: the next run tries again'],
      [52, 'unavailable', 'the server is shutting down or starting: the next run tries again'],
      [53, 'unwilling to perform', "the server's own words say why"],
      [80, 'other error', "the server's log says why"],
    ] as const
  ).map(([code, title, advice]) => [code, { title, advice }]),
);

/** Enough of a server's own words to understand it by. */
const QUOTED = 300;

/** One line: the step, what was refused, the code by name and number, the server's own words, and what to do. */
export function refused(step: string, what: string, result: LdapResult): RollcallError {
  const { title, advice } = MEANINGS.get(result.code) ?? { title: 'an error', advice: "the server's log says why" };
  const words = [result.text, ...result.referrals]
    .join(' ')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, QUOTED);
  const quoted = words === '' ? '' : `, "${words}"`;
  return new RollcallError('directory_refused', `${step}: ${what}: ${title} (${result.code}${quoted}): ${advice}`);
}
