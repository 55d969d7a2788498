// What a trial sign-in shows: whom the provider named, what they would be here, and that nothing was changed.
import type { Identity } from '../saml/identity.ts';
import type { PlanRow } from '../store/plan-rows.ts';
import type { Trial } from './saml-trial.ts';

export function triedLines(identity: Identity, answer: Trial['answer'], rows: readonly PlanRow[]): string[] {
  const groups =
    identity.groups === 'unknown' ? 'not sent: the last known ones stay' : identity.groups.join(', ') || 'none';
  const changes = rows.map(({ organization, target, before, after }) => {
    const was = before === null ? 'nothing' : `${before.role}, ${before.status}`;
    const is = after === null ? 'nothing' : `${after.role}, ${after.status}`;
    return `Would change: ${organization} (${placeOf(target)}) from ${was} to ${is}`;
  });
  return [
    answer.kind === 'in'
      ? 'This person would be signed in.'
      : `This person would be refused by ${answer.rule}: ${answer.reason}.`,
    `Id: ${identity.externalId}`,
    `E-mail: ${identity.email ?? 'none'}`,
    `Name: ${[identity.firstName, identity.lastName].filter((part) => part !== null).join(' ') || 'none'}`,
    `Groups: ${groups}`,
    ...(changes.length === 0 ? ['Would change nothing.'] : changes),
    'Nothing was changed.',
  ];
}

function placeOf(target: PlanRow['target']): string {
  if (target === 'organization') return 'role';
  return 'workspace' in target ? `workspace ${target.workspace}` : `project ${target.project}`;
}
