// What every part of the SCIM door is given.
import type { ConnectionId } from '../core/ids.ts';
import type { DoorLimits } from '../scim/discovery.ts';
import type { Sync } from '../sync/context.ts';

export interface ScimDoor {
  readonly sync: Sync;
  /** Where resources stand for clients, as `https://rollcall.example/scim/v2`; never taken from a request. */
  readonly base: string;
  readonly limits: ScimLimits;
}

export interface ScimLimits extends DoorLimits {
  /** Per connection; 0 for none. */
  readonly requestsPerSecond: number;
  /** Members in one answer. */
  readonly members: number;
}

export const SCIM_LIMITS: ScimLimits = {
  requestsPerSecond: 500,
  bodyBytes: 10 * 1024 * 1024,
  bulkOperations: 1_000,
  defaultCount: 100,
  maxCount: 1_000,
  members: 100_000,
};

/** Who asks: the connection that the token names. */
export interface Caller {
  readonly connection: ConnectionId;
  readonly token: string;
}
