// Acme with one SCIM connection, and a clock that a test moves by hand.
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { PushReading } from '../../src/core/reading.ts';
import type { Channel } from '../../src/delivery/channel.ts';
import type { Deliverer } from '../../src/delivery/deliverer.ts';
import { createDeliverer } from '../../src/delivery/deliverer.ts';
import type { Sync } from '../../src/sync/context.ts';
import { push } from '../../src/sync/push.ts';
import { openTestStore } from '../support/store.ts';

export const acme = 'acme' as OrganizationId;
export const scim = 'acme-scim' as ConnectionId;
export const corp = 'corp' as ConnectionId;

export interface Company {
  readonly sync: Sync;
  readonly log: string[];
  readonly deliverer: (channels: readonly Channel[], options?: { readonly random?: () => number }) => Deliverer;
  /** The connection reports these people, by name. */
  readonly says: (names: readonly string[], active?: boolean) => Promise<void>;
  readonly wait: (ms: number) => void;
  readonly close: () => Promise<void>;
}

export const SECOND = 1000;
export const DAY = 86_400 * SECOND;

export async function foundCompany(): Promise<Company> {
  const organization = {
    id: acme,
    title: 'Acme Inc',
    owner: 'olga@acme.example',
    roleAuthority: 'shared' as const,
    defaultRole: 'annotator' as const,
    seats: null,
    domains: ['acme.example'],
    successor: null,
    projects: [],
  };
  const common = { state: null, lifecycle: true };
  const store = await openTestStore({
    organizations: [organization],
    connections: [
      { ...common, id: scim, kind: 'scim', organization: acme, trustEmail: 'verified' },
      { ...common, id: corp, kind: 'ldap', organization: null, trustEmail: 'any' },
    ],
    mappings: [],
  });
  // The founding is told too; these tests ask what comes after it.
  await store.sync.db('events').delete();
  let ahead = 0;
  const sync: Sync = {
    ...store.sync,
    now: () => new Date(Date.parse(store.sync.now()) + ahead).toISOString(),
  };
  const log: string[] = [];
  return {
    sync,
    log,
    deliverer: (channels, { random = () => 0.5 } = {}) =>
      createDeliverer({ db: sync.db, channels, now: sync.now, log: (words) => log.push(words), random }),
    says: async (names, active = true) => {
      await push(sync, reading(sync, names, active));
    },
    wait: (ms) => {
      ahead += ms;
    },
    close: store.close,
  };
}

function reading(sync: Sync, names: readonly string[], active: boolean): PushReading {
  return {
    kind: 'push',
    connection: scim,
    at: sync.now(),
    people: names.map((name) => ({
      externalId: name,
      active,
      attributes: { email: `${name}@acme.example`, userName: name, firstName: null, lastName: null, locator: null },
      groups: 'unknown',
    })),
    groups: [],
    joins: [],
    leaves: [],
    peopleGone: [],
    groupsGone: [],
  };
}

/** Makes the member an Administrator by hand. */
export async function promote({ sync, says }: Company, name: string): Promise<void> {
  const account: { id: string } | undefined = await sync
    .db('accounts')
    .where({ email_key: `${name}@acme.example` })
    .first('id');
  await sync
    .db('person_grants')
    .insert({ organization: acme, account: account?.id, role: 'administrator', source: 'manual', since: sync.now() });
  await says([name], false);
  await says([name]);
}
