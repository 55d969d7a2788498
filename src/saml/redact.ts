// An attempt as it is kept: what the rules looked at, without signatures and ciphertext, and only the attributes that the
// connection uses; of others their names and how many values they had.
import type { Assertion, SamlResponse } from './message.ts';
import type { AttributeNames } from './presets.ts';

/** Of 5,000 groups the first ones tell as much. */
const VALUES_KEPT = 50;
const ATTRIBUTES_KEPT = 100;
const TEXT_KEPT = 300;

/** JSON; null when nothing could be read. `assertion` is null for a message that nobody proved. */
export function redacted(
  response: SamlResponse | null,
  assertion: Assertion | null,
  names: AttributeNames,
  also: readonly string[],
): string | null {
  if (response === null) return null;
  const used = new Set([...names.email, ...names.firstName, ...names.lastName, ...names.groups, ...also]);
  const shown = assertion === null ? null : { ...assertion, attributes: attributesOf(assertion, used) };
  return JSON.stringify({ response, assertion: shown }, (_key, value: unknown) =>
    typeof value === 'string' ? value.slice(0, TEXT_KEPT) : value,
  );
}

function attributesOf({ attributes }: Assertion, used: ReadonlySet<string>): Record<string, unknown> {
  const entries = [...attributes].slice(0, ATTRIBUTES_KEPT).map(([name, values]): [string, unknown] => {
    if (!used.has(name)) return [name, `${values.length} values, not used`];
    if (values.length <= VALUES_KEPT) return [name, values];
    return [name, [...values.slice(0, VALUES_KEPT), `and ${values.length - VALUES_KEPT} more`]];
  });
  return Object.fromEntries(entries);
}
