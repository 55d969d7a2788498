// What a generated world starts with, and the steps that can happen in it.
import type { BrakeSettings } from '../../src/core/brake.ts';
import type { Connection, ConnectionState, Mapping } from '../../src/core/connection.ts';
import type { AccountId, ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { Block, PersonGrant } from '../../src/core/membership.ts';
import type { Organization } from '../../src/core/organization.ts';
import type { PushReading } from '../../src/core/reading.ts';
import type { DirectorySaid } from './directory-read.ts';

export type PushSaid = Omit<PushReading, 'at'>;
export type Said = PushSaid | DirectorySaid;

export interface Setting {
  readonly organizations: readonly Organization[];
  readonly connections: readonly Connection[];
  readonly mappings: readonly Mapping[];
  readonly accounts: readonly { readonly id: AccountId; readonly email: string }[];
  /** Joined beforehand. */
  readonly links: readonly {
    readonly connection: ConnectionId;
    readonly person: string;
    readonly account: AccountId;
  }[];
  /** Whether people who are not joined beforehand may be joined by their address later. */
  readonly joinByAddress: boolean;
  readonly verifiedDomains: readonly string[];
  readonly personGrants: readonly PersonGrant[];
  readonly blocks: readonly Block[];
  /** Whether the Owner also has the Administrator's grant that founding leaves. */
  readonly ownerGranted: boolean;
  readonly brake: BrakeSettings | null;
}

export type Step =
  | { readonly kind: 'reading'; readonly said: Said }
  | {
      readonly kind: 'grant';
      readonly organization: OrganizationId;
      readonly account: AccountId;
      readonly role: PersonGrant['role'];
      readonly source: PersonGrant['source'];
    }
  | { readonly kind: 'block' | 'unblock'; readonly organization: OrganizationId; readonly account: AccountId }
  | { readonly kind: 'mapping'; readonly mapping: Mapping }
  | { readonly kind: 'unmap'; readonly nth: number }
  | { readonly kind: 'state'; readonly connection: ConnectionId; readonly state: ConnectionState }
  | { readonly kind: 'seats'; readonly organization: OrganizationId; readonly seats: number | null }
  | {
      readonly kind: 'authority';
      readonly organization: OrganizationId;
      readonly authority: Organization['roleAuthority'];
    }
  | { readonly kind: 'decide'; readonly nth: number; readonly approve: boolean }
  | { readonly kind: 'assign'; readonly organization: OrganizationId; readonly account: AccountId };
