// The brake (law 6): how much one connection may take from one organization before a person is asked. Judged on the
// whole of a run, an edit or a request; everything that is not held goes on.
import type { AccountId, Instant } from './ids.ts';
import type { Change } from './plan.ts';

export interface BrakeSettings {
  /** Share of the active members whom the connection grants; removals up to it pass. */
  readonly share: number;
  /** The number from which removals are held; fewer always pass. */
  readonly people: number;
  readonly windowMs: number;
}

/** More new Administrators than this at once are held: a group mapped by mistake is the usual cause. */
export const NEW_ADMINISTRATORS_AT_ONCE = 10;

/** An organization this large must not be emptied in one go. */
export const NEVER_EMPTIED_FROM = 3;

export type Brake = 'budget' | 'administrators' | 'emptied' | 'suspect' | 'vanished_group';

/** What was spent since the window's first removal. */
export interface Window {
  readonly startedAt: Instant;
  /** Active members whom the connection granted, counted just before that removal. */
  readonly base: number;
  /** People removed in the window who have not become active again: how many, and whether one of the changes is. */
  readonly spent: Pick<ReadonlySet<AccountId>, 'size' | 'has'>;
}

export interface BrakeInput {
  readonly settings: BrakeSettings;
  readonly now: Instant;
  /** The membership rows of one organization that one connection answers for, without those already in an open hold. */
  readonly changes: readonly BrakedChange[];
  readonly window: Window | null;
  /** Active members whom the connection grants now. */
  readonly granted: number;
  /** All active members now; of many it is enough to know that they are more than these changes can take. */
  readonly active: number;
  /** Removals less arrivals of other connections in the same edit, which together may empty the organization. */
  readonly leavingOtherwise: number;
  /** The read cannot be trusted to prove absence: all its removals are held. */
  readonly suspect: boolean;
}

/** What the brake needs of a plan row; the store keeps the rest. */
export interface BrakedChange {
  readonly account: AccountId;
  readonly removal: boolean;
  readonly newAdministrator: boolean;
  /** Becomes active. */
  readonly arrival: boolean;
  /** It lost a grant of a name mapping whose group is no longer there under that name. */
  readonly vanishedGroup: boolean;
}

export interface BrakeVerdict {
  readonly held: ReadonlyMap<AccountId, Brake>;
  /** Removals that pass and are charged to the window; empty where nothing is. */
  readonly charged: readonly AccountId[];
  readonly window: { readonly startedAt: Instant; readonly base: number };
  readonly budget: number;
}

/** How many removals a window with this many granted members allows. */
export function budgetOf(settings: BrakeSettings, base: number): number {
  // The epsilon keeps 0.29 × 100 at 29: a share is meant in decimals.
  return Math.max(settings.people - 1, Math.floor(settings.share * base + 1e-9));
}

export function applyBrake(input: BrakeInput): BrakeVerdict {
  const { settings, changes } = input;
  const window = current(input);
  const budget = budgetOf(settings, window.base);
  const held = new Map<AccountId, Brake>();

  const administrators = changes.filter((change) => change.newAdministrator);
  if (administrators.length > NEW_ADMINISTRATORS_AT_ONCE) {
    for (const { account } of administrators) held.set(account, 'administrators');
  }
  const removals = changes.filter((change) => change.removal);
  for (const { account, vanishedGroup } of removals) {
    if (input.suspect) held.set(account, 'suspect');
    else if (vanishedGroup) held.set(account, 'vanished_group');
  }
  const free = removals.filter(({ account }) => !held.has(account));
  const more = new Set(free.map(({ account }) => account).filter((account) => !window.spent.has(account)));
  const arrivals = changes.filter((change) => change.arrival && !held.has(change.account)).length;
  const emptied =
    input.active >= NEVER_EMPTIED_FROM && input.active + arrivals - free.length - input.leavingOtherwise <= 0;
  const stop = window.spent.size + more.size > budget ? 'budget' : emptied ? 'emptied' : null;
  if (stop !== null) for (const { account } of free) held.set(account, stop);

  return {
    held,
    charged: stop === null ? free.map(({ account }) => account) : [],
    window: { startedAt: window.startedAt, base: window.base },
    budget,
  };
}

/** The running window, or a new one that starts with this removal. */
function current({ window, now, settings, granted }: BrakeInput): Window {
  const running = isRunning(settings, window, now);
  return running ? window : { startedAt: now, base: granted, spent: new Set() };
}

/** Whether what is removed now is charged to this window. */
export function isRunning(settings: BrakeSettings, window: Window | null, now: Instant): window is Window {
  return window !== null && Date.parse(now) - Date.parse(window.startedAt) < settings.windowMs;
}

/** What the brake looks at in a plan row. */
export function braked(
  change: Pick<Change, 'account' | 'kind' | 'before' | 'after' | 'because'>,
  vanished: ReadonlySet<string>,
): BrakedChange {
  const after = change.after?.role;
  return {
    account: change.account,
    removal: change.kind === 'removed',
    newAdministrator:
      after === 'administrator' &&
      change.after?.status === 'active' &&
      change.before?.role !== 'owner' &&
      !(change.before?.role === 'administrator' && change.before.status === 'active'),
    arrival: change.after?.status === 'active' && change.before?.status !== 'active',
    vanishedGroup: change.because.some((grant) => grant.mappingId !== null && vanished.has(grant.mappingId)),
  };
}
