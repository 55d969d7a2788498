// Write requests: checked, stored and pushed in one transaction, and answered as they read back. Those that come at once
// share the transaction, and what they say of people is taken in together. A bulk request is one of them, and the brake
// judges it whole (law 6).
import type { PlanRef } from '../sync/context.ts';
import type { ConnectionId } from '../core/ids.ts';
import type { PushReading } from '../core/reading.ts';
import type { JsonObject } from '../scim/json.ts';
import { PatchWork } from '../scim/patch-work.ts';
import { PushCollector } from '../scim/push-collector.ts';
import { ScimError } from '../scim/scim-error.ts';
import type { Database } from '../store/database.ts';
import type { Newcomer } from '../store/scim-desk.ts';
import { ScimDesk } from '../store/scim-desk.ts';
import { SharedTransactions } from '../store/shared-transaction.ts';
import { pushTogether } from '../sync/push-together.ts';
import type { Caller, ScimDoor } from './scim-door.ts';
import type { Showing } from './scim-present.ts';
import { presentEach } from './scim-present.ts';
import type { Writing } from './scim-write.ts';

export interface Act<Written> {
  /** The one person whom it is about; null where more than that may be touched. */
  readonly about: { readonly id: string } | Newcomer | null;
  /** @throws ScimError what is refused, which leaves nothing of it. */
  readonly write: (writing: Writing) => Promise<Written>;
  /** What is to be answered of the store as it is afterwards; null for nothing. */
  readonly shows: (written: Written) => Showing | null;
}

export interface Done<Written> {
  readonly written: Written;
  readonly shown: JsonObject | null;
  readonly plan: PlanRef | null;
}

interface Job extends Act<unknown> {
  readonly connection: ConnectionId;
}

export class ScimActs {
  readonly #jobs: SharedTransactions<Job, Outcome>;

  constructor(door: ScimDoor) {
    this.#jobs = new SharedTransactions(door.sync.db, (db, jobs) => perform(door, db, jobs));
  }

  /** @throws ScimError what `write` refuses */
  async do<Written>({ connection }: Caller, act: Act<Written>): Promise<Done<Written>> {
    const done = await this.#jobs.do({ connection, ...(act as Act<unknown>) });
    if (done instanceof ScimError) throw done;
    return done as Done<Written>;
  }
}

type Outcome = Done<unknown> | ScimError;

async function perform(door: ScimDoor, db: Database, jobs: readonly Job[]): Promise<Map<Job, Outcome>> {
  const outcomes = new Map<Job, Outcome>();
  for (const round of roundsOf(jobs)) {
    for (const [job, outcome] of await performRound(door, db, round)) outcomes.set(job, outcome);
  }
  return outcomes;
}

interface Round {
  readonly connection: ConnectionId;
  readonly jobs: Job[];
}

/** In the order of each connection: those about one person in a row together, whatever touches more by itself. */
function roundsOf(jobs: readonly Job[]): Round[] {
  const rounds: Round[] = [];
  for (const [connection, list] of Map.groupBy(jobs, (job) => job.connection)) {
    let open: Job[] | null = null;
    for (const job of list) {
      if (job.about !== null && open !== null) open.push(job);
      else {
        const round = { connection, jobs: [job] };
        rounds.push(round);
        open = job.about === null ? null : round.jobs;
      }
    }
  }
  return rounds;
}

/** Each writes, what they said is taken in, and each is shown what has become of it. */
async function performRound(
  { sync, base, limits }: ScimDoor,
  db: Database,
  { connection, jobs }: Round,
): Promise<[Job, Outcome][]> {
  const desk = new ScimDesk(db, connection);
  const abouts = jobs.flatMap(({ about }) => about ?? []);
  const newcomers = abouts.flatMap((about) => ('id' in about ? [] : [about]));
  await desk.expect(
    abouts.flatMap((about) => ('id' in about ? [about.id] : [])),
    newcomers,
  );
  const begun: { job: Job; written: unknown; reading: PushReading | null }[] = [];
  for (const job of jobs) {
    const collector = new PushCollector();
    const writing = { db, desk, base, connection, collector, work: new PatchWork(), now: sync.now };
    const written = await orRefusal(job.write(writing));
    begun.push({ job, written, reading: collector.reading(connection, sync.now()) });
  }
  await desk.flush();
  const readings = begun.flatMap(({ reading }) => reading ?? []);
  const plans = await pushTogether(sync, db, readings);
  const planOf = new Map(readings.map((reading, at) => [reading, plans[at]]));
  const bodies = await presentEach(
    { base, limits },
    db,
    begun.map(({ job, written }) => (written instanceof ScimError ? null : job.shows(written))),
  );
  return begun.map(({ job, written, reading }, at) => {
    const plan = reading === null ? null : (planOf.get(reading) ?? null);
    return [job, written instanceof ScimError ? written : { written, shown: bodies[at] ?? null, plan }];
  });
}

/** Whatever is refused is refused before anything is written (scim-write.ts): the others' transaction goes on. */
async function orRefusal<T>(written: Promise<T>): Promise<T | ScimError> {
  try {
    return await written;
  } catch (error) {
    if (error instanceof ScimError) return error;
    throw error;
  }
}
