// One step in the life of a world, whoever takes it: the same walk as every door's.
import type { AccountId, ConnectionId, MappingId, OrganizationId } from '../../src/core/ids.ts';
import type { FactChanges } from '../../src/core/learn.ts';
import type { Core } from './core.ts';
import type { Outcome } from './holds.ts';
import { Holds } from './holds.ts';
import type { Said, Setting, Step } from './setting.ts';
import { World, instant, memberKey } from './world.ts';

export interface Taken extends Outcome {
  readonly step: Step;
  readonly facts: FactChanges | null;
  readonly keepsEnded: number;
}

const STILL = { committed: [], held: [], moot: [], verdicts: [], facts: null, keepsEnded: 0 };

export class Life {
  readonly world: World;
  readonly holds: Holds;

  constructor(core: Core, setting: Setting) {
    this.world = new World(core, setting);
    this.holds = new Holds(this.world);
  }

  take(step: Step): Taken {
    this.world.tick();
    return { ...STILL, ...this.#take(step), step };
  }

  /** What a paused or closed connection says is not read. */
  hears(said: Said): boolean {
    const state = this.world.connections.get(said.connection)?.state;
    return state === 'active' || state === 'observe';
  }

  #take(step: Step): Partial<Taken> {
    const { world } = this;
    switch (step.kind) {
      case 'reading':
        return this.#read(step.said);
      case 'grant': {
        const { organization, account, role, source } = step;
        if (world.organizations.get(organization)?.roleAuthority === 'directory') return {};
        world.personGrants.set(memberKey(step), { organization, account, role, source, since: world.now });
        return this.holds.settle([account], [organization], 'people');
      }
      case 'block':
        world.blocks.set(memberKey(step), {
          organization: step.organization,
          account: step.account,
          connection: null,
          reason: 'deactivated by hand',
          since: world.now,
        });
        return this.holds.settle([step.account], [step.organization], 'people');
      case 'unblock':
        world.blocks.delete(memberKey(step));
        return this.holds.settle([step.account], [step.organization], 'people');
      case 'mapping':
        world.setMapping({ ...step.mapping, id: `m ${world.now}` as MappingId });
        return this.#edited(step.mapping.connection, [step.mapping.organization]);
      case 'unmap':
        return this.#unmap(step.nth);
      case 'state':
        return this.#setState(step.connection, step.state);
      case 'seats':
        return this.#edit(step.organization, { seats: step.seats });
      case 'authority':
        return this.#edit(step.organization, { roleAuthority: step.authority });
      case 'decide': {
        const open = [...this.holds.open.values()];
        const row = open[step.nth % Math.max(1, open.length)];
        return row === undefined ? {} : this.holds.decide(row, step.approve);
      }
      case 'assign':
        return this.#assign(step.organization, step.account);
    }
  }

  #read(said: Said): Partial<Taken> {
    if (!this.hears(said)) return {};
    const { changes, people } = this.world.learn(said);
    const accounts = this.world.accountsOf(said.connection, people);
    // A mask may outlive the mapping by which an operator's connection served the organization.
    const masked = [...this.world.masks.values()].filter(({ connection }) => connection === said.connection);
    const organizations = new Set([
      ...this.world.servedBy(said.connection),
      ...masked.map(({ organization }) => organization),
    ]);
    const keepsEnded = this.holds.endKeeps(said.connection, accounts);
    const outcome = this.holds.settle(accounts, [...organizations], said.connection);
    return { ...outcome, facts: changes, keepsEnded };
  }

  #edited(connection: ConnectionId, organizations: readonly OrganizationId[]): Outcome {
    const people = [...this.world.factsOf(connection).people.keys()];
    this.world.join(connection);
    return this.holds.settle(this.world.accountsOf(connection, people), organizations, connection);
  }

  #unmap(nth: number): Partial<Taken> {
    const open = [...this.world.mappings.values()].filter((mapping) => mapping.open);
    const mapping = open[nth % Math.max(1, open.length)];
    if (mapping === undefined) return {};
    const served = this.world.servedBy(mapping.connection);
    const suspended = this.#suspendedBy(mapping.connection, served);
    this.world.setMapping({ ...mapping, open: false });
    const left = new Set(this.world.servedBy(mapping.connection));
    for (const leave of suspended) if (!left.has(leave.organization)) leave.turnIntoBlock();
    return this.#edited(mapping.connection, served);
  }

  #setState(id: ConnectionId, state: 'observe' | 'active' | 'paused' | 'closed'): Partial<Taken> {
    const connection = this.world.connections.get(id);
    // A closed connection stays closed; an active one is not sent back to observation by these histories.
    if (connection === undefined || connection.state === 'closed') return {};
    if (state === 'observe' && connection.state !== 'observe') return {};
    const served = this.world.servedBy(id);
    if (state === 'closed') for (const leave of this.#suspendedBy(id, served)) leave.turnIntoBlock();
    this.world.setConnection({ ...connection, state });
    return this.#edited(id, served);
  }

  /** Memberships that the connection suspends, each ready to become a block that names the cause. */
  #suspendedBy(connection: ConnectionId, organizations: readonly OrganizationId[]) {
    const { world } = this;
    return [...world.memberships.values()]
      .filter(({ organization, suspendedBy }) => organizations.includes(organization) && suspendedBy !== null)
      .flatMap(({ organization: id, account }) => {
        const organization = world.organizations.get(id);
        if (organization === undefined) return [];
        const says = world.core.saysOf(world.landscape(), organization, world.dossier(account));
        const report = says.find((say) => say.connection === connection)?.report.kind;
        if (report !== 'inactive' && report !== 'gone') return [];
        const block = { organization: id, account, connection, reason: report, since: world.now };
        const turnIntoBlock = (): void => {
          if (!world.blocks.has(memberKey(block))) world.blocks.set(memberKey(block), block);
        };
        return [{ organization: id, turnIntoBlock }];
      });
  }

  #edit(id: OrganizationId, fields: { seats?: number | null; roleAuthority?: 'shared' | 'directory' }): Outcome {
    const organization = this.world.organizations.get(id);
    if (organization !== undefined) this.world.setOrganization({ ...organization, ...fields });
    return this.holds.settle([...this.world.accounts.keys()], [id], null);
  }

  /** Support fills a vacancy; the former Owner keeps the Administrator's grant, dated before any departure. */
  #assign(id: OrganizationId, account: AccountId): Partial<Taken> {
    const { world } = this;
    const organization = world.organizations.get(id);
    if (organization === undefined || organization.vacancy === null) return {};
    const { formerOwner } = organization.vacancy;
    if (world.standing(id, account)?.status !== 'active') return {};
    const grant = { organization: id, account: formerOwner, role: 'administrator', source: 'manual' } as const;
    if (!world.personGrants.has(memberKey(grant))) {
      world.personGrants.set(memberKey(grant), { ...grant, since: instant(0) });
    }
    world.setOrganization({ ...organization, owner: account, vacancy: null });
    return this.holds.settle([formerOwner, account], [id], 'people');
  }
}
