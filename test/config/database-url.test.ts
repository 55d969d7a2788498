// Where the data live: every address that Postgres users write, and what is wrong with the others.
import { describe, expect, test } from 'vitest';
import { hasPassword, readDatabaseUrl } from '../../src/config/database-url.ts';

describe('an address of a database', () => {
  test.each([
    'postgres://rollcall@db.example/rollcall',
    'postgresql://rollcall:s3cr3t@db.example:5433/rollcall?sslmode=verify-full',
    'postgres://rollcall@/rollcall?host=/var/run/postgresql',
    'postgres:///rollcall?host=/var/run/postgresql',
  ])('%s is taken as it is', (url) => {
    expect(readDatabaseUrl(url, '/etc/rollcall')).toEqual({ url });
  });

  test.each([
    ['postgres://rollcall@db.example', /must name a database/],
    ['postgres://rollcall@db.example/', /must name a database/],
    ['postgres://rollcall@db.example:port/rollcall', /cannot|can be read/],
    ['mysql://db.example/rollcall', /must begin with sqlite: or postgres:/],
    ['sqlite:', /must name a file/],
    ['sqlite::memory:', /lost when the process ends/],
  ])('%s is a fault', (url, fault) => {
    expect(readDatabaseUrl(url, '/etc/rollcall')).toEqual({ fault: expect.stringMatching(fault) });
  });

  test('a file is relative to the configuration file', () => {
    expect(readDatabaseUrl('sqlite:./data/r.db', '/etc/rollcall')).toEqual({ url: 'sqlite:/etc/rollcall/data/r.db' });
  });

  test.each([
    ['postgres://rollcall:s3cr3t@db.example/rollcall', true],
    ['postgres://rollcall:s3cr3t@/rollcall?host=/tmp', true],
    ['postgres://rollcall@db.example/rollcall?password=s3cr3t', true],
    ['postgres://rollcall@db.example/rollcall', false],
    ['sqlite:./r.db', false],
  ])('%s: a password in the open is %s', (url, has) => {
    expect(hasPassword(url)).toBe(has);
  });
});
