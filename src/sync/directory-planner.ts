// Plans the pieces of a directory run, one after the other, in the landscape that the groups' own piece leaves.
import type { LinkConflict } from '../core/account-link.ts';
import type { Connection } from '../core/connection.ts';
import { viewConnection } from '../core/group-graph.ts';
import type { AccountId, ConnectionId } from '../core/ids.ts';
import type { Landscape } from '../core/plan.ts';
import type { DirectoryReading } from '../core/reading.ts';
import { inGroups } from '../store/database.ts';
import { commitWithoutWaiting } from '../store/haste.ts';
import { inLeasedTransaction } from '../store/leases.ts';
import { loadDomains } from '../store/organizations.ts';
import { addRows, rowsOfDrafts } from '../store/plans.ts';
import type { TouchedPerson } from '../store/staged-pieces.ts';
import { addTouched, peopleInGroups } from '../store/staged-pieces.ts';
import { isAnybodyKnown } from '../store/staging.ts';
import { setAside } from '../store/strangers.ts';
import { Addresses } from './addresses.ts';
import type { RunRef, Sync } from './context.ts';
import type { DirectoryGraph } from './directory-graph.ts';
import type { GroupsSaid } from './directory-pieces.ts';
import { groupsSaid, readingOf, withGroups } from './directory-pieces.ts';
import { draft, Seats, toDraft, vanishedMappings } from './draft.ts';
import type { Domains, Joining } from './join.ts';
import { groupsThatDiffer, loadLandscape, mappedGroups, viewOf, withView } from './landscape.ts';
import { prepare } from './prepare.ts';

/** People planned and committed in one transaction. */
const PIECE_SIZE = 500;

/** What a planner knows from its beginning. */
interface Setting {
  readonly graph: DirectoryGraph;
  readonly complete: boolean;
  /** The connection is only observed: facts are stored, nothing else. */
  readonly observed: boolean;
  readonly domains: Domains;
  readonly seats: Seats;
}

export class DirectoryPlanner {
  readonly #sync: Sync;
  readonly #ref: RunRef;
  readonly #reading: DirectoryReading;
  readonly #setting: Setting;
  readonly #addresses = new Addresses();
  readonly #vanished: (landscape: Landscape) => ReadonlySet<string>;
  readonly #mapped: (landscape: Landscape) => ReadonlySet<string>;
  landscape: Landscape;
  /** Pieces so far, the groups' own among them. */
  pieces = 0;
  /** People planned so far. */
  planned = 0;
  /** Why people of the plan are joined to no account: one for each of them. */
  readonly unjoined: LinkConflict[] = [];

  private constructor(sync: Sync, ref: RunRef, reading: DirectoryReading, landscape: Landscape, setting: Setting) {
    this.#sync = sync;
    this.#ref = ref;
    this.#reading = reading;
    this.#setting = setting;
    this.landscape = landscape;
    this.#vanished = onceFor((one) => new Set(vanishedMappings(one).keys()));
    this.#mapped = onceFor((one) => new Set(mappedGroups(viewOf(one, reading.connection))));
  }

  static async begin(
    sync: Sync,
    ref: RunRef,
    reading: DirectoryReading,
    read: Pick<Setting, 'graph' | 'complete'>,
  ): Promise<DirectoryPlanner> {
    const { db } = sync;
    const stored = await loadLandscape(db);
    const observed = viewOf(stored, reading.connection).connection.state === 'observe';
    const landscape = observed ? asIfActive(stored, reading.connection) : stored;
    return new DirectoryPlanner(sync, ref, reading, landscape, {
      ...read,
      observed,
      domains: await loadDomains(db),
      seats: await Seats.load(db, landscape),
    });
  }

  get observed(): boolean {
    return this.#setting.observed;
  }

