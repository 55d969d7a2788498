// Whether a filter selects an entry, as a server would say (RFC 4511 section 4.5.1.7). A filter is true, false or
// Undefined, and Undefined is not false: `(!(uidNumber=x))` selects nobody.
import { tryDnKey } from '../connection/dn.ts';
import { parseDn } from '../connection/dn-syntax.ts';
import type { Filter } from '../connection/filter.ts';
import { RollcallError } from '../errors.ts';
import type { Entry, Octets } from './entry.ts';
import { isInteger, type MatchingRule, NAMED_RULES, ruleOf } from './matching-rules.ts';
import { isOfClass } from './object-classes.ts';

/** Null is Undefined. */
export type Truth = boolean | null;

export type Matcher = (entry: Entry) => Truth;

const BIT_AND = '1.2.840.113556.1.4.803';
const BIT_OR = '1.2.840.113556.1.4.804';
const IN_CHAIN = '1.2.840.113556.1.4.1941';

/**
 * The filter made ready for many entries.
 * @throws RollcallError `filter_invalid` for a rule that cannot be followed on exported entries: to follow it wrongly
 * would select the wrong people in silence.
 */
export function compileFilter(filter: Filter): Matcher {
  switch (filter.kind) {
    case 'and':
      return all(filter.filters.map(compileFilter));
    case 'or':
      return any(filter.filters.map(compileFilter));
    case 'not': {
      const inner = compileFilter(filter.filter);
      return (entry) => negate(inner(entry));
    }
    case 'present':
      return present(filter.attribute);
    case 'substrings':
      return substrings(filter);
    case 'at-least':
    case 'at-most':
      return ordered(filter.attribute, filter.value, filter.kind);
    case 'equal':
    case 'approximate':
      // A server without an approximate rule takes it for equality (RFC 4511 section 4.5.1.7.6).
      return equal(filter.attribute, filter.value);
    case 'extensible':
      return extensible(filter);
  }
}

/** Whether a server would return the entry. */
export function selects(matcher: Matcher, entry: Entry): boolean {
  return matcher(entry) === true;
}

function negate(truth: Truth): Truth {
  return truth === null ? null : !truth;
}

function all(matchers: readonly Matcher[]): Matcher {
  return (entry) => {
    let truth: Truth = true;
    for (const matcher of matchers) {
      const each = matcher(entry);
      if (each === false) return false;
      if (each === null) truth = null;
    }
    return truth;
  };
}

function any(matchers: readonly Matcher[]): Matcher {
  return (entry) => {
    let truth: Truth = false;
    for (const matcher of matchers) {
      const each = matcher(entry);
      if (each === true) return true;
      if (each === null) truth = null;
    }
    return truth;
  };
}

function present(attribute: string): Matcher {
  // Every entry has a class, also one that was exported without it.
  if (attribute === 'objectclass') return () => true;
  return (entry) => valuesOf(entry, attribute).length > 0;
}

function equal(attribute: string, value: Buffer): Matcher {
  refuseAnr(attribute);
  const rule = ruleOf(typeOf(attribute));
  const wanted = rule.key(value.toString('latin1'));
  if (wanted === null) return undefinedAlways;
  if (attribute === 'objectclass') return (entry) => isOfClass(entry, wanted);
  return (entry) => valuesOf(entry, attribute).some((each) => rule.key(each) === wanted);
}

function ordered(attribute: string, value: Buffer, kind: 'at-least' | 'at-most'): Matcher {
  const { key, compare } = ruleOf(typeOf(attribute));
  const bound = key(value.toString('latin1'));
  if (compare === null || bound === null) return undefinedAlways;
  return (entry) =>
    valuesOf(entry, attribute).some((each) => {
      const mine = key(each);
      if (mine === null) return false;
      return kind === 'at-least' ? compare(mine, bound) >= 0 : compare(mine, bound) <= 0;
    });
}

