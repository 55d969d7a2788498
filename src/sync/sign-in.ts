// A sign-in by a provider: whom it names is looked up among the organization's directories, what it says comes in
// through the one door, and then it is asked whether that account may be in (organizations.md sections 4 and 5).
import { foldsPlainly } from '../core/fact.ts';
import type { AccountId, OrganizationId, PlanId } from '../core/ids.ts';
import type { PushReading } from '../core/reading.ts';
import type { Membership } from '../core/membership.ts';
import type { StoredConnection } from '../store/connections.ts';
import { loadConnections, loadMappings } from '../store/connections.ts';
import type { Database } from '../store/database.ts';
import type { MatchField } from '../store/external-people.ts';
import { peopleMatching } from '../store/external-people.ts';
import type { StoredPerson } from '../store/facts.ts';
import { loadPeople } from '../store/facts.ts';
import { membershipsOf } from '../store/memberships.ts';
import type { PlanRow } from '../store/plan-rows.ts';
import { rowsOfPlan } from '../store/plans.ts';
import { isAlreadySo } from './already-so.ts';
import type { Sync } from './context.ts';
import { push } from './push.ts';

export interface SignInRequest {
  readonly connection: StoredConnection;
  /** Of one person. */
  readonly reading: PushReading;
  /** Also people whom no directory of the organization knows. */
  readonly jit: boolean;
  /** How the subject is found in the directories; a null value finds nobody. */
  readonly match: { readonly value: string | null; readonly field: MatchField };
}

export type SignedIn =
  | {
      readonly kind: 'in';
      readonly account: AccountId;
      readonly organization: OrganizationId | null;
      /** Null when it said nothing new. */
      readonly plan: PlanId | null;
    }
  | SignInRefused;

export interface SignInRefused {
  readonly kind: 'refused';
  readonly rule: string;
  readonly reason: string;
  readonly account: AccountId | null;
  /** Null when nothing was written. */
  readonly plan: PlanId | null;
  /** The person is who they say and was let go or blocked: they may be told who can help. */
  readonly suspended: boolean;
}

export async function signIn(sync: Sync, request: SignInRequest): Promise<SignedIn> {
  const { connection, reading } = request;
  const [said] = reading.people;
  if (said === undefined) throw new Error('a sign-in is about one person');
  const known = await findInDirectories(sync.db, request);
  if (known === null) {
    const reason = "no SCIM or LDAP connection of the organization knows this person, and the connection's jit is off";
    return { kind: 'refused', rule: 'isKnown', reason, account: null, plan: null, suspended: false };
  }
  const load = async (): Promise<StoredPerson | undefined> =>
    (await loadPeople(sync.db, connection.id, [said.externalId]))[0];
  const before = await load();
  const plan = (await isAlreadySo(sync.db, reading, before))
    ? null
    : await push(sync, reading, {
        vouched: new Map(known.account === null ? [] : [[said.externalId, known.account]]),
      });
  const account = (plan === null ? before : await load())?.account ?? null;
  const refuse = (rule: string, reason: string, suspended = false): SignInRefused => ({
    kind: 'refused',
    rule,
    reason,
    account,
    plan: plan?.id ?? null,
    suspended,
  });
  if (account === null) return refuse('isLinked', await whyNotLinked(sync.db, connection, said.externalId));
  if (connection.state !== 'active') {
    return refuse(
      'connectionIsActive',
      `the connection is in state ${connection.state}: what it says counts for nothing yet`,
    );
  }
  return admit(await membershipsHere(sync.db, connection, account), refuse, {
    kind: 'in',
    account,
    organization: connection.organization,
    plan: plan?.id ?? null,
  });
}

/** A try: the same sign-in, rolled back, and the rows that it would have written. */
export async function trySignIn(
  sync: Sync,
  request: SignInRequest,
): Promise<{ readonly answer: SignedIn; readonly rows: readonly PlanRow[] }> {
  const undone = new Error('a try changes nothing');
  let tried: { answer: SignedIn; rows: PlanRow[] } | null = null;
  try {
    await sync.db.transaction(async (db) => {
      const answer = await signIn({ ...sync, db }, request);
      const rows: PlanRow[] = [];
      if (answer.plan !== null) for await (const row of rowsOfPlan(db, answer.plan)) rows.push(row);
      tried = { answer, rows };
      throw undone;
    });
  } catch (error) {
    if (error !== undone) throw error;
  }
  if (tried === null) throw new Error('a try that never ran');
  return tried;
}

/**
 * The account for which a directory vouches, null inside when it knows the person and there is none yet, or when there
 * is no directory to ask; null when there is one, nobody knows the person, and that is asked for.
 */
async function findInDirectories(
  db: Database,
  { connection, reading, jit, match }: SignInRequest,
): Promise<{ readonly account: AccountId | null } | null> {
  // Of the same owner alone: a provider of one organization is no witness for the people of another's directory.
  const directories = (await loadConnections(db)).filter(
    ({ kind, state, organization }) =>
      kind !== 'saml' && state === 'active' && organization === connection.organization,
  );
  if (directories.length === 0) return { account: null };
  const ids = directories.map(({ id }) => id);
  const { field, value } = match;
  const matched = value === null || !foldsPlainly(value) ? [] : await peopleMatching(db, ids, field, value);
  const accounts = new Set(present(matched).flatMap(({ account }) => (account === null ? [] : [account])));
  const [only] = accounts;
  // Two accounts under one name: neither is a guess worth making; the address decides, or a person.
  if (matched.length > 0) return { account: accounts.size === 1 && only !== undefined ? only : null };
  const email = reading.people[0]?.attributes.email ?? null;
  const byEmail = email === null ? [] : await peopleMatching(db, ids, 'email', email);
  return byEmail.length > 0 || jit ? { account: null } : null;
}

/** Those who are there; where all were let go, these: a leaver is told so, and is nobody new. */
function present(people: readonly StoredPerson[]): readonly StoredPerson[] {
  const there = people.filter((person) => person.present);
  return there.length > 0 ? there : people;
}

async function whyNotLinked(db: Database, { id }: StoredConnection, externalId: string): Promise<string> {
  const conflict: { reason: string } | undefined = await db('conflicts')
    .where({ connection: id, external_id: externalId })
    .whereIn('state', ['open', 'discarded'])
    .first('reason');
  if (conflict !== undefined) return `the person could not be joined to an account (${conflict.reason}): see conflicts`;
  return 'nothing is granted to this person anywhere, so there is no account';
}

/** Where the connection has a word: its own organization, or those that an operator's names in its mappings. */
async function membershipsHere(
  db: Database,
  { id, organization }: StoredConnection,
  account: AccountId,
): Promise<readonly Membership[]> {
  const all = await membershipsOf(db, account);
  if (organization !== null) return all.filter((one) => one.organization === organization);
  const mapped = (await loadMappings(db)).filter((one) => one.connection === id);
  return all.filter((one) => mapped.some((mapping) => mapping.organization === one.organization));
}

function admit(
  memberships: readonly Membership[],
  refuse: (rule: string, reason: string, suspended?: boolean) => SignInRefused,
  admitted: SignedIn,
): SignedIn {
  if (memberships.some(({ status }) => status !== 'deactivated')) return admitted;
  const suspension = memberships.find(({ suspendedBy }) => suspendedBy !== null)?.suspendedBy ?? null;
  if (suspension === null)
    return refuse('isAMember', 'the person holds no role here: nothing that is said of them is mapped');
  const by = suspension.connection === null ? '' : ` by ${suspension.connection}`;
  return refuse('isNotSuspended', `suspended${by} (${suspension.reason}) since ${suspension.since}`, true);
}
