import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Filter,
  filterAttributes,
  formatFilter,
  MAX_FILTER_DEPTH,
  parseFilter,
} from '../../src/connection/filter.ts';

describe('reads what people write', () => {
  it.each([
    ['(objectClass=inetOrgPerson)', '(objectclass=inetOrgPerson)'],
    ['(&(objectClass=person)(!(employeeType=left)))', '(&(objectclass=person)(!(employeetype=left)))'],
    ['( & (a=b) ( | (c>=1) (d<=2) ) )', '(&(a=b)(|(c>=1)(d<=2)))'],
    ['(cn=*)', '(cn=*)'],
    ['(cn=a*b*c)', '(cn=a*b*c)'],
    ['(cn=*x*)', '(cn=*x*)'],
    ['(cn~=smith)', '(cn~=smith)'],
    ['(cn=a\\2ab\\28\\29\\5c)', '(cn=a\\2ab\\28\\29\\5c)'],
    ['(cn=Müller)', '(cn=M\\c3\\bcller)'],
    ['(userAccountControl:1.2.840.113556.1.4.803:=2)', '(useraccountcontrol:1.2.840.113556.1.4.803:=2)'],
    ['(ou:dn:=people)', '(ou:dn:=people)'],
    ['(cn:caseExactMatch:=Fred)', '(cn:caseexactmatch:=Fred)'],
    ['(commonName;lang-de=x)', '(cn;lang-de=x)'],
    ['(2.5.4.3=x)', '(cn=x)'],
    ['(&)', '(&)'],
    ['(description=)', '(description=)'],
  ])('%s', (text, spelled) => expect(formatFilter(parseFilter(text))).toBe(spelled));
});

describe('a mistyped filter selects nobody by accident: it is refused with its place', () => {
  it.each([
    ['', 1, 'a filter is missing'],
    ['objectClass=person', 1, 'begins with "("'],
    ['(objectClass=person', 1, 'never closed'],
    ['(&(a=b)(c=d)', 1, 'never closed'],
    ['(a=b))', 6, 'closes nothing'],
    ['(a=b)(c=d)', 6, 'text follows'],
    ['(&a=b)', 3, 'come filters in parentheses'],
    ['(&(a=b)c)', 8, 'come filters in parentheses'],
    ['(a)', 2, 'expected an attribute and one of'],
    ['(a b=c)', 2, 'expected an attribute and one of'],
    ['()', 2, 'empty'],
    ['(=b)', 2, 'attribute is missing'],
    ['(7a=b)', 2, 'not an attribute'],
    ['(!(a=b)(c=d))', 8, '"!" takes one'],
    ['(a=\\zz)', 4, 'two hex digits'],
    ['(a=b\\2)', 5, 'two hex digits'],
    ['(a=(b)', 4, '\\28'],
    ['(a>=b*)', 6, '\\2a'],
    ['(a=b**c)', 8, 'side by side'],
    ['(:=x)', 2, 'matching rule stands before'],
    ['(a:b:c:=x)', 2, 'one matching rule only'],
    ['(a:dn=x)', 2, 'followed by ":="'],
  ])('%s', (text, at, message) => {
    expect(() => parseFilter(text)).toThrow(
      expect.objectContaining({ code: 'filter_invalid', message: expect.stringContaining(`character ${at}:`) }),
    );
    expect(() => parseFilter(text)).toThrow(message);
  });

  it('and so is one that is nested without end', () => {
    const nested = (depth: number) => `${'(!'.repeat(depth)}(a=b)${')'.repeat(depth)}`;
    expect(() => parseFilter(nested(MAX_FILTER_DEPTH - 1))).not.toThrow();
    expect(() => parseFilter(nested(100_000))).toThrow(/nested more than/);
  });
});

const bytes = fc.uint8Array({ maxLength: 8 }).map((octets) => Buffer.from(octets));
const someBytes = fc.uint8Array({ minLength: 1, maxLength: 8 }).map((octets) => Buffer.from(octets));
const attribute = fc.constantFrom('cn', 'mail', 'x-y', '1.2.3', 'description;lang-de');
const item: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({ kind: fc.constant('present' as const), attribute }),
  fc.record({
    kind: fc.constantFrom('equal' as const, 'at-least' as const, 'at-most' as const, 'approximate' as const),
    attribute,
    value: bytes,
  }),
  fc
    .record({
      kind: fc.constant('substrings' as const),
      attribute,
      initial: fc.option(someBytes),
      any: fc.array(someBytes, { maxLength: 3 }),
      final: fc.option(someBytes),
    })
    .filter(({ initial, any, final }) => initial !== null || any.length > 0 || final !== null),
  fc.record({
    kind: fc.constant('extensible' as const),
    attribute,
    rule: fc.option(fc.constantFrom('1.2.840.113556.1.4.803', 'caseexactmatch')),
    dnAttributes: fc.boolean(),
    value: bytes,
  }),
);
const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small' },
    item,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      filters: fc.array(tie('filter'), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), filter: tie('filter') }),
  ),
}));

describe('for every filter', () => {
  it('what is written reads back the same', () => {
    fc.assert(
      fc.property(filter, (each) => {
        expect(parseFilter(formatFilter(each))).toEqual(each);
      }),
    );
  });

  it('cut off anywhere it is refused', () => {
    fc.assert(
      fc.property(filter, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (each, part) => {
        const text = formatFilter(each);
        expect(() => parseFilter(text.slice(0, Math.floor(text.length * part)))).toThrow(/cannot be read/);
      }),
    );
  });

  it('its attributes are all named', () => {
    fc.assert(
      fc.property(filter, (each) => {
        const text = formatFilter(each);
        expect(filterAttributes(each).every((name) => text.includes(`(${name}`))).toBe(true);
      }),
    );
  });
});