function substrings(filter: Filter & { kind: 'substrings' }): Matcher {
  const { attribute } = filter;
  refuseAnr(attribute);
  const rule = ruleOf(typeOf(attribute));
  const { part } = rule;
  if (part === null) return undefinedAlways;
  const read = (piece: Buffer | null) => (piece === null ? '' : part(piece.toString('latin1')));
  const initial = read(filter.initial)?.replace(/^ +(?=.)/, '');
  const final = read(filter.final)?.replace(/(?<=.) +$/, '');
  const middle = filter.any.map(read);
  if (initial === undefined || final === undefined || middle.includes(null)) return undefinedAlways;
  const pieces = middle.filter((each) => each !== null);
  return (entry) =>
    valuesOf(entry, attribute).some((each) => {
      const text = rule.key(each);
      return text !== null && holds(text, initial, pieces, final);
    });
}

function holds(text: string, initial: string, middle: readonly string[], final: string): boolean {
  if (!text.startsWith(initial)) return false;
  let at = initial.length;
  for (const piece of middle) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - final.length >= at && text.endsWith(final);
}

function extensible(filter: Filter & { kind: 'extensible' }): Matcher {
  const { attribute, rule: name, dnAttributes } = filter;
  if (attribute === null) throw refusal(`":${name}:=" names no attribute: write "attribute:${name}:=value"`);
  refuseAnr(attribute);
  const value = filter.value.toString('latin1');
  if (name === BIT_AND || name === BIT_OR) return bits(attribute, value, name);
  if (name === IN_CHAIN) {
    throw refusal(
      `the rule ${IN_CHAIN} (in chain) asks the server to follow groups in groups: map the group itself and leave "nested: true"`,
    );
  }
  const rule = name === null ? ruleOf(typeOf(attribute)) : NAMED_RULES.get(name);
  if (rule === undefined) throw refusal(`the matching rule "${name}" is not known`);
  const wanted = rule.key(value);
  if (wanted === null) return undefinedAlways;
  return (entry) => {
    if (attribute === 'objectclass' && isOfClass(entry, wanted)) return true;
    if (valuesOf(entry, attribute).some((each) => rule.key(each) === wanted)) return true;
    return dnAttributes && namesInDn(entry.dn, attribute, rule, wanted);
  };
}

function namesInDn(dn: string, attribute: string, rule: MatchingRule, wanted: string): boolean {
  if (tryDnKey(dn) === null) return false;
  return parseDn(dn)
    .flat()
    .some(({ type, value }) => type === attribute && rule.key(Buffer.from(value).toString('latin1')) === wanted);
}

function bits(attribute: string, written: string, rule: typeof BIT_AND | typeof BIT_OR): Matcher {
  if (!isInteger(written)) return undefinedAlways;
  const mask = BigInt(written);
  return (entry) =>
    valuesOf(entry, attribute).some((each) => {
      if (!isInteger(each)) return false;
      const common = BigInt(each) & mask;
      return rule === BIT_AND ? common === mask : common !== 0n;
    });
}

const undefinedAlways: Matcher = () => null;

const OWN_NAME: ReadonlySet<string> = new Set(['entrydn', 'distinguishedname']);

/** A file exported without operational attributes has no entryDN, and yet every entry has its name. */
function valuesOf(entry: Entry, attribute: string): readonly Octets[] {
  const values = entry.octets(attribute);
  return values.length === 0 && OWN_NAME.has(attribute) ? [Buffer.from(entry.dn).toString('latin1')] : values;
}

function typeOf(attribute: string): string {
  const options = attribute.indexOf(';');
  return options < 0 ? attribute : attribute.slice(0, options);
}

function refuseAnr(attribute: string): void {
  if (attribute === 'anr')
    throw refusal('"anr" is looked up by Active Directory itself: name the attributes, as in "(|(cn=…)(mail=…))"');
}

function refusal(reason: string): RollcallError {
  return new RollcallError('filter_invalid', `the filter cannot be followed on exported entries: ${reason}`);
}
