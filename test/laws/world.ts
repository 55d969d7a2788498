// A small world made of the core's functions only: it learns a reading, plans everybody whom it touches, lets the
// brake judge the whole, and commits. The core is a parameter, so that a broken copy can be put in its place.
import type { Connection, Mapping } from '../../src/core/connection.ts';
import type { LinkedPerson } from '../../src/core/grant.ts';
import type { ConnectionView } from '../../src/core/group-graph.ts';
import type { AccountId, ConnectionId, Instant, MappingId, OrganizationId } from '../../src/core/ids.ts';
import type { FactChanges } from '../../src/core/learn.ts';
import type { Mask } from '../../src/core/mask.ts';
import type { Block, Membership, PersonGrant } from '../../src/core/membership.ts';
import type { Organization } from '../../src/core/organization.ts';
import type { Placement } from '../../src/core/placement.ts';
import { placeKey } from '../../src/core/placement.ts';
import type { Change, Dossier, Landscape } from '../../src/core/plan.ts';
import type { PushReading } from '../../src/core/reading.ts';
import type { Core } from './core.ts';
import { reduceRead } from './directory-read.ts';
import { Facts } from './facts.ts';
import { joinPeople } from './join.ts';
import type { Said, Setting } from './setting.ts';

export const START = Date.UTC(2026, 0, 1);

export function instant(seconds: number): Instant {
  return new Date(START + seconds * 1000).toISOString();
}

export class World {
  readonly core: Core;
  readonly setting: Setting;
  readonly organizations = new Map<OrganizationId, Organization>();
  readonly connections = new Map<ConnectionId, Connection>();
  readonly mappings = new Map<MappingId, Mapping>();
  readonly facts = new Map<ConnectionId, Facts>();
  readonly accounts = new Map<AccountId, string>();
  /** `connection person` → account; a link once made stays. */
  readonly links = new Map<string, AccountId>();
  readonly personGrants = new Map<string, PersonGrant>();
  readonly blocks = new Map<string, Block>();
  readonly masks = new Map<string, Mask>();
  readonly memberships = new Map<string, Membership>();
  readonly placements = new Map<string, Placement>();
  /** What was decided of people without an account: a join, a wait, or the reason of a conflict. */
  readonly decisions: string[] = [];
  #seconds = 0;
  #views: ConnectionView[] | null = null;

  constructor(core: Core, setting: Setting) {
    this.core = core;
    this.setting = setting;
    for (const one of setting.organizations) this.organizations.set(one.id, one);
    for (const one of setting.connections) this.connections.set(one.id, one);
    for (const one of setting.mappings) this.mappings.set(one.id, one);
    for (const one of setting.accounts) this.accounts.set(one.id, one.email);
    for (const one of setting.connections) this.facts.set(one.id, new Facts());
    for (const one of setting.links) this.links.set(`${one.connection} ${one.person}`, one.account);
    for (const one of setting.personGrants) this.personGrants.set(memberKey(one), one);
    for (const one of setting.blocks) this.blocks.set(memberKey(one), one);
    for (const { id, owner } of setting.organizations) if (owner !== null) this.#found(id, owner);
    this.plan(this.accounts.keys(), this.organizations.keys());
  }

