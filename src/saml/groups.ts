// The list of groups, however a provider writes it: one value each, one attribute each, or all in one with commas
// between. What it does not send is unknown, not none (law 4).
import type { SamlSettings } from '../connection/saml.ts';
import { tryDnKey } from '../connection/dn.ts';
import type { Unknown } from '../core/reading.ts';
import { OVERAGE_LINKS } from './presets.ts';

type Attributes = ReadonlyMap<string, readonly string[]>;

export function readGroups(
  attributes: Attributes,
  names: readonly string[],
  whenMissing: SamlSettings['groupsWhenMissing'],
): readonly string[] | Unknown {
  // A link in place of the list counts before the list: what is there may be a part of it.
  if (OVERAGE_LINKS.some((name) => attributes.has(name))) return 'unknown';
  const found = names.filter((name) => attributes.has(name));
  if (found.length === 0) return whenMissing === 'none' ? [] : 'unknown';
  const values = found.flatMap((name) => attributes.get(name) ?? []).flatMap(splitList);
  return [...new Set(values)];
}

/** A value with commas is a list unless it reads as a DN, whose commas are its own. */
function splitList(value: string): string[] {
  if (!value.includes(',') || tryDnKey(value) !== null) return [value];
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
