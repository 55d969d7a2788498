// Law 6, its pure part: what the brake lets through, whatever the plans look like.
import { deepStrictEqual, ok } from 'node:assert/strict';
import fc from 'fast-check';
import type { BrakeVerdict, Window } from '../../src/core/brake.ts';
import type { AccountId } from '../../src/core/ids.ts';
import type { Membership } from '../../src/core/membership.ts';
import { settings } from './arbitraries.ts';
import { DAY, brakedChanges, percent, rows } from './brake-input.ts';
import type { Law } from './law.ts';
import { Life } from './life.ts';
import { departures } from './lives.ts';
import type { World } from './world.ts';
import { instant, memberKey } from './world.ts';

const NEVER_EMPTIED_FROM = 3;
const ADMINISTRATORS = 10;

/** A single removal is already too many. */
const braked = settings({ owner: 'anyone', seats: true, brake: false, joinByAddress: false }).map((setting) => ({
  ...setting,
  brake: { share: 0, people: 1, windowMs: DAY },
}));

export const brake: Law = {
  number: 6,
  words: 'The brake',
  runs: 1000,
  properties: {
    'the budget is the greater of the people and the share, reckoned in decimals': (core) =>
      fc.property(
        percent,
        fc.integer({ min: 1, max: 12 }),
        fc.oneof(
          fc.nat(1000),
          fc.nat(20).map((hundreds) => hundreds * 100),
        ),
        (share, people, base) => {
          deepStrictEqual(
            core.budgetOf({ share: share / 100, people, windowMs: DAY }, base),
            budget(share, people, base),
          );
        },
      ),
    'never more people than the budget in one window, a person counted once': (core) =>
      fc.property(
        percent,
        fc.integer({ min: 1, max: 12 }),
        fc.nat(60),
        fc.array(fc.record({ changes: rows, after: fc.nat(DAY / 4) }), { maxLength: 8 }),
        (share, people, granted, plans) => {
          const settings = { share: share / 100, people, windowMs: DAY };
          let window: Window | null = null;
          let now = 0;
          const removed = new Map<string, Set<AccountId>>();
          for (const { changes, after } of plans) {
            now += after;
            const at = instant(now / 1000);
            const input = {
              settings,
              now: at,
              changes,
              window,
              granted,
              active: 1000,
              leavingOtherwise: 0,
              suspect: false,
            };
            const verdict: BrakeVerdict = core.applyBrake(input);
            if (verdict.charged.length === 0) continue;
            ok(Date.parse(at) - Date.parse(verdict.window.startedAt) < DAY);
            const spent: Set<AccountId> = removed.get(verdict.window.startedAt) ?? new Set();
            for (const account of verdict.charged) spent.add(account);
            removed.set(verdict.window.startedAt, spent);
            ok(spent.size <= budget(share, people, verdict.window.base));
            window = { ...verdict.window, spent };
          }
        },
      ),
    'a window starts at its first removal with the members counted then, and its base stays': (core) =>
      fc.property(brakedChanges, fc.nat(500), fc.boolean(), ({ input }, base, over) => {
        const startedAt = instant(-(over ? DAY : DAY - 1) / 1000);
        const { window } = core.applyBrake({ ...input, window: { startedAt, base, spent: new Set() } });
        deepStrictEqual(window, over ? { startedAt: input.now, base: input.granted } : { startedAt, base });
      }),
    'a run, an edit, a preview and one request are judged whole: all removals that nothing else holds, or none': (
      core,
    ) =>
      fc.property(brakedChanges, ({ input, percent: share }) => {
        const { held, charged } = core.applyBrake(input);
        const removals = input.changes.filter(({ removal }) => removal);
        const free = removals.filter(({ vanishedGroup }) => !vanishedGroup && !input.suspect);
        const over = free.length > budget(share, input.settings.people, input.granted);
        const arrived = input.changes.filter(({ account, arrival }) => arrival && !held.has(account)).length;
        const emptied = input.active >= NEVER_EMPTIED_FROM && input.active + arrived - free.length <= 0;
        deepStrictEqual(charged, over || emptied ? [] : free.map(({ account }) => account));
        for (const { account } of free)
          deepStrictEqual(held.get(account), over ? 'budget' : emptied ? 'emptied' : undefined);
      }),
    'fewer removals than `people` always pass, where no other brake holds them': (core) =>
      fc.property(brakedChanges, ({ input }) => {
        const changes = input.changes.filter(({ removal, vanishedGroup }) => removal && !vanishedGroup);
        if (changes.length >= input.settings.people) return;
        const active = Math.max(input.active, changes.length + 1);
        deepStrictEqual(core.applyBrake({ ...input, changes, active, suspect: false }).held.size, 0);
      }),
    'people already counted in the window are not counted again': (core) =>
      fc.property(brakedChanges, ({ input }) => {
        const first = core.applyBrake({ ...input, active: 1000, suspect: false });
        if (first.charged.length === 0) return;
        const window = { ...first.window, spent: new Set(first.charged) };
        const again = core.applyBrake({ ...input, active: 1000, suspect: false, window });
        deepStrictEqual(again.charged, first.charged);
      }),
    'more than 10 new Administrators at once are held, and no fewer': (core) =>
      fc.property(brakedChanges, fc.integer({ min: 8, max: 13 }), ({ input }, count) => {
        const others = input.changes.filter(({ newAdministrator }) => !newAdministrator);
        const fresh = Array.from({ length: count }, (_, nth) => ({
          ...{ account: `fresh ${nth}` as AccountId, newAdministrator: true, arrival: true },
          ...{ removal: false, vanishedGroup: false },
        }));
        const { held } = core.applyBrake({ ...input, changes: [...others, ...fresh] });
        const stopped = fresh.filter(({ account }) => held.get(account) === 'administrators').length;
        deepStrictEqual(stopped, count > ADMINISTRATORS ? count : 0);
      }),
    'an organization of three or more active members is not emptied': (core) =>
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(20), fc.nat(3), (own, besides, leavingOtherwise) => {
        const changes = Array.from({ length: own }, (_, nth) => removalOf(`member ${nth}`));
        const settings = { share: 1, people: 100, windowMs: DAY };
        const active = own + besides + leavingOtherwise;
        const input = { settings, now: instant(0), changes, window: null, granted: own, active, suspect: false };
        const { held } = core.applyBrake({ ...input, leavingOtherwise });
        deepStrictEqual(held.size, besides === 0 && active >= NEVER_EMPTIED_FROM ? own : 0);
      }),
    'a vanished group’s removals are held, its role changes are not': (core) =>
      fc.property(brakedChanges, ({ input }) => {
        const { held } = core.applyBrake({ ...input, suspect: false });
        for (const { account, removal, newAdministrator, vanishedGroup } of input.changes) {
          if (removal && vanishedGroup) deepStrictEqual(held.get(account), 'vanished_group');
          if (!removal && !newAdministrator) ok(!held.has(account));
        }
      }),
    'what is held stays as it was': (core) =>
      fc.property(braked, departures, (setting, steps) => {
        const life = new Life(core, setting);
        for (const step of steps) {
          const { held, moot } = life.take(step);
          // A row struck out earlier in the step is judged again; what is new must stand.
          const struck = new Set(moot.filter(({ id }) => !held.some((row) => row.id === id)).map(memberKey));
          for (const row of held.filter((one) => !struck.has(memberKey(one)))) {
            deepStrictEqual(life.world.standing(row.organization, row.account), row.before);
            ok(!moot.some(({ id }) => id === row.id));
          }
        }
      }),
    'a hold shields nobody from another connection’s word': (core) =>
      fc.property(braked, departures, (setting, steps) => {
        const life = new Life(core, setting);
        for (const step of steps) {
          life.take(step);
          for (const membership of life.world.memberships.values()) assertUnshielded(life.world, membership);
        }
      }),
  },
};

function budget(share: number, people: number, base: number): number {
  return Math.max(people - 1, Math.floor((share * base) / 100));
}

function removalOf(name: string) {
  return {
    account: name as AccountId,
    removal: true,
    newAdministrator: false,
    arrival: false,
    vanishedGroup: false,
  };
}

/** Who is let go by one connection, has no other that vouches, and was not taken back by hand, is out. */
function assertUnshielded(world: World, { organization: id, account, status }: Membership): void {
  const organization = world.organizations.get(id);
  if (organization === undefined) return;
  const masks = [...world.masks.values()].filter((mask) => mask.organization === id && mask.account === account);
  // A connection without lifecycle authority vouches for nobody, held or not.
  const vouches = masks.some(({ connection }) => connection !== null && world.connections.get(connection)?.lifecycle);
  const says = world.core.saysOf(world.landscape(), organization, world.dossier(account));
  if (vouches || says.some(({ report }) => report.kind === 'active')) return;
  const given = world.personGrants.get(memberKey({ organization: id, account }))?.since ?? '';
  for (const { report } of says)
    if (report.kind === 'gone' && report.since >= given) deepStrictEqual(status, 'deactivated');
}
