// Which rules of organizations.md a step reached, so that a law which never met a rule does not count as kept.
import type { Grant, Say } from '../../src/core/grant.ts';
import type { Membership } from '../../src/core/membership.ts';
import type { Change } from '../../src/core/plan.ts';
import { level } from '../../src/core/role.ts';
import { isComplete } from './directory-read.ts';
import type { Facts } from './facts.ts';
import type { Life, Taken } from './life.ts';
import type { Said } from './setting.ts';
import type { World } from './world.ts';

const RULES = [
  'Owner exempt: in the seat without a grant',
  'Owner suspended: vacancy',
  'absent and not found',
  'absent, but found when looked up',
  'active to pending is a removal',
  'approved hold applied',
  'block suspends',
  'by id: kept through a rename',
  'by name: lost by a rename',
  'cycle of groups',
  'default role, as a fallback',
  'directory authority: no group, deactivated',
  'directory authority: person grant sleeps',
  'former Owner returns',
  'gone here, active elsewhere',
  'gone suspends',
  'group in itself',
  'groups unknown: last known stay',
  'held by the brake: budget',
  'held by the brake: emptied',
  'held by the brake: vanished_group',
  'held row moot',
  'inactive suspends',
  'incomplete read takes nothing',
  'keep ended by new facts',
  'kept grant in the because',
  'last grant lost: deactivated',
  'lifecycle false does not suspend',
  'link: address_not_verified',
  'link: address_shared',
  'link: create',
  'link: join',
  'link: no_address',
  'link: other_id',
  'link: waits',
  'mapping by id',
  'mapping gives the role',
  'members empty: emptied',
  'members unknown: last known stay',
  'missed once',
  'nested groups',
  'observe counts for nothing',
  'paused: grants stay',
  'person grant after the departure',
  'person grant gives the role',
  'person new or back after a departure',
  'place ends',
  'project role lapses from Manager up',
  'project role replaces the role',
  'rejected hold: a keep',
  'removed connection or mapping: block',
  'same role from two sources',
  'seats: admitted after waiting',
  'seats: waits',
  'stronger of two connections',
  'successor or support takes the seat',
  'suspension ends',
  'workspace given',
] as const;

export class Tally {
  readonly counts = new Map<string, number>(RULES.map((rule) => [rule, 0]));

  count(rule: string, reached = true): void {
    this.counts.set(rule, (this.counts.get(rule) ?? 0) + Number(reached));
  }
}

/** What shows in the rows that the step committed. */
export function countRows(tally: Tally, world: World, { committed, step, facts, held, moot, keepsEnded }: Taken): void {
  for (const change of committed) {
    if (change.membership === null) countPlace(tally, world, change);
    else countRow(tally, world, change, change.membership.before, change.membership.after);
  }
  for (const { brake } of held) tally.count(`held by the brake: ${brake}`);
  tally.count('held row moot', moot.length > 0);
  tally.count('keep ended by new facts', keepsEnded > 0);
  tally.count('rejected hold: a keep', step.kind === 'decide' && !step.approve && committed.length > 0);
  tally.count('approved hold applied', step.kind === 'decide' && step.approve && committed.length > 0);
  tally.count('successor or support takes the seat', step.kind === 'assign' && committed.length > 0);
  const back = facts?.people.some(({ present, presentSince }) => present && presentSince === world.now) ?? false;
  tally.count('person new or back after a departure', back);
}

