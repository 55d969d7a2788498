// Pushes that come at once: what each of them by itself would give is planned and written in one go, where none can
// bear on another. Where the brake has a say, somebody must wait, or an address is two people's, one by one.
import { braked } from '../core/brake.ts';
import type { AccountId } from '../core/ids.ts';
import type { Change } from '../core/plan.ts';
import type { PushReading } from '../core/reading.ts';
import type { Database } from '../store/database.ts';
import type { PlanRef, Sync } from './context.ts';
import type { DraftedPush } from './push.ts';
import { beginPlans, draftPush, pushWithin, writePush } from './push.ts';

/**
 * Takes in the pushes of one connection in their order, in the caller's transaction.
 * @returns the plan of each
 */
export async function pushTogether(sync: Sync, db: Database, readings: readonly PushReading[]): Promise<PlanRef[]> {
  const plans: PlanRef[] = [];
  for (const row of alike(readings)) {
    plans.push(...((await inOneGo(sync, db, row)) ?? (await oneByOne(sync, db, row))));
  }
  return plans;
}

/** The readings in rows, one after another, of which each speaks of other people and lets nobody go; all else alone. */
function alike(readings: readonly PushReading[]): PushReading[][] {
  const rows: PushReading[][] = [];
  let spoken = new Set<string>();
  for (const reading of readings) {
    const ids = reading.people.map(({ externalId }) => externalId);
    const row = rows.at(-1);
    const joins = row !== undefined && spoken.size > 0 && isMild(reading) && !ids.some((id) => spoken.has(id));
    if (joins) row.push(reading);
    else {
      rows.push([reading]);
      spoken = new Set();
    }
    if (isMild(reading)) for (const id of ids) spoken.add(id);
  }
  return rows;
}

function isMild({ people, groups, joins, leaves, peopleGone, groupsGone }: PushReading): boolean {
  const isOfPeople = [groups, joins, leaves, peopleGone, groupsGone].every(({ length }) => length === 0);
  return isOfPeople && people.every((said) => said.active && said.groups === 'unknown');
}

async function oneByOne(sync: Sync, db: Database, readings: readonly PushReading[]): Promise<PlanRef[]> {
  const plans: PlanRef[] = [];
  for (const reading of readings) plans.push(await pushWithin(sync, db, reading));
  return plans;
}

/** Null, and nothing written, where one of them may bear on another. */
async function inOneGo(sync: Sync, db: Database, readings: readonly PushReading[]): Promise<PlanRef[] | null> {
  const [first] = readings;
  if (first === undefined || readings.length === 1) return null;
  const whole = await draftPush(sync, db, { ...first, people: readings.flatMap(({ people }) => people) });
  const { conflicts, addresses } = whole.prepared.joining;
  if (conflicts.length > 0 || addresses.length > 0 || whole.drafted.changes.some(isWeighed)) return null;
  const plans = await beginPlans(sync, db, first.connection, readings.length);
  const [plan] = plans;
  if (plan === undefined) return null;
  await writePush(sync, db, { ...plan, each: planOfEach(whole, readings, plans) }, whole);
  return plans;
}

/** By account, the plan of the reading that speaks of it. */
function planOfEach(
  { connection, prepared }: DraftedPush,
  readings: readonly PushReading[],
  plans: readonly PlanRef[],
): ReadonlyMap<AccountId, PlanRef> {
  const byPerson = new Map(
    readings.flatMap(({ people }, at) => people.map(({ externalId }) => [externalId, plans[at]] as const)),
  );
  const each = new Map<AccountId, PlanRef>();
  for (const { account, people } of prepared.dossiers) {
    for (const { person } of people) {
      const plan = person.connection === connection ? byPerson.get(person.externalId) : undefined;
      if (plan !== undefined) each.set(account, plan);
    }
  }
  return each;
}

/** The brake has a say in it, or it is about who waits before whom. */
function isWeighed(change: Change): boolean {
  const { removal, newAdministrator } = braked(change, new Set());
  const { before, after } = change.membership ?? { before: null, after: null };
  const waits = after !== null && after.waitingSince !== null && before?.waitingSince !== after.waitingSince;
  return removal || newAdministrator || waits;
}
