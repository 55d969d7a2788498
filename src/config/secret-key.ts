// The installation's secret key: `ROLLCALL_SECRET_KEY`, or a file beside the SQLite database that is made at the first
// start. Several processes on Postgres have no file in common, so there it must be given.
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Environment } from '../connection/secret.ts';
import { RollcallError } from '../errors.ts';

const VARIABLE = 'ROLLCALL_SECRET_KEY';
const KEY_BYTES = 32;
const FILE = 'rollcall.key';

/**
 * The 32 bytes from which all keys are derived.
 * @throws RollcallError `config_invalid` where there is none and none can be made, or it is no key.
 */
export function loadSecretKey(databaseUrl: string, env: Environment): Buffer {
  const given = env[VARIABLE];
  if (given !== undefined && given !== '') return decode(given, VARIABLE);
  const database = /^sqlite:(.+)$/.exec(databaseUrl)?.[1];
  if (database === undefined) {
    throw new RollcallError(
      'config_invalid',
      `${VARIABLE} is not set: on Postgres every process needs the same key; make one with \`openssl rand -base64 32\``,
    );
  }
  if (database === ':memory:') return randomBytes(KEY_BYTES);
  const file = join(dirname(database), FILE);
  return decode(read(file) ?? make(file), file);
}

function decode(text: string, where: string): Buffer {
  const key = Buffer.from(text.trim(), 'base64');
  // What Node skips while decoding is no base64, and a key with a slip in it would quietly be another key.
  if (key.length === KEY_BYTES && key.toString('base64').replace(/=+$/, '') === text.trim().replace(/=+$/, ''))
    return key;
  throw new RollcallError(
    'config_invalid',
    `${where} must hold ${KEY_BYTES} bytes in base64: \`openssl rand -base64 32\``,
  );
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new RollcallError('config_invalid', `cannot read the secret key in ${file}: make it readable to this user`, {
      cause,
    });
  }
}

/** Two processes may start at once: the file appears whole or not at all, and the first one's key is everybody's. */
function make(file: string): string {
  const text = `${randomBytes(KEY_BYTES).toString('base64')}\n`;
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(draft, text, { flag: 'wx', mode: 0o600, flush: true });
    try {
      linkSync(draft, file);
      return text;
    } catch (error) {
      const there = (error as NodeJS.ErrnoException).code === 'EEXIST' ? read(file) : null;
      if (there === null) throw error;
      return there;
    } finally {
      unlinkSync(draft);
    }
  } catch (cause) {
    throw new RollcallError(
      'config_invalid',
      `cannot make the secret key ${file}: set ${VARIABLE}, or let this user write there`,
      {
        cause,
      },
    );
  }
}
