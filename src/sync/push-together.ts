// Pushes that come at once: what each of them by itself would give is planned and written in one go, where none can
// bear on another. Wherever the brake, a hold, the Owner's seat or one address for two has a say, one by one.
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
  const owners = ownersOf(whole, readings);
  if (owners === null) return null;
  const plans = await beginPlans(sync, db, first.connection, readings.length);
  const [plan] = plans;
  if (plan === undefined) return null;
  const each = new Map<AccountId, PlanRef>();
  for (const [account, at] of owners) each.set(account, plans[at] ?? plan);
  await writePush(sync, db, { ...plan, each }, whole);
  return plans;
}

/** By account, which of the readings speaks of it; null where that is not one alone, or where it is not all that counts. */
function ownersOf(whole: DraftedPush, readings: readonly PushReading[]): ReadonlyMap<AccountId, number> | null {
  const { connection, prepared, drafted } = whole;
  const { conflicts, addresses } = prepared.joining;
  const isKept = prepared.before.dossiers.some(({ masks }) => masks.length > 0);
  const bears = conflicts.length > 0 || addresses.length > 0 || isKept || drafted.reviews.length > 0;
  if (bears || drafted.changes.some(isWeighed)) return null;
  const speaker = new Map(
    readings.flatMap(({ people }, at) => people.map(({ externalId }) => [externalId, at] as const)),
  );
  const owners = new Map<AccountId, number>();
  for (const { account, people } of prepared.dossiers) {
    const own = people.filter(({ person }) => person.connection === connection && speaker.has(person.externalId));
    const spoken = new Set(own.map(({ person }) => speaker.get(person.externalId)));
    const [only] = spoken;
    if (spoken.size !== 1 || only === undefined) return null;
    owners.set(account, only);
  }
  return owners;
}

/** The brake or the Owner's seat has a say in it. */
function isWeighed(change: Change): boolean {
  const { removal, newAdministrator } = braked(change, new Set());
  return removal || newAdministrator || change.seat !== null;
}
