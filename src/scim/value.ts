// One value, read as its attribute's type. Clients are taken as they are: "True" is true, a number where text belongs
// is its text, one value where a list belongs is a list of one, null and [] are "not there" (RFC 7643 section 2.5).
import type { Attribute } from './attribute.ts';
import { attributeNamed } from './attribute-path.ts';
import { dateTimeKey } from './date-time.ts';
import type { Json, JsonObject } from './json.ts';
import { deeperThan, isObject } from './json.ts';
import { refuse, shown } from './scim-error.ts';

/** Deeper than any attribute of any schema. */
const MAX_VALUE_DEPTH = 10;

/** The value in its stored form; undefined where it says that there is none. */
export function readValue(attribute: Attribute, written: Json): Json | undefined {
  if (deeperThan(written, MAX_VALUE_DEPTH)) {
    throw refuse('invalidValue', `"${attribute.name}" is nested more than ${MAX_VALUE_DEPTH} deep`);
  }
  if (!attribute.multiValued) return readOne(attribute, unlisted(attribute, written));
  if (written === null) return undefined;
  const values = (Array.isArray(written) ? (written as readonly Json[]) : [written]).flatMap((one) => {
    if (one === null) throw mistyped(attribute, 'a list without null', written);
    const value = readOne(attribute, one);
    return value === undefined ? [] : [value];
  });
  return values.length === 0 ? undefined : values;
}

/** Entra has listed the one value there is, with an address that it does not know: `[{ "$ref": null, "value": "x" }]`. */
function unlisted({ type }: Attribute, written: Json): Json {
  if (!Array.isArray(written) || written.length !== 1) return written;
  const [only = null] = written as readonly Json[];
  if (!isObject(only)) return written;
  if (type === 'complex') return only;
  return Object.keys(only).every((key) => key === 'value' || key === '$ref') ? (only['value'] ?? null) : written;
}

/** One element of a multi-valued attribute, or the value of another. */
export function readOne(attribute: Attribute, written: Json): Json | undefined {
  if (written === null) return undefined;
  switch (attribute.type) {
    case 'complex':
      return readComplex(attribute, written);
    case 'boolean': {
      const truth = truthOf(written);
      if (truth === null) throw mistyped(attribute, 'true or false', written);
      return truth;
    }
    case 'integer':
    case 'decimal': {
      const number = typeof written === 'string' && written.trim() !== '' ? Number(written) : written;
      if (typeof number !== 'number' || !Number.isFinite(number)) throw mistyped(attribute, 'a number', written);
      if (attribute.type === 'integer' && !Number.isInteger(number))
        throw mistyped(attribute, 'a whole number', written);
      return number;
    }
    case 'dateTime':
      if (typeof written !== 'string' || dateTimeKey(written) === null) throw mistyped(attribute, 'a time', written);
      return written;
    default:
      if (typeof written === 'number' || typeof written === 'boolean') return String(written);
      if (typeof written !== 'string') throw mistyped(attribute, 'text', written);
      return written;
  }
}

/** Keys in the schema's spelling; what no schema names is kept as it came, so that it reads back as sent. */
function readComplex(attribute: Attribute, written: Json): JsonObject | undefined {
  const subAttributes = attribute.subAttributes ?? [];
  const value = attributeNamed(subAttributes, 'value');
  // Entra sends a manager as the bare id, and empties it by "" or { value: "" }. No client sends a bare e-mail.
  const isBare = typeof written === 'string' && value !== null && !attribute.multiValued;
  const given: Json = isBare ? { value: written } : written;
  if (!isObject(given)) throw mistyped(attribute, 'an object', written);
  const entries = Object.entries(given).flatMap(([key, part]): [string, Json][] => {
    const sub = attributeNamed(subAttributes, key);
    if (sub === null) return [[key, part]];
    const read = readValue(sub, part);
    return read === undefined ? [] : [[sub.name, read]];
  });
  const read = Object.fromEntries(entries);
  if (!attribute.multiValued && read['value'] === '') return undefined;
  return entries.length === 0 ? undefined : read;
}

/** "True", "false", true …; null for what is neither. */
export function truthOf(value: Json): boolean | null {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
  return word === 'true' ? true : word === 'false' ? false : null;
}

function mistyped({ name, returned }: Attribute, expected: string, written: Json): ReturnType<typeof refuse> {
  // A password is repeated to nobody, and not to the log either.
  const sent = returned === 'never' ? 'is not' : `is ${shown(written)}`;
  return refuse('invalidValue', `"${name}" must be ${expected}, and ${sent}`);
}