  /** The moment of the step under way. */
  get now(): Instant {
    return instant(this.#seconds);
  }

  tick(): Instant {
    this.#seconds += 1;
    return this.now;
  }

  /** Learns what a connection says; gives the external people whom it touches, and the reading as it was learned. */
  learn(said: Said): { readonly reading: PushReading; readonly changes: FactChanges; readonly people: Set<string> } {
    const facts = this.factsOf(said.connection);
    const reading = said.kind === 'directory' ? reduceRead(facts, said, this.now) : { ...said, at: this.now };
    const changes = this.core.learn(facts.known(), reading);
    for (const written of changes.people) this.factsOf(written.connection).write({ ...NOTHING, people: [written] });
    facts.write({ ...changes, people: [] });
    this.#views = null;
    const people = facts.touchedBy(changes);
    for (const id of this.join(reading.connection)) people.add(id);
    return { reading, changes, people };
  }

  /** Joins the connection's people who have no account yet; gives the ids of those who were joined. */
  join(connection: ConnectionId): string[] {
    return this.setting.joinByAddress ? joinPeople(this, connection) : [];
  }

  factsOf(connection: ConnectionId): Facts {
    const facts = this.facts.get(connection);
    if (facts === undefined) throw new Error(`no connection ${connection}`);
    return facts;
  }

  accountsOf(connection: ConnectionId, people: Iterable<string>): AccountId[] {
    const found = [...people].flatMap((person) => this.links.get(`${connection} ${person}`) ?? []);
    return [...new Set(found)].sort();
  }

  setMapping(mapping: Mapping): void {
    this.mappings.set(mapping.id, mapping);
    this.#views = null;
  }

  setConnection(connection: Connection): void {
    this.connections.set(connection.id, connection);
    this.#views = null;
  }

  setOrganization(organization: Organization): void {
    this.organizations.set(organization.id, organization);
  }

  /** Organizations in which the connection has a word. */
  servedBy(connection: ConnectionId): OrganizationId[] {
    const view = this.views().find((one) => one.connection.id === connection);
    if (view === undefined) return [];
    return [...this.organizations.values()].filter((one) => this.core.serves(view, one)).map(({ id }) => id);
  }

  views(): ConnectionView[] {
    this.#views ??= [...this.connections.values()].map((connection) => {
      const facts = this.factsOf(connection.id);
      return this.core.viewConnection(connection, [...this.mappings.values()], facts.groups, facts.parents());
    });
    return this.#views;
  }

  landscape(): Landscape {
    return { organizations: this.organizations, connections: this.views() };
  }

  dossier(account: AccountId): Dossier {
    const of = <T extends { readonly account: AccountId }>(all: ReadonlyMap<string, T>): T[] =>
      [...all.values()].filter((one) => one.account === account);
    return {
      account,
      email: this.accounts.get(account) ?? '',
      people: this.#peopleOf(account),
      personGrants: of(this.personGrants),
      blocks: of(this.blocks),
      masks: of(this.masks),
      memberships: of(this.memberships),
      placements: of(this.placements),
    };
  }

  /** What planning one account in one organization would change; nothing is written. */
  preview(account: AccountId, organization: OrganizationId, dossier = this.dossier(account)): Change[] {
    return this.core.planAccount(this.landscape(), dossier, {
      now: this.now,
      organizations: [organization],
      seatFree: (id) => this.seatFree(id),
    });
  }

  /** Law 13: what planning everybody anew would change. */
  anew(): Change[] {
    return [...this.accounts.keys()].flatMap((account) =>
      [...this.organizations.keys()].flatMap((organization) => this.preview(account, organization)),
    );
  }

  /** Plans the accounts and commits, giving freed seats to those who wait. */
  plan(accounts: Iterable<AccountId>, organizations: Iterable<OrganizationId>): Change[] {
    const order = [...accounts];
    const done: Change[] = [];
    for (const organization of organizations) {
      for (const account of order) done.push(...this.#commit(this.preview(account, organization)));
      done.push(...this.#admit(organization));
    }
    return done;
  }

  active(organization: OrganizationId): Membership[] {
    return [...this.memberships.values()].filter((one) => one.organization === organization && one.status === 'active');
  }

  seatFree(id: OrganizationId): boolean {
    const seats = this.organizations.get(id)?.seats ?? null;
    return seats === null || this.active(id).length < seats;
  }

  /** The membership with the role that everybody sees. */
  standing(organization: OrganizationId, account: AccountId): { role: string; status: string } | null {
    const membership = this.memberships.get(memberKey({ organization, account }));
    if (membership === undefined) return null;
    return this.core.shown(membership, this.organizations.get(organization)?.owner === account);
  }

  #commit(changes: readonly Change[]): Change[] {
    for (const change of changes) {
      const key = memberKey(change);
      if (change.membership !== null) this.memberships.set(key, change.membership.after);
      else if (change.target !== 'organization') {
        const place = `${key} ${placeKey(change.target)}`;
        if (change.placement === null) this.placements.delete(place);
        else this.placements.set(place, change.placement);
      }
      if (change.seat !== null) this.#moveSeat(change);
    }
    return [...changes];
  }

  #moveSeat({ organization: id, account, seat }: Change): void {
    const organization = this.organizations.get(id);
    if (organization === undefined) return;
    const { successor } = organization;
    if (seat === 'returns') this.setOrganization({ ...organization, owner: account, vacancy: null });
    else if (successor !== null && this.standing(id, successor)?.status === 'active') {
      this.setOrganization({ ...organization, owner: successor, successor: null });
      this.plan([successor], [id]);
    } else {
      const vacancy = { id: `vacancy ${this.now}`, formerOwner: account, openedAt: this.now };
      this.setOrganization({ ...organization, owner: null, vacancy });
    }
  }

  /** The longest waiting first, while a seat is free. */
  #admit(organization: OrganizationId): Change[] {
    const waiting = [...this.memberships.values()]
      .flatMap(({ organization: where, account, waitingSince }) =>
        where === organization && waitingSince !== null ? [{ account, waitingSince }] : [],
      )
      .sort((a, b) => (a.waitingSince < b.waitingSince ? -1 : a.waitingSince > b.waitingSince ? 1 : 0));
    return waiting.flatMap(({ account }) =>
      this.seatFree(organization) ? this.#commit(this.preview(account, organization)) : [],
    );
  }

  #peopleOf(account: AccountId): LinkedPerson[] {
    return [...this.facts].flatMap(([connection, facts]) =>
      [...facts.people.values()]
        .filter(({ externalId }) => this.links.get(`${connection} ${externalId}`) === account)
        .map((person) => ({
          person,
          groups: facts.linksOf('person', person.externalId).map(({ group, since }) => ({ group, since })),
        })),
    );
  }

  #found(organization: OrganizationId, account: AccountId): void {
    const fields = { organization, account, source: 'manual' as const };
    if (this.setting.ownerGranted) {
      this.personGrants.set(memberKey(fields), { ...fields, role: 'administrator', since: instant(0) });
    }
    const bare = { because: [], suspendedBy: null, waitingSince: null };
    this.memberships.set(memberKey(fields), { ...fields, ...bare, role: 'not_activated', status: 'active' });
  }
}

const NOTHING: FactChanges = { people: [], groups: [], linked: [], unlinked: [] };

export function memberKey({ organization, account }: { organization: string; account: string }): string {
  return `${organization} ${account}`;
}
