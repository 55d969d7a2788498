// A secret is written as a value, or by reference: the name of an environment variable or of a file. What is said
// about a secret that cannot be had names the variable or the file, never the value (design.md section 5).
import { z } from 'zod';
import { RollcallError } from '../errors.ts';

export type SecretRef =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string };

/** Where environment variables are looked up; `process.env` fits. */
export type Environment = Readonly<Record<string, string | undefined>>;

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A YAML scalar, `{ env: NAME }` or `{ file: PATH }`. */
export const secretRef = z.unknown().transform((written, context): SecretRef => {
  const read = readRef(written);
  if (typeof read === 'string') {
    context.issues.push({ code: 'custom', message: read, input: undefined });
    return z.NEVER;
  }
  return read;
});

/** The reference, or what is wrong with it. The messages never repeat what was written: it may be the secret. */
function readRef(written: unknown): SecretRef | string {
  if (written === undefined) return 'is missing: write the secret itself, { env: NAME } or { file: PATH }';
  if (typeof written === 'string') {
    return written === '' ? 'is empty: an empty secret protects nothing' : { kind: 'value', value: written };
  }
  // YAML reads 007 as 7 and 1e3 as 1000: what arrives is no longer what was written.
  if (typeof written === 'number' || typeof written === 'boolean' || typeof written === 'bigint') {
    return 'reads as a number or a truth value: put the secret in quotes';
  }
  if (typeof written !== 'object' || written === null || Array.isArray(written)) {
    return 'must be the secret itself, { env: NAME } or { file: PATH }';
  }
  const entries = Object.entries(written);
  const [entry] = entries;
  if (entry === undefined || entries.length > 1 || (entry[0] !== 'env' && entry[0] !== 'file')) {
    return 'must hold one key, env or file: { env: NAME } or { file: PATH }';
  }
  const [key, target] = entry;
  if (typeof target !== 'string' || target === '') {
    return key === 'env' ? 'env must name an environment variable' : 'file must name a file';
  }
  if (key === 'file') return { kind: 'file', path: target };
  // Not repeated: `{ env: s3cret }` is how a secret lands in the wrong place.
  if (!VARIABLE.test(target)) return 'env must be the name of an environment variable: letters, digits and _ only';
  return { kind: 'env', name: target };
}

/**
 * The secret itself. A file may end in one line break, which is not part of the secret.
 * @throws RollcallError `config_invalid` when the variable is not set, or the file cannot be read; either is empty.
 */
export function resolveSecret(ref: SecretRef, env: Environment, readFile: (path: string) => string): string {
  switch (ref.kind) {
    case 'value':
      return ref.value;
    case 'env': {
      const value = env[ref.name];
      // An empty password makes an LDAP bind anonymous, and an empty token lets everybody in.
      if (value === undefined || value === '') {
        const state = value === undefined ? 'not set' : 'empty';
        throw new RollcallError('config_invalid', `environment variable ${ref.name} is ${state}: set it to the secret`);
      }
      return value;
    }
    case 'file': {
      let text: string;
      try {
        text = readFile(ref.path);
      } catch (cause) {
        throw new RollcallError('config_invalid', `cannot read the secret file ${ref.path}${reasonOf(cause)}`, {
          cause,
        });
      }
      const value = text.replace(/\r?\n$/, '');
      if (value === '') {
        throw new RollcallError('config_invalid', `secret file ${ref.path} is empty: write the secret into it`);
      }
      return value;
    }
  }
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  switch (code) {
    case 'ENOENT':
      return ': there is no such file';
    case 'EACCES':
      return ': this user may not read it';
    case 'EISDIR':
      return ': it is a directory';
    default:
      return typeof code === 'string' ? ` (${code})` : '';
  }
}
