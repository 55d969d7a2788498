// Secrets at rest: unreadable without the key, and each only where it belongs.
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { seal, sealingKey, unseal } from '../../src/store/sealed.ts';

test('what was sealed is read with its key and for its purpose alone, and not when it was changed', () => {
  const key = sealingKey(randomBytes(32));
  const sealed = seal(key, 'geheim ü', 'key of acme');
  expect(unseal(key, sealed, 'key of acme')).toBe('geheim ü');
  expect(sealed).not.toBe(seal(key, 'geheim ü', 'key of acme'));
  const changed = Buffer.from(sealed, 'base64');
  changed[14] = (changed[14] ?? 0) ^ 1;
  for (const wrong of [
    () => unseal(key, sealed, 'key of beta'),
    () => unseal(sealingKey(randomBytes(32)), sealed, 'key of acme'),
    () => unseal(key, changed.toString('base64'), 'key of acme'),
    () => unseal(key, '', 'key of acme'),
  ]) {
    expect(wrong).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  }
});
