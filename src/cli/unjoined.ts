// People who are joined to no account, in words: why, and what to do about it. Without them a newcomer's missing access
// has no reason.
import type { LinkConflict } from '../core/account-link.ts';

const REMEDIES: Readonly<Record<LinkConflict, string>> = {
  address_not_verified:
    'the connection may not speak for the address: verify its domain (`rollcall domains`), set trustEmail, or link by hand',
  other_id: 'the account was joined to another id of the connection before: link it if this is the same person',
  address_shared: 'two entries of the connection carry the address: mend the directory, or link by hand',
  address_taken: 'the new address is that of another account: both keep theirs until one of them changes',
  no_address: 'there is nothing to join by: give the person an address in the directory',
};

/** One line for each reason that is there. */
export function remedies(reasons: Iterable<LinkConflict>): string[] {
  return [...new Set(reasons)].map((reason) => `${reason}: ${REMEDIES[reason]}`);
}

/** What a run warns of; nothing where everybody is joined. */
export function unjoinedWarnings(
  reasons: readonly LinkConflict[],
  { preview }: { readonly preview: boolean },
): string[] {
  if (reasons.length === 0) return [];
  const who = reasons.length === 1 ? '1 person' : `${reasons.length} people`;
  const why = [...new Set(reasons)].join(', ');
  return preview
    ? [`${who} would be joined to no account (${why}): after the run, rollcall conflicts lists them`]
    : [`${who} could not be joined to an account (${why}): rollcall conflicts lists them`];
}
