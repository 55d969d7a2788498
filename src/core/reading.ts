// A Reading: what one connection says at once, and what it is sure of. Every adapter ends in one; nothing else
// enters. "Unknown" is a value of its own, so that a missing attribute can never read as "none" (law 4).
import type { MemberRef, PersonAttributes } from './fact.ts';
import type { ConnectionId, Instant } from './ids.ts';

export type Unknown = 'unknown';

/** What a reading says of one person. */
export interface PersonSaid {
  readonly externalId: string;
  readonly active: boolean;
  readonly attributes: PersonAttributes;
  /** Stable ids of the groups that the person is directly in, where the person's own record says so (a SAML assertion). */
  readonly groups: readonly string[] | Unknown;
}

/** What a reading says of one group. */
export interface GroupSaid {
  readonly externalId: string;
  readonly name: string;
  readonly nameKey: string;
  /** All direct members; `unknown` where the source did not say (a SCIM PUT without `members`). */
  readonly members: readonly MemberRef[] | Unknown;
}

/** One push or one sign-in: everything it says is certain, everything it does not name stays as it was. */
export interface PushReading {
  readonly kind: 'push';
  readonly connection: ConnectionId;
  readonly at: Instant;
  readonly people: readonly PersonSaid[];
  readonly groups: readonly GroupSaid[];
  /** Members that come or go one by one (a SCIM PATCH), without the whole list being known. */
  readonly joins: readonly { readonly group: string; readonly member: MemberRef }[];
  readonly leaves: readonly { readonly group: string; readonly member: MemberRef }[];
  /** Stable ids that the source has let go (a SCIM DELETE). */
  readonly peopleGone: readonly string[];
  readonly groupsGone: readonly string[];
}

/** A whole directory, read in a stream so that a million people need no more memory than a thousand. */
export interface DirectoryReading {
  readonly kind: 'directory';
  readonly connection: ConnectionId;
  readonly at: Instant;
  /** People, groups and links in any order; a link may come before the entries it names. */
  readonly items: AsyncIterable<DirectoryItem>;
  /** Whether groups inside groups count; if not, links from group to group are dropped. */
  readonly nested: boolean;
  /** What the finished read proves; to be asked once `items` has ended. */
  readonly outcome: () => DirectoryOutcome;
  /** Which of these stable ids are still there, asked one by one; null where the source cannot be asked again. */
  readonly lookUp: ((kind: MemberRef['kind'], externalIds: readonly string[]) => Promise<ReadonlySet<string>>) | null;
}

export type DirectoryItem =
  | {
      readonly kind: 'person';
      readonly externalId: string;
      readonly active: boolean;
      readonly attributes: PersonAttributes;
      /** Keys by which links may name this entry, each prefixed with its sort: `dn:…`, `uid:…`. */
      readonly aliases: readonly string[];
      /** The container it stands in, in compared form (the parent DN); null where the source has none. */
      readonly container: string | null;
    }
  | {
      readonly kind: 'group';
      readonly externalId: string;
      readonly name: string;
      readonly nameKey: string;
      readonly aliases: readonly string[];
    }
  | { readonly kind: 'links'; readonly links: readonly { readonly group: string; readonly member: string }[] }
  | { readonly kind: 'skipped'; readonly skipped: Skipped };

/** Something in the source that could not be used; reported and counted, and the run goes on. */
export interface Skipped {
  /** Where: a DN, a record number. */
  readonly at: string;
  readonly reason: string;
}

export interface DirectoryOutcome {
  /** Every page arrived, with result code 0 and no limit hit (law 5). */
  readonly complete: boolean;
  /** Why it is not complete, and what to do; null when it is. */
  readonly reason: string | null;
  /** Base, filter and bind identity of people and groups: a read that asked another question proves no absence. */
  readonly fingerprint: string;
  readonly warnings: readonly string[];
}