  /** People in groups that the groups' own changes regroup. */
  async peopleOfChangedGroups(): Promise<string[]> {
    const { connection, at } = this.#reading;
    const { domains } = this.#setting;
    // At a first load all groups are new, and nobody is known to be in one.
    if (!(await isAnybodyKnown(this.#sync.db, connection))) return [];
    const reading = {
      kind: 'push' as const,
      connection,
      at,
      people: [],
      peopleGone: [],
      ...(await this.#groupsSaid()),
    };
    const prepared = await prepare(this.#sync.db, { landscape: this.landscape, domains, reading });
    const differing = groupsThatDiffer(viewOf(this.landscape, connection), viewOf(prepared.landscape, connection));
    return peopleInGroups(this.#sync.db, connection, differing);
  }

  /** Whether no group gives them anything; to be asked of people who are nobody's. */
  getsNothing(externalId: string): boolean {
    // An organization's own connection gives everybody the default role.
    if (viewOf(this.landscape, this.#reading.connection).connection.organization !== null) return false;
    const mapped = this.#mapped(this.landscape);
    return this.#setting.graph.groupsOf(externalId)?.every((group) => !mapped.has(group)) ?? false;
  }

  /** A batch becomes pieces with the rows that each is to write; the first batch is one piece. */
  async plan(ids: readonly string[], gone: ReadonlySet<string>): Promise<void> {
    const { db } = this.#sync;
    const { connection, at } = this.#reading;
    const { complete, domains, seats } = this.#setting;
    const batch = ids.map((externalId) => this.#touched(externalId, gone.has(externalId)));
    const said = await readingOf(db, this.#ref, { connection, at, complete }, batch);
    const reading = this.pieces === 0 ? withGroups(said, await this.#groupsSaid()) : said;
    const prepared = await prepare(db, { landscape: this.landscape, domains, reading, addresses: this.#addresses });
    this.landscape = prepared.landscape;
    for (const { reason } of prepared.joining.conflicts) this.unjoined.push(reason);
    const { organizations } = prepared;
    const drafted = await draft(db, this.landscape, prepared.dossiers, { organizations, seats, now: at });
    const vanished = this.#vanished(this.landscape);
    const drafts = drafted.changes.map((change) => toDraft(change, new Set([connection]), vanished));
    const dealt = this.pieces === 0 ? [batch] : dealPieces(batch, new Set(prepared.idle));
    const given = accountsGivenOut(prepared.joining, connection);
    if (dealt.length > 0) {
      await inLeasedTransaction(db, this.#ref.lease, async (trx) => {
        await commitWithoutWaiting(trx);
        await addRows(trx, rowsOfDrafts(this.#ref, drafts, at));
        for (const [index, piece] of dealt.entries()) {
          const withAccounts = piece.map((one) => ({ ...one, account: given.get(one.externalId) ?? null }));
          await addTouched(trx, this.#ref.id, this.pieces + index, withAccounts);
        }
      });
    }
    this.pieces += dealt.length;
    this.planned += batch.length;
  }

  /** Strangers are one piece, however many they are: there is nothing to plan about them. */
  async setAside(ids: readonly string[]): Promise<void> {
    const { graph } = this.#setting;
    const strangers = ids.map((externalId) => ({ externalId, groups: graph.groupsOf(externalId) ?? [] }));
    await inLeasedTransaction(this.#sync.db, this.#ref.lease, async (trx) => {
      await commitWithoutWaiting(trx);
      await setAside(trx, this.#ref.id, this.pieces, strangers);
    });
    this.pieces += 1;
    this.planned += ids.length;
  }

  /** The groups that answer to a mapping: whoever was set aside is in none of them. */
  get mapped(): readonly string[] {
    return [...this.#mapped(this.landscape)];
  }

  /** Asked for twice and not kept: at a first load they are all the groups that there are. */
  async #groupsSaid(): Promise<GroupsSaid> {
    return groupsSaid(this.#sync.db, this.#ref, this.#setting.complete);
  }

  #touched(externalId: string, gone: boolean): TouchedPerson {
    const groups = gone ? [] : (this.#setting.graph.groupsOf(externalId) ?? []);
    return { externalId, gone, groups, account: null };
  }
}

/** People for whom the plan makes an account, with its id: the commit gives the same. */
function accountsGivenOut({ created, joined }: Joining, connection: ConnectionId): ReadonlyMap<string, AccountId> {
  const fresh = new Set(created.map(({ id }) => id));
  return new Map(
    joined.flatMap(({ person: { person }, account }) =>
      fresh.has(account) && person.connection === connection ? [[person.externalId, account] as const] : [],
    ),
  );
}

/** Who is nobody's and gets nothing is committed many at a time: no membership waits for it, and nothing else locks. */
function dealPieces(batch: readonly TouchedPerson[], idle: ReadonlySet<string>): (readonly TouchedPerson[])[] {
  if (batch.length <= PIECE_SIZE) return batch.length === 0 ? [] : [batch];
  const quiet = batch.filter(({ externalId }) => idle.has(externalId));
  const others = batch.filter(({ externalId }) => !idle.has(externalId));
  return [...(quiet.length === 0 ? [] : [quiet]), ...inGroups(others, PIECE_SIZE)];
}

/** Pieces share one landscape but for the first: what is reckoned of it is reckoned once. */
function onceFor<T>(reckon: (landscape: Landscape) => T): (landscape: Landscape) => T {
  let last: { readonly landscape: Landscape; readonly value: T } | null = null;
  return (landscape) => {
    if (last?.landscape !== landscape) last = { landscape, value: reckon(landscape) };
    return last.value;
  };
}

/** An observed connection is planned as if it counted, so that people see what it would do. */
function asIfActive(landscape: Landscape, id: ConnectionId): Landscape {
  const view = viewOf(landscape, id);
  const connection: Connection = { ...view.connection, state: 'active' };
  return withView(landscape, viewConnection(connection, view.mappings, view.groups, view.parents));
}
