// Plan, brake, hold, commit: what the world does when somebody has spoken. Held rows become masks until decided.
import type { BrakeVerdict, Window } from '../../src/core/brake.ts';
import type { Say } from '../../src/core/grant.ts';
import type { AccountId, ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { Change } from '../../src/core/plan.ts';
import type { HeldRow } from '../../src/core/review.ts';
import type { World } from './world.ts';
import { memberKey } from './world.ts';

export interface Held extends HeldRow {
  readonly account: AccountId;
  readonly brake: string;
}

export interface Outcome {
  readonly committed: readonly Change[];
  readonly held: readonly Held[];
  readonly moot: readonly Held[];
  readonly verdicts: readonly BrakeVerdict[];
}

/** Striking a row frees its account to be planned again, which may strike another of its rows; it soon ends. */
const ROUNDS = 10;

/** Who answers for a change: a connection, an organization's own rules (null), or a person, whom no brake stops. */
export type Speaker = ConnectionId | null | 'people';

export class Holds {
  readonly world: World;
  readonly open = new Map<string, Held>();
  readonly #windows = new Map<string, Window & { readonly spent: ReadonlySet<AccountId> }>();
  /** What counted of each connection's word when the account was last settled. */
  readonly #heard = new Map<string, Say>();
  #next = 0;

  constructor(world: World) {
    this.world = world;
  }

  /** Somebody spoke of these accounts: everything that a brake does not stop is committed. */
  settle(accounts: readonly AccountId[], organizations: readonly OrganizationId[], speaker: Speaker): Outcome {
    const outcome = {
      committed: [] as Change[],
      held: [] as Held[],
      moot: [] as Held[],
      verdicts: [] as BrakeVerdict[],
    };
    for (const organization of organizations) {
      const concerned = new Set(accounts);
      let moot = this.#strike(concerned, organization);
      let rounds = 0;
      do {
        rounds += 1;
        if (rounds > ROUNDS) throw new Error('rows are held and struck out without end');
        outcome.moot.push(...moot);
        // A struck row's removal is still its own connection's word, not that of whoever spoke now.
        for (const answering of new Set([...moot.map(({ connection }) => connection), speaker])) {
          const struck = moot.filter(({ connection }) => connection === answering).map(({ account }) => account);
          const { held, verdict } = this.#brake(
            answering === speaker ? [...concerned] : struck,
            organization,
            answering,
          );
          outcome.held.push(...held);
          if (verdict !== null) outcome.verdicts.push(verdict);
        }
        outcome.committed.push(...this.world.plan(concerned, [organization]));
        // Who took a vacant seat was not spoken of, but a row that was held of them is moot all the same.
        for (const { account } of this.open.values()) concerned.add(account);
        moot = this.#strike(concerned, organization);
      } while (moot.length > 0);
      for (const account of concerned) this.#hear(account, organization);
    }
    return outcome;
  }

  /** Ends the hold of one row; rejected, the membership stays as it was. */
  decide(row: Held, approve: boolean): Outcome {
    const { organization, account, connection } = row;
    const mask = this.world.masks.get(row.id);
    this.#drop(row);
    if (!approve && mask !== undefined) {
      const kept = this.world.core.keepMask(mask, this.world.now);
      this.world.masks.set(`keep ${memberKey(row)} ${connection ?? ''}`, kept);
    }
    // What was decided is not braked again.
    return this.settle([account], [organization], 'people');
  }

  /** A keep lasts until the connection's facts about the person change. */
  endKeeps(connection: ConnectionId, accounts: readonly AccountId[]): number {
    let ended = 0;
    for (const [key, mask] of this.world.masks) {
      if (mask.kind !== 'keep' || mask.connection !== connection || !accounts.includes(mask.account)) continue;
      this.world.masks.delete(key);
      ended += 1;
    }
    return ended;
  }

  #hear(account: AccountId, id: OrganizationId): void {
    const organization = this.world.organizations.get(id);
    if (organization === undefined) return;
    const prefix = `${memberKey({ account, organization: id })} `;
    for (const connection of this.world.connections.keys()) this.#heard.delete(`${prefix}${connection}`);
    for (const say of this.world.core.heardBy(this.world.landscape(), organization, this.world.dossier(account)))
      this.#heard.set(`${prefix}${say.connection}`, say);
  }

  #strike(accounts: Iterable<AccountId>, organization: OrganizationId): Held[] {
    return [...accounts].flatMap((account) => this.#strikeOf(account, organization));
  }

  #strikeOf(account: AccountId, organization: OrganizationId): Held[] {
    const rows = [...this.open.values()].filter((row) => row.account === account && row.organization === organization);
    if (rows.length === 0) return [];
    const { world } = this;
    const options = { now: world.now, organizations: [organization], seatFree: () => true };
    const review = world.core.reviewHeld(world.landscape(), world.dossier(account), rows, options);
    for (const { row, change } of review.restated) {
      const held = this.open.get(row.id);
      if (held !== undefined) this.open.set(row.id, { ...held, before: change.before, after: change.after });
    }
    const moot = rows.filter((row) => review.moot.includes(row));
    for (const row of moot) this.#drop(row);
    return moot;
  }

  #brake(accounts: readonly AccountId[], organization: OrganizationId, connection: Speaker) {
    const { world } = this;
    const nothing = { held: [] as Held[], verdict: null };
    const settings = world.setting.brake;
    if (settings === null || connection === 'people') return nothing;
    const rows = accounts.flatMap((account) => world.preview(account, organization)).filter(isMembershipRow);
    if (rows.length === 0) return nothing;
    const active = world.active(organization);
    const key = `${organization} ${connection ?? ''}`;
    const verdict = world.core.applyBrake({
      settings,
      now: world.now,
      changes: rows.map((row) => world.core.braked(row, this.#vanished(connection))),
      window: this.#windows.get(key) ?? null,
      granted: active.filter(({ because }) => because.some((grant) => grant.connection === connection)).length,
      active: active.length,
      leavingOtherwise: 0,
      suspect: false,
    });
    if (verdict.charged.length > 0) this.#charge(key, verdict);
    return { held: rows.flatMap((row) => this.#hold(row, connection, verdict)), verdict };
  }

  #charge(key: string, { window, charged }: BrakeVerdict): void {
    const running = this.#windows.get(key);
    const before = running?.startedAt === window.startedAt ? running.spent : [];
    this.#windows.set(key, { ...window, spent: new Set([...before, ...charged]) });
  }

  #hold(row: Change, connection: ConnectionId | null, verdict: BrakeVerdict): Held[] {
    const brake = verdict.held.get(row.account);
    if (brake === undefined) return [];
    this.#next += 1;
    const id = `row ${this.#next}`;
    const { organization, account, before, after, kind } = row;
    const key = { organization, account, connection, row: id };
    const said = this.#heard.get(`${memberKey(row)} ${connection ?? ''}`) ?? null;
    const wasActive = row.membership?.before?.status === 'active';
    this.world.masks.set(id, this.world.core.holdMask(key, said, wasActive, this.world.now));
    const held = { id, organization, account, connection, before, after, kind, brake };
    this.open.set(id, held);
    return [held];
  }

  #drop(row: Held): void {
    this.open.delete(row.id);
    this.world.masks.delete(row.id);
  }

  /** Open name mappings of the connection that brought people and whose name no present group carries now. */
  #vanished(connection: ConnectionId | null): ReadonlySet<string> {
    if (connection === null) return new Set();
    const names = new Set(
      [...this.world.factsOf(connection).groups.values()].flatMap((one) => (one.present ? [one.nameKey] : [])),
    );
    const brought = new Set(
      [...this.world.memberships.values()].flatMap(({ because }) => because.map(({ mappingId }) => mappingId)),
    );
    return new Set(
      [...this.world.mappings.values()]
        .filter((one) => one.open && one.connection === connection && one.groupBy === 'name')
        .filter((one) => brought.has(one.id) && !names.has(one.groupKey))
        .map(({ id }) => id),
    );
  }
}

function isMembershipRow({ target, kind }: Change): boolean {
  return target === 'organization' && kind !== 'reason';
}
