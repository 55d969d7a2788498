import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GIVE_UP_AFTER_MS, nextAttempt } from '../../src/delivery/backoff.ts';

const first = '2026-01-01T00:00:00.000Z';
const at = (ms: number): string => new Date(Date.parse(first) + ms).toISOString();

test('however the dice fall, a receiver is neither hammered nor forgotten', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempts, random) => {
        const wait =
          Date.parse(nextAttempt({ attempts, firstAttemptAt: first, now: first, afterMs: null, random })!) -
          Date.parse(first);
        expect(wait).toBeGreaterThanOrEqual(1000);
        expect(wait).toBeLessThanOrEqual(6 * 3_600_000);
      },
    ),
  );
});

test('a receiver that asks for a year gets an hour', () => {
  const next = nextAttempt({ attempts: 1, firstAttemptAt: first, now: first, afterMs: 365 * 86_400_000, random: 0 });
  expect(next).toBe(at(3_600_000));
});

test('three days after the first attempt it is given up, however few attempts there were', () => {
  const failure = { attempts: 2, firstAttemptAt: first, afterMs: null, random: 0.5 };
  expect(nextAttempt({ ...failure, now: at(GIVE_UP_AFTER_MS - 1) })).not.toBeNull();
  expect(nextAttempt({ ...failure, now: at(GIVE_UP_AFTER_MS) })).toBeNull();
});
