// Passwords as they are kept and compared.
import { argon2Sync } from 'node:crypto';
import { expect, test } from 'vitest';
import { checkPassword, hashPassword, isOutdated, verifyPassword } from '../../src/organization/password.ts';

test('a hash is argon2id with OWASP’s parameters and a salt of its own, and says so', async () => {
  const [one, two] = [await hashPassword('three blind mice'), await hashPassword('three blind mice')];
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(one).not.toBe(two);
  const [, , , , salt = '', tag = ''] = one.split('$');
  const parameters = { parallelism: 1, tagLength: 32, memory: 19_456, passes: 2 };
  const nonce = Buffer.from(salt, 'base64');
  const again = argon2Sync('argon2id', { message: 'three blind mice', nonce, ...parameters });
  expect(again.toString('base64').replace(/=+$/, '')).toBe(tag);
  expect(await verifyPassword(one, 'three blind mice')).toBe(true);
  expect(await verifyPassword(one, 'three blind micE')).toBe(false);
  expect(await verifyPassword(null, 'three blind mice')).toBe(false);
});

test('a hash made with weaker parameters still opens, and is made anew', async () => {
  const nonce = Buffer.alloc(16, 7);
  const weak = argon2Sync('argon2id', {
    message: 'three',
    nonce,
    parallelism: 1,
    tagLength: 32,
    memory: 1024,
    passes: 1,
  });
  const stored = `$argon2id$v=19$m=1024,t=1,p=1$${nonce.toString('base64')}$${weak.toString('base64')}`;
  expect(await verifyPassword(stored, 'three')).toBe(true);
  expect([isOutdated(stored), isOutdated(await hashPassword('three'))]).toEqual([true, false]);
});

test('the same letters typed on another keyboard are the same password', async () => {
  const composed = checkPassword('über den Wolken', 'a@b.example');
  const stored = await hashPassword(composed);
  expect(await verifyPassword(stored, 'u\u0308ber den Wolken')).toBe(true);
});

test('the event loop goes on while passwords are compared', async () => {
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 5);
  await Promise.all(Array.from({ length: 12 }, async () => verifyPassword(null, 'three blind mice')));
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(5);
});

test('when more come than can be served, they are told so instead of waiting for ever', async () => {
  const all = await Promise.allSettled(Array.from({ length: 120 }, async () => verifyPassword(null, 'x')));
  const refused = all.filter((one) => one.status === 'rejected');
  expect(refused).toHaveLength(17);
  expect(refused[0]?.reason).toMatchObject({ code: 'busy', retryAfterMs: 5000 });
  expect(await verifyPassword(null, 'x')).toBe(false);
});
