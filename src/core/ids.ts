// Branded ids, so that an account can never be passed where an organization is meant. Opaque text; they sort by time.

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type OrganizationId = Branded<'organization'>;
export type AccountId = Branded<'account'>;
export type ConnectionId = Branded<'connection'>;
export type MappingId = Branded<'mapping'>;
export type PlanId = Branded<'plan'>;
export type RunId = Branded<'run'>;
export type HoldId = Branded<'hold'>;

/** UTC ISO 8601 with milliseconds and `Z`, so that comparing text compares time. */
export type Instant = string;
