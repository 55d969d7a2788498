// Who calls, and what their session or token opens. Whatever it does not open is as if it were not there
// (organizations.md section 6).
import type { OrganizationId } from '../core/ids.ts';
import { emailKey } from '../core/fact.ts';
import { level } from '../core/role.ts';
import type { Role } from '../core/role.ts';
import { RollcallError } from '../errors.ts';
import type { Account } from '../store/accounts.ts';
import { loadAccounts } from '../store/accounts.ts';
import { chooseOrganization, loadCredentials } from '../store/credentials.ts';
import type { Database } from '../store/database.ts';
import type { OwnMembership } from '../store/own-memberships.ts';
import { ownMemberships } from '../store/own-memberships.ts';
import type { Opening, Session } from '../store/sessions.ts';
import type { ApiToken } from '../store/tokens.ts';

export type Via =
  | { readonly kind: 'session'; readonly session: Session }
  | { readonly kind: 'token'; readonly token: ApiToken };

export interface Caller {
  readonly account: Account;
  /** A mailed link was followed, or a connection that may speak for the address joined the account. */
  readonly proven: boolean;
  readonly via: Via;
  /** Memberships of open organizations that the session or token opens; deactivated ones too, for the person to see. */
  readonly memberships: readonly OwnMembership[];
  /**
   * Memberships that only a further sign-in opens: the switcher offers it. Told to a whole session alone: where somebody
   * else belongs is no business of the organization whose identity provider signed them in.
   */
  readonly shut: readonly OwnMembership[];
  /** The organization that is worked in; null without an active membership. */
  readonly active: OrganizationId | null;
  /** Runs the installation. A session only: a token belongs to one membership. */
  readonly operator: boolean;
}

/** The caller behind a session or a token; null where the account is gone. */
export async function findCaller(db: Database, via: Via, operators: readonly string[]): Promise<Caller | null> {
  const id = via.kind === 'session' ? via.session.account : via.token.account;
  const account = (await loadAccounts(db, [id])).get(id);
  if (account === undefined) return null;
  const { provenAt, activeOrganization } = await loadCredentials(db, id);
  const all = (await ownMemberships(db, id)).filter(({ open }) => open);
  const memberships = all.filter((one) => opens(via, one));
  const live = memberships.filter(({ status }) => status === 'active');
  const chosen = live.find(({ organization }) => organization === activeOrganization) ?? live[0];
  return {
    account,
    proven: provenAt !== null,
    via,
    memberships,
    shut: isWhole(via) ? all.filter((one) => one.status !== 'deactivated' && !memberships.includes(one)) : [],
    active: chosen?.organization ?? null,
    operator: isWhole(via) && provenAt !== null && isOperator(operators, account.email),
  };
}

/**
 * Whether the session stands for the account itself. One that an organization's own connection opened does not: whoever
 * runs that organization's identity provider could have opened it, and touches nobody's sign-in elsewhere.
 */
export function isWhole(via: Via): boolean {
  return via.kind === 'session' && via.session.openings.some(({ organization }) => organization === null);
}

/** Whether the caller may see and end that session of theirs: all, or those that open no more than their own. */
export function reaches(own: Session, other: Session): boolean {
  if (own.id === other.id || isWhole({ kind: 'session', session: own })) return true;
  const open = new Set(own.openings.map(({ organization }) => organization));
  return other.openings.every(({ organization }) => organization !== null && open.has(organization));
}

/** Whether the address is one of those who run the installation; an address that was not proven is nobody's. */
export function isOperator(operators: readonly string[], email: string): boolean {
  return operators.some((one) => emailKey(one) === emailKey(email));
}

/** What decides whether a session or token opens a membership. */
type Openable = Pick<OwnMembership, 'organization' | 'role' | 'requireSso'>;

/** Whether it opens an organization that the account owns, also one that is closed and so in no list. */
export function opensOwned(via: Via, organization: OrganizationId): boolean {
  return opens(via, { organization, role: 'owner', requireSso: false });
}

function opens(via: Via, membership: Openable): boolean {
  if (via.kind === 'token') return via.token.organization === membership.organization;
  return via.session.openings.some((opening) => openedBy(opening, membership));
}

function openedBy({ connection, organization }: Opening, membership: Openable): boolean {
  if (organization !== null) return organization === membership.organization;
  // The Owner gets in when the identity provider is broken; their sign-in was noted.
  return connection !== null || !membership.requireSso || membership.role === 'owner';
}

/**
 * The caller's membership, with a role or still waiting for one.
 * @throws RollcallError `not_found` for every other organization: whether it exists is not told.
 */
export function memberIn(caller: Caller, organization: string): OwnMembership {
  const found = caller.memberships.find((one) => one.organization === organization && one.status !== 'deactivated');
  if (found === undefined) throw new RollcallError('not_found', 'there is no such organization');
  return found;
}

/**
 * The caller's active membership.
 * @throws RollcallError `not_found` as `memberIn`; `forbidden` for whoever has no role there yet: they know of it.
 */
export function activeIn(caller: Caller, organization: string): OwnMembership {
  const found = memberIn(caller, organization);
  if (found.status === 'active') return found;
  throw new RollcallError('forbidden', noRoleYet(found));
}

/**
 * The membership the caller works in.
 * @throws RollcallError `not_found` without one; `forbidden` where the role is weaker than `least`, or none is given yet.
 */
export function workingIn(caller: Caller, least: Role): OwnMembership {
  if (caller.active !== null) return atLeast(activeIn(caller, caller.active), least);
  const waiting = caller.memberships.find(({ status }) => status === 'pending');
  if (waiting !== undefined) throw new RollcallError('forbidden', noRoleYet(waiting));
  throw new RollcallError('not_found', 'there is no organization that you are active in');
}

function noRoleYet({ title }: OwnMembership): string {
  return `you have no role in ${title} yet: an Administrator there has to give you one, or a seat has to become free`;
}

/** @throws RollcallError `forbidden` where the role is weaker than `least`. */
export function atLeast(membership: OwnMembership, least: Role): OwnMembership {
  if (level(membership.role) >= level(least)) return membership;
  const who = least === 'owner' ? 'only the Owner of the organization' : 'only its Owner and its Administrators';
  throw new RollcallError('forbidden', `${who} may do that`);
}

/**
 * Remembers the organization that the person works in.
 * @throws RollcallError `not_found` for one that the session does not open.
 */
export async function switchTo(db: Database, caller: Caller, organization: string): Promise<void> {
  const membership = activeIn(caller, organization);
  // Where there is one, there is nothing to choose: whose provider opened just this does not move the person's other browsers.
  if (caller.memberships.filter(({ status }) => status === 'active').length < 2) return;
  await chooseOrganization(db, caller.account.id, membership.organization);
}
