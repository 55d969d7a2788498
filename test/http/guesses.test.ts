// Somebody who guesses passwords: how often they may, from one address and from many, and what a proxy may say of it.
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Browser, Site } from './site.ts';
import { hiddenFields, openSite, PASSWORD, signedUp, signIn } from './site.ts';

let site: Site;
beforeEach(async () => {
  site = await openSite();
});
afterEach(async () => {
  expect(site.logged).toEqual([]);
  await site.close();
});

test('wrong passwords from one address stop after twenty, and the holder still signs in from another', async () => {
  await signedUp(site, 'anna@new.example');
  const guesser = site.browser('127.0.0.2');
  const statuses = [];
  for (let at = 0; at < 22; at += 1)
    statuses.push((await signIn(site, 'anna@new.example', `guess ${at}`, guesser)).status);
  expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
  expect(statuses.slice(20)).toEqual([429, 429]);
  const right = await signIn(site, 'anna@new.example', PASSWORD, guesser);
  expect(right.status).toBe(429);
  expect(Number(right.headers['retry-after'])).toBeGreaterThan(0);
  expect(Number(right.headers['retry-after'])).toBeLessThanOrEqual(900);
  expect((await signIn(site, 'anna@new.example', PASSWORD, site.browser('127.0.0.3'))).status).toBe(303);
  site.wait(901_000);
  expect((await signIn(site, 'anna@new.example', PASSWORD, guesser)).status).toBe(303);
});

test('ten thousand wrong passwords: one client address is stopped at a hundred, and the counts stay few', async () => {
  const guesser = site.browser('127.0.0.2');
  const page = await guesser.get('/user/login');
  const token = /name="_csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
  const statuses = new Map<number, number>();
  for (let at = 0; at < 10_000; at += 100) {
    const wave = Array.from({ length: 100 }, async (_, n) =>
      guesser.post('/user/login', { _csrf: token, email: `person${at + n}@new.example`, password: 'guess' }),
    );
    for (const { status } of await Promise.all(wave)) statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  expect(Object.fromEntries(statuses)).toEqual({ 401: 100, 429: 9900 });
  // Those who came at once with the hundredth may have left a row, and nobody after them.
  expect((await site.sync.db('throttles')).length).toBeLessThanOrEqual(201);
  site.wait(901_000);
  await signIn(site, 'nobody@new.example', 'guess', guesser);
  expect((await site.sync.db('throttles')).length).toBeLessThan(5);
}, 120_000);

/** The status of the last of 21 guesses at one account, each with a client address of its own claimed. */
async function lastOfTheGuesses(guesser: Browser, claim: (at: number) => string): Promise<number> {
  const page = await guesser.get('/user/login');
  const fields = { ...hiddenFields(page.text), email: 'anna@new.example', password: 'guess' };
  let last = 0;
  for (let at = 0; at < 21; at += 1) {
    ({ status: last } = await guesser.post('/user/login', fields, { 'x-forwarded-for': claim(at) }));
  }
  return last;
}

test('a name that a proxy header claims is not believed: the count stays with the real address', async () => {
  expect(await lastOfTheGuesses(site.browser('127.0.0.2'), (at) => `10.0.0.${at}`)).toBe(429);
});

test('behind a proxy that the installation names each client counts for itself, and none by what it claims', async () => {
  const proxied = await openSite({ trustProxy: ['127.0.0.2'] });
  const proxy = proxied.browser('127.0.0.2');
  expect(await lastOfTheGuesses(proxy, (at) => `10.0.0.${at}`)).toBe(401);
  // The proxy adds the address that it sees; what stands before it was written by the client.
  expect(await lastOfTheGuesses(proxy, (at) => `10.0.1.${at}, 10.9.9.9`)).toBe(429);
  expect(await lastOfTheGuesses(proxied.browser('127.0.0.3'), (at) => `10.0.2.${at}`)).toBe(429);
  expect(await lastOfTheGuesses(proxy, (at) => `10.0.3.${at}, unknown-${at}`)).toBe(429);
  await proxied.close();
});

test('wrong passwords from a hundred addresses at once do not lock the holder out', async () => {
  const proxied = await openSite({ trustProxy: ['127.0.0.2'] });
  await signedUp(proxied, 'anna@new.example');
  const proxy = proxied.browser('127.0.0.2');
  const page = await proxy.get('/user/login');
  const guess = { ...hiddenFields(page.text), email: 'anna@new.example', password: 'guess' };
  const answers = await Promise.all(
    Array.from({ length: 100 }, async (_, at) =>
      proxy.post('/user/login', guess, { 'x-forwarded-for': `10.0.${at}.1` }),
    ),
  );
  // Whose password is not looked at, since too many are in line, is told to come again.
  const unforeseen = answers.filter(
    ({ status, headers }) => status !== 401 && !(status === 503 && headers['retry-after']),
  );
  expect(unforeseen).toEqual([]);
  expect((await signIn(proxied, 'anna@new.example', PASSWORD, proxied.browser('127.0.0.3'))).status).toBe(303);
  await proxied.close();
});
