// Passwords: argon2id, off the event loop, a bounded number at once. For an account that has none the same work is done,
// so that the time of the answer tells nothing.
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { emailKey } from '../core/fact.ts';
import { RollcallError } from '../errors.ts';

const argon2Async = promisify(argon2);

/** OWASP's choice for argon2id: 19 MiB, two passes, one lane. */
const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const TAG_BYTES = 32;
const SALT_BYTES = 16;

/** NIST SP 800-63B: at least eight characters, no rules about which. */
export const SHORTEST = 8;
/** Longer than any passphrase; every character costs work before anybody is known. */
export const LONGEST = 256;

/** Tried first by everybody who guesses. Only those that the shortest length lets through. */
const COMMON = new Set(
  [
    'password password1 password12 password123 passw0rd p@ssw0rd 12345678 123456789 1234567890 11111111 00000000',
    '87654321 88888888 qwertyui qwertyuiop qwerty123 1q2w3e4r 1qaz2wsx asdfghjkl zaq12wsx iloveyou iloveyou1 sunshine',
    'princess football baseball superman trustno1 welcome1 letmein1 letmein123 admin123 administrator changeme abcd1234',
    'abc12345 aa123456 starwars computer whatever michelle jennifer rollcall',
  ]
    .join(' ')
    .split(' '),
);

/**
 * The form in which passwords are compared: two keyboards write the same letter in different ways (NIST asks for NFKC).
 * @throws RollcallError `input_invalid` for one that is too short, too long or among the first that are guessed.
 */
export function checkPassword(password: string, email: string): string {
  if (password.length > LONGEST * 4) throw tooLong();
  const plain = password.normalize('NFKC');
  // Code points, as NIST counts.
  const { length } = Array.from(plain);
  if (length > LONGEST) throw tooLong();
  if (length < SHORTEST)
    throw new RollcallError('input_invalid', `password: choose one of ${SHORTEST} or more characters`);
  const key = plain.toLowerCase();
  if (COMMON.has(key) || key === emailKey(email) || new Set(key).size === 1) {
    throw new RollcallError('input_invalid', 'password: this one is among the first that are guessed; choose another');
  }
  return plain;
}

function tooLong(): RollcallError {
  return new RollcallError('input_invalid', `password: at most ${LONGEST} characters`);
}

/** The hash with its parameters, in the form that all libraries of argon2 read (PHC). */
export async function hashPassword(plain: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await derive(plain, salt, PARAMETERS, TAG_BYTES);
  const { memory, passes, parallelism } = PARAMETERS;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(salt)}$${text(tag)}`;
}

/** Whether it is the password; null, an account without one, costs as much and is never right. */
export async function verifyPassword(stored: string | null, password: string): Promise<boolean> {
  const parts = stored === null ? null : /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(stored);
  // Too long for any password that was ever taken: known without work, and the same for every account.
  if (password.length > LONGEST * 4) return false;
  const plain = password.normalize('NFKC');
  if (parts === null) {
    await derive(plain, randomBytes(SALT_BYTES), PARAMETERS, TAG_BYTES);
    return false;
  }
  const [, memory, passes, parallelism, salt = '', tag = ''] = parts;
  const wanted = Buffer.from(tag, 'base64');
  const parameters = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const found = await derive(plain, Buffer.from(salt, 'base64'), parameters, wanted.length);
  return timingSafeEqual(found, wanted);
}

/** Whether the hash was made with other parameters than would be used now. */
export function isOutdated(stored: string): boolean {
  const { memory, passes, parallelism } = PARAMETERS;
  return !stored.startsWith(`$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$`);
}

/** Each takes 19 MiB and a thread of the pool, which files and look-ups need too. */
const AT_ONCE = 3;
/** Some seconds of work; whoever comes after them is told to try again. */
const IN_LINE = 100;

let working = 0;
const line: (() => void)[] = [];

async function derive(
  message: string,
  nonce: Buffer,
  { memory, passes, parallelism }: { readonly memory: number; readonly passes: number; readonly parallelism: number },
  tagLength: number,
): Promise<Buffer> {
  if (working >= AT_ONCE) {
    if (line.length >= IN_LINE) {
      throw new RollcallError('busy', 'too many people sign in at this moment: try again', { retryAfterMs: 5000 });
    }
    await new Promise<void>((resolve) => line.push(resolve));
  } else working += 1;
  try {
    return await argon2Async('argon2id', { message, nonce, memory, passes, parallelism, tagLength });
  } finally {
    const next = line.shift();
    // The place goes to the next in line, or becomes free.
    if (next === undefined) working -= 1;
    else next();
  }
}

function text(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
