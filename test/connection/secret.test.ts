import { describe, expect, test } from 'vitest';
import { resolveSecret, type SecretRef, secretRef } from '../../src/connection/secret.ts';
import { RollcallError } from '../../src/errors.ts';

const noFile = (): string => {
  throw Object.assign(new Error('ENOENT: no such file, open /run/secrets/bind'), { code: 'ENOENT' });
};

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof RollcallError && error.code === 'config_invalid') return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a secret in the configuration', () => {
  test.each<[unknown, SecretRef]>([
    ['hunter2', { kind: 'value', value: 'hunter2' }],
    [{ env: 'BIND' }, { kind: 'env', name: 'BIND' }],
    [{ file: '/run/secrets/bind' }, { kind: 'file', path: '/run/secrets/bind' }],
  ])('is a value or a reference: %j', (written, ref) => {
    expect(secretRef.parse(written)).toEqual(ref);
  });

  test.each([
    [1234567, 'quotes'],
    [true, 'quotes'],
    ['', 'empty'],
    [null, '{ env: NAME }'],
    [['hunter2'], '{ env: NAME }'],
    [{}, 'one key'],
    [{ env: 'A', file: 'b' }, 'one key'],
    [{ vault: 'a' }, 'one key'],
    [{ env: '' }, 'environment variable'],
    [{ file: '' }, 'name a file'],
    [undefined, 'is missing'],
  ])('is refused as %j, with what to write instead', (written, hint) => {
    const read = secretRef.safeParse(written);
    expect(read.error?.issues.map(({ message }) => message).join()).toContain(hint);
  });

  test('written where the name of a variable belongs is not repeated', () => {
    const read = secretRef.safeParse({ env: 's3cr3t!' });
    expect(JSON.stringify(read.error)).not.toContain('s3cr3t');
  });
});

describe('a secret is had', () => {
  test('from the file, the environment or a file, whose last line break does not count', () => {
    const read = (path: string) => (path === '/s' ? ' p w \r\n' : '');
    expect(resolveSecret({ kind: 'value', value: 'v' }, {}, noFile)).toBe('v');
    expect(resolveSecret({ kind: 'env', name: 'BIND' }, { BIND: ' e ' }, noFile)).toBe(' e ');
    expect(resolveSecret({ kind: 'file', path: '/s' }, {}, read)).toBe(' p w ');
  });

  test('or the error names the variable or the file', () => {
    expect(messageOf(() => resolveSecret({ kind: 'env', name: 'BIND' }, {}, noFile))).toBe(
      'environment variable BIND is not set: set it to the secret',
    );
    expect(messageOf(() => resolveSecret({ kind: 'file', path: '/run/secrets/bind' }, {}, noFile))).toBe(
      'cannot read the secret file /run/secrets/bind: there is no such file',
    );
  });

  test('an empty one is none: an empty password would bind anonymously', () => {
    expect(messageOf(() => resolveSecret({ kind: 'env', name: 'BIND' }, { BIND: '' }, noFile))).toContain(
      'BIND is empty',
    );
    expect(messageOf(() => resolveSecret({ kind: 'file', path: '/s' }, {}, () => '\n'))).toContain('/s is empty');
  });
});