function countRow(tally: Tally, world: World, change: Change, before: Membership | null, after: Membership): void {
  const { seat, kind } = change;
  const top = after.because.find(({ role }) => role !== null);
  const live = after.status !== 'deactivated';
  tally.count('mapping gives the role', live && top?.mappingId != null);
  tally.count('person grant gives the role', live && top?.connection === null);
  tally.count('default role, as a fallback', live && top?.fallback === true);
  tally.count('inactive suspends', after.suspendedBy?.reason === 'inactive');
  tally.count('gone suspends', after.suspendedBy?.reason === 'gone');
  tally.count('block suspends', after.suspendedBy?.reason === 'block');
  tally.count(
    'removed connection or mapping: block',
    after.suspendedBy?.reason === 'block' && after.suspendedBy.connection !== null,
  );
  tally.count('suspension ends', before?.suspendedBy != null && live);
  tally.count('last grant lost: deactivated', kind === 'removed' && after.suspendedBy === null && !live);
  tally.count(
    'active to pending is a removal',
    kind === 'removed' && after.status === 'pending' && after.waitingSince === null,
  );
  tally.count('seats: waits', after.waitingSince !== null && before?.waitingSince == null);
  tally.count('seats: admitted after waiting', before?.waitingSince != null && after.status === 'active');
  tally.count('Owner suspended: vacancy', seat === 'vacates');
  tally.count('former Owner returns', seat === 'returns');
  tally.count(
    'kept grant in the because',
    after.because.some(({ kept }) => kept !== null),
  );
  tally.count('same role from two sources', sameRoleTwice(after.because));
  tally.count('stronger of two connections', roleGivers(after.because).size > 1);
  const lost = (before?.because ?? []).filter(
    (grant) => !after.because.some((one) => one.mappingId === grant.mappingId),
  );
  tally.count(
    'by name: lost by a rename',
    lost.some((grant) => isRenamed(world, grant)),
  );
  tally.count('by id: kept through a rename', renamedById(before, after));
}

function countPlace(tally: Tally, world: World, { placement, organization, account }: Change): void {
  if (placement === null) return tally.count('place ends');
  tally.count('workspace given', 'workspace' in placement.place);
  tally.count('project role replaces the role', placement.role === 'annotator' || placement.role === 'reviewer');
  const role = world.memberships.get(`${organization} ${account}`)?.role ?? 'not_activated';
  const explicit = placement.because.some(({ projectRole }) => projectRole !== null && projectRole !== 'inherit');
  tally.count(
    'project role lapses from Manager up',
    explicit && level(role) >= level('manager') && placement.role === 'inherit',
  );
}

/** What shows in how things stand after the step. */
export function countStanding(tally: Tally, { world }: Life): void {
  for (const membership of world.memberships.values()) {
    const organization = world.organizations.get(membership.organization);
    if (organization === undefined) continue;
    const says = world.core.saysOf(world.landscape(), organization, world.dossier(membership.account));
    const given = world.personGrants.get(`${membership.organization} ${membership.account}`);
    const gone = says.filter(({ report }) => report.kind === 'gone');
    const elsewhere = says.some(({ report }) => report.kind === 'active');
    const free = membership.suspendedBy === null;
    const isOwner = organization.owner === membership.account;
    tally.count('gone here, active elsewhere', gone.length > 0 && elsewhere && free);
    tally.count('person grant after the departure', free && !elsewhere && gone.length > 0 && given !== undefined);
    tally.count('lifecycle false does not suspend', free && goneWithoutLifecycle(world, says, membership));
    tally.count('paused: grants stay', fromState(world, membership.because, 'paused'));
    tally.count('observe counts for nothing', observedInVain(world, membership.account));
    const directory = organization.roleAuthority === 'directory';
    tally.count('directory authority: person grant sleeps', directory && given !== undefined && !isOwner);
    tally.count('directory authority: no group, deactivated', directory && free && membership.status === 'deactivated');
    const bare = !membership.because.some(({ role }) => role !== null);
    tally.count('Owner exempt: in the seat without a grant', isOwner && bare);
    for (const grant of membership.because) countPath(tally, world, membership.account, grant);
  }
}

