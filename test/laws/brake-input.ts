// Generated plans as the brake sees them.
import fc from 'fast-check';
import type { BrakeInput, BrakedChange } from '../../src/core/brake.ts';
import type { AccountId } from '../../src/core/ids.ts';
import { instant } from './world.ts';

export const DAY = 86_400_000;

const row = fc.record({
  account: fc.nat(39),
  fate: fc.oneof(
    { arbitrary: fc.constant('removal' as const), weight: 4 },
    fc.constantFrom('administrator' as const, 'administrator here' as const, 'arrival' as const, 'change' as const),
  ),
  vanishedGroup: fc.oneof({ arbitrary: fc.constant(false), weight: 9 }, fc.constant(true)),
});

/** The rows of one plan, each account once. */
export const rows: fc.Arbitrary<BrakedChange[]> = fc
  .uniqueArray(row, { maxLength: 30, selector: ({ account }) => account, size: 'max' })
  .map((all) =>
    all.map(({ account, fate, vanishedGroup }) => ({
      account: `member ${account}` as AccountId,
      removal: fate === 'removal',
      newAdministrator: fate.startsWith('administrator'),
      arrival: fate === 'arrival' || fate === 'administrator',
      vanishedGroup,
    })),
  );

/** Shares in whole percents, so that the expected budget can be reckoned without fractions. */
export const percent = fc.integer({ min: 0, max: 100 });

export const brakedChanges: fc.Arbitrary<{ readonly input: BrakeInput; readonly percent: number }> = fc
  .record({
    percent,
    people: fc.integer({ min: 1, max: 12 }),
    changes: rows,
    granted: fc.nat(120),
    besides: fc.nat(3),
    suspect: fc.oneof({ arbitrary: fc.constant(false), weight: 5 }, fc.constant(true)),
  })
  .map(({ percent: share, people, changes, granted, besides, suspect }) => ({
    percent: share,
    input: {
      settings: { share: share / 100, people, windowMs: DAY },
      now: instant(0),
      changes,
      window: null,
      granted,
      // Whoever is removed was active.
      active: changes.filter(({ removal }) => removal).length + besides,
      leavingOtherwise: 0,
      suspect,
    },
  }));
