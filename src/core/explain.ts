// Why not more: the rules that keep a person from a role, or from being a member at all, in words for people.
import { counts } from './connection.ts';
import { describeMapping, serves } from './grant.ts';
import { describeSuspension } from './reason.ts';
import type { Dossier, Landscape } from './plan.ts';
import { membershipIn } from './plan.ts';
import type { Organization } from './organization.ts';

export interface WhyNot {
  readonly rule: string;
  readonly reason: string;
}

/** Every rule that holds the person below what some grant or mapping would give. */
export function whyNot(landscape: Landscape, organization: Organization, dossier: Dossier): WhyNot[] {
  const membership = membershipIn(dossier, organization.id);
  const found: WhyNot[] = [];
  const add = (rule: string, reason: string): number => found.push({ rule, reason });
  if (!organization.open) add('organization closed', `${organization.id} is closed: nothing in it changes`);
  if (membership === null) add('no grant', `nothing gives this person anything in ${organization.id}`);
  if (membership?.suspendedBy != null)
    add(`suspended: ${membership.suspendedBy.reason}`, describeSuspension(membership.suspendedBy));
  if (membership?.waitingSince != null)
    add('seats', `waits for a seat since ${membership.waitingSince}: all ${organization.seats ?? 0} are taken`);
  for (const mask of dossier.masks.filter((one) => one.organization === organization.id)) {
    const who = mask.connection ?? 'the role authority';
    add(
      mask.kind,
      mask.kind === 'hold'
        ? `a change by ${who} is held since ${mask.since}`
        : `a change by ${who} was refused at ${mask.since}: the membership stays as it was`,
    );
  }
  if (organization.roleAuthority === 'directory') {
    if (membership?.status === 'deactivated' && membership.suspendedBy === null)
      add('role authority', 'only mapped roles count here, and default roles do not: in no mapped role group');
    const grant = dossier.personGrants.find((one) => one.organization === organization.id);
    if (grant !== undefined)
      add('role authority', `only mapped roles count here: the role ${grant.role} given by a person sleeps`);
  }
  for (const view of landscape.connections) {
    const { connection } = view;
    const own = dossier.people.filter(({ person }) => person.connection === connection.id);
    if (own.length === 0 || !serves(view, organization)) continue;
    if (!counts(connection))
      add('connection state', `${connection.id} is ${connection.state}: what it says counts for nothing`);
    for (const { person } of own) {
      if (!person.present) add('gone', `${connection.id} let the person go at ${person.presentSince}`);
      else if (!person.active)
        add('inactive', `${connection.id} reports the person inactive since ${person.activeSince}`);
    }
    const met = new Set(
      own.flatMap(({ groups }) => groups.flatMap(({ group }) => view.matches(group).map(({ mapping }) => mapping.id))),
    );
    for (const mapping of view.mappings) {
      if (mapping.organization === organization.id && !met.has(mapping.id))
        add('not in the group', describeMapping(mapping));
    }
  }
  return found;
}