function countPath(tally: Tally, world: World, account: string, { connection, groupId, mapping }: Grant): void {
  if (connection === null || groupId === null) return;
  const facts = world.factsOf(connection);
  const direct = [...facts.links.values()].some(
    ({ group, member }) =>
      group === groupId &&
      member.kind === 'person' &&
      world.links.get(`${connection} ${member.externalId}`) === account,
  );
  tally.count('nested groups', !direct);
  tally.count('cycle of groups', inCycle(facts, groupId));
  tally.count('group in itself', facts.parents().get(groupId)?.includes(groupId) === true);
  tally.count('mapping by id', mapping?.startsWith('id ') === true);
}

/** What shows in a reading before it is learned. */
export function countReading(tally: Tally, { world }: Life, said: Said): void {
  const facts = world.factsOf(said.connection);
  if (said.kind === 'directory') {
    const complete = isComplete(facts, said);
    const seen = new Set(said.people.map(({ externalId }) => externalId));
    const absent = [...facts.people.values()].filter(({ present, externalId }) => present && !seen.has(externalId));
    const found = absent.filter(({ externalId }) => said.foundByLookUp?.includes(externalId) === true);
    tally.count('incomplete read takes nothing', !complete && absent.length > 0);
    tally.count('absent, but found when looked up', complete && found.length > 0);
    tally.count('absent and not found', complete && said.foundByLookUp !== null && found.length < absent.length);
    tally.count('missed once', complete && said.foundByLookUp === null && absent.length > 0);
    return;
  }
  const linked = ({ externalId }: { externalId: string }): boolean => facts.linksOf('person', externalId).length > 0;
  tally.count(
    'groups unknown: last known stay',
    said.people.some((one) => one.groups === 'unknown' && linked(one)),
  );
  const into = (group: string): boolean => facts.known().linksInto(group).length > 0;
  tally.count(
    'members unknown: last known stay',
    said.groups.some((one) => one.members === 'unknown' && into(one.externalId)),
  );
  tally.count(
    'members empty: emptied',
    said.groups.some(({ members, externalId }) => members.length === 0 && into(externalId)),
  );
}

function roleGivers(because: readonly Grant[]): Set<string | null> {
  return new Set(because.flatMap(({ role, fallback, connection }) => (role === null || fallback ? [] : [connection])));
}

function sameRoleTwice(because: readonly Grant[]): boolean {
  const [first, second] = because.filter(({ role }) => role !== null);
  return second !== undefined && first?.role === second.role && first.source !== second.source;
}

function isRenamed(world: World, { connection, groupId, group }: Grant): boolean {
  const now = connection === null || groupId === null ? undefined : world.factsOf(connection).groups.get(groupId);
  return now?.present === true && now.name !== group;
}

function renamedById(before: Membership | null, after: Membership): boolean {
  return after.because.some((grant) =>
    before?.because.some(
      (one) =>
        one.mappingId !== null &&
        one.mappingId === grant.mappingId &&
        one.groupId === grant.groupId &&
        one.group !== grant.group,
    ),
  );
}

function goneWithoutLifecycle(world: World, says: readonly Say[], { account }: Membership): boolean {
  return world.dossier(account).people.some(({ person }) => {
    const connection = world.connections.get(person.connection);
    const speaks = says.some((say) => say.connection === person.connection);
    return (
      speaks && connection?.kind !== 'saml' && connection?.lifecycle === false && !(person.present && person.active)
    );
  });
}

function fromState(world: World, because: readonly Grant[], state: string): boolean {
  return because.some(({ connection }) => connection !== null && world.connections.get(connection)?.state === state);
}

function observedInVain(world: World, account: Membership['account']): boolean {
  return world.dossier(account).people.some(({ person, groups }) => {
    const view = world.views().find(({ connection }) => connection.id === person.connection);
    return view?.connection.state === 'observe' && groups.some(({ group }) => view.matches(group).length > 0);
  });
}

function inCycle(facts: Facts, group: string): boolean {
  const parents = facts.parents();
  const above = new Set(parents.get(group)?.filter((id) => id !== group));
  for (const id of above) for (const parent of parents.get(id) ?? []) above.add(parent);
  return above.has(group);
}
