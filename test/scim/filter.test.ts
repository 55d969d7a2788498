// The filter grammar of RFC 7644 whole: what it reads, and what it refuses, with the place and the reason.
import { describe, expect, test } from 'vitest';
import { MAX_FILTER_DEPTH, MAX_FILTER_TERMS, parseFilter } from '../../src/scim/filter.ts';
import type { Filter } from '../../src/scim/filter.ts';
import { pathKey } from '../../src/scim/attribute-path.ts';
import { GROUP, USER } from '../../src/scim/resource-type.ts';

/** The tree in one line, so that a table can say what a filter means. */
function told(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `(${filter.filters.map(told).join(` ${filter.kind} `)})`;
    case 'not':
      return `not ${told(filter.filter)}`;
    case 'present':
      return `${pathKey(filter.path)} pr`;
    case 'compare':
      return `${pathKey(filter.path)} ${filter.operator} ${JSON.stringify(filter.value)}`;
    case 'element':
      return `${pathKey(filter.path)}[${told(filter.filter)}]`;
  }
}

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

test.each([
  ['userName eq "bjensen"', 'userName eq "bjensen"'],
  ['USERNAME Eq "bjensen"', 'userName eq "bjensen"'],
  ['active eq True', 'active eq true'],
  ['active eq "False"', 'active eq false'],
  ['name.familyName co "O\'Malley"', 'name.familyName co "O\'Malley"'],
  ['title pr', 'title pr'],
  [
    'title pr and userType eq "Employee" or userType eq "Intern"',
    '((title pr and userType eq "Employee") or userType eq "Intern")',
  ],
  ['title pr and (userType eq "E" or (userType eq "I"))', '(title pr and (userType eq "E" or userType eq "I"))'],
  ['not (title pr or nickName pr)', 'not (title pr or nickName pr)'],
  ['not(title pr)', 'not title pr'],
  ['userType ne "E" and not (emails co "example.com")', '(userType ne "E" and not emails.value co "example.com")'],
  [
    'emails[type eq "work" and value co "@x"] or ims[type eq "xmpp"]',
    '(emails[(emails.type eq "work" and emails.value co "@x")] or ims[ims.type eq "xmpp"])',
  ],
  [
    'emails[not (type eq "work") or (primary eq true)]',
    'emails[(not emails.type eq "work" or emails.primary eq true)]',
  ],
  ['emails[type eq "work"].value eq "a"', 'emails[(emails.type eq "work" and emails.value eq "a")]'],
  [`${ENTERPRISE}:department eq "Tea"`, `${ENTERPRISE}:department eq "Tea"`],
  [`${ENTERPRISE.toUpperCase()}:manager.value eq "x"`, `${ENTERPRISE}:manager.value eq "x"`],
  [`${ENTERPRISE}:manager eq "x"`, `${ENTERPRISE}:manager.value eq "x"`],
  ['urn:ietf:params:scim:schemas:core:2.0:User:name.givenName sw "A"', 'name.givenName sw "A"'],
  ['userName eq "quote \\" back \\\\ slash \\u00e9"', 'userName eq "quote \\" back \\\\ slash é"'],
  ['userName eq "a and b) or (c"', 'userName eq "a and b) or (c"'],
  ['nickName eq null', 'not nickName pr'],
  ['meta.lastModified ge "2020-01-01T00:00:00.1234567Z"', 'meta.lastModified ge "2020-01-01T00:00:00.123456700Z"'],
  ['meta.lastModified lt "2020-01-01T02:00:00+02:00"', 'meta.lastModified lt "2020-01-01T00:00:00.000000000Z"'],
])('%s', (text, meaning) => {
  expect(told(parseFilter(USER, text))).toBe(meaning);
});

test('seventeen joined pairs are seventeen pairs, and no more work than that', () => {
  const pairs = Array.from({ length: 17 }, (_one, at) => `(userName eq "u${at}" or nickName eq "n${at}")`);
  expect(parseFilter(USER, pairs.join(' and '))).toMatchObject({ kind: 'and', filters: { length: 17 } });
});

describe('refused with the place and what to do', () => {
  test.each([
    ['eq', /character 1 .*no attribute "eq"/],
    ['', /ends too early/],
    ['userName', /expected one of eq/],
    ['userName eq', /expected a value/],
    ['userName eq bjensen', /expected a value/],
    ['userName eq "open', /expected a value/],
    ['userName eq "bad \\x escape"', /no JSON string/],
    ['userName is "x"', /character 10 .*expected one of eq/],
    ['nosuch eq "x"', /a User has no attribute "nosuch"/],
    ['name eq "x"', /"name" has parts/],
    ['name.nosuch eq "x"', /no attribute "name.nosuch"/],
    ['emails[nosuch eq "x"]', /emails has no attribute "nosuch"/],
    ['emails[type eq "work"', /closing the value path/],
    ['emails[type eq "work"].nosuch eq "x"', /no sub-attribute "nosuch"/],
    ['(userName eq "x"', /character 1 .*never closed/],
    ['userName eq "x")', /expected "and", "or" or the end/],
    ['userName eq "x" xor title pr', /expected "and", "or" or the end/],
    ['not userName eq "x"', /"not" is followed by/],
    ['active gt true', /only be asked for by eq, ne and pr/],
    ['active eq "perhaps"', /true or false/],
    ['userName gt null', /null can only/],
    ['meta.created gt "yesterday"', /is a time/],
    ['urn:ietf:params:scim:schemas:core:2.0:Group:displayName eq "x"', /no attribute/],
  ])('%s', (text, problem) => {
    expect(() => parseFilter(USER, text)).toThrow(problem);
    expect(() => parseFilter(USER, text)).toThrow(expect.objectContaining({ status: 400, scimType: 'invalidFilter' }));
  });

  test.each([
    ['deeper', `${'('.repeat(MAX_FILTER_DEPTH)}title pr${')'.repeat(MAX_FILTER_DEPTH)}`, /nested more than/],
    ['a hundred thousand parentheses', '('.repeat(100_000), /more than 10000 characters/],
    ['longer', `userName eq "${'x'.repeat(100_000)}"`, /more than 10000 characters/],
    ['more', Array.from({ length: MAX_FILTER_TERMS + 1 }, () => 'title pr').join(' or '), /more than 100 comparisons/],
  ])('%s than anybody asks', (_what, text, problem) => {
    expect(() => parseFilter(USER, text)).toThrow(problem);
  });
});

test('a group is asked by its own attributes', () => {
  expect(told(parseFilter(GROUP, 'displayname eq "x" and members eq "id"'))).toBe(
    '(displayName eq "x" and members.value eq "id")',
  );
  expect(() => parseFilter(GROUP, 'userName eq "x"')).toThrow(/a Group has no attribute/);
});
