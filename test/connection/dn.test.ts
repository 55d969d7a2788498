import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ancestry, dnKey, isAtOrUnder, parentKey, tryDnKey } from '../../src/connection/dn.ts';

describe('one name in two spellings is one name', () => {
  it.each([
    ['case of types and values', 'CN=Label Admins,OU=Groups,DC=Corp', 'cn=label admins,ou=groups,dc=corp'],
    ['blanks around separators', 'cn = admins , ou= groups ,dc =corp', 'cn=admins,ou=groups,dc=corp'],
    ['runs of blanks inside', 'cn=label   admins,dc=corp', 'cn=label admins,dc=corp'],
    ['blanks at the ends, escaped', 'cn=\\20admins\\ ,dc=corp', 'cn=admins,dc=corp'],
    ['a comma as itself and in hex', 'cn=Doe\\, Jane,dc=corp', 'cn=Doe\\2C Jane,dc=corp'],
    ['a comma in quotes', 'cn="Doe, Jane",dc=corp', 'cn=Doe\\2c Jane,dc=corp'],
    ['hex pairs as UTF-8', 'cn=M\\C3\\BCller,dc=corp', 'cn=Müller,dc=corp'],
    ['letters composed and decomposed', 'cn=Mu\u0308ller,dc=corp', 'cn=M\u00fcller,dc=corp'],
    ['an umlaut in either case', 'cn=ÜBER,dc=corp', 'cn=über,dc=corp'],
    ['both small sigmas', 'cn=ΟΔΟΣ,dc=corp', 'cn=οδοσ,dc=corp'],
    ['types by number', '2.5.4.3=a,2.5.4.11=b,0.9.2342.19200300.100.1.25=c', 'cn=a,ou=b,dc=c'],
    ['types with the old prefix', 'OID.2.5.4.3=a,dc=c', 'cn=a,dc=c'],
    ['types by long name', 'commonName=a,organizationalUnitName=b,domainComponent=c', 'cn=a,ou=b,dc=c'],
    ['multi-valued names in any order', 'uid=jd+cn=Jane,dc=corp', 'CN=Jane + UID=JD,dc=corp'],
    ['semicolons of LDAPv2', 'cn=a;dc=corp', 'cn=a,dc=corp'],
    ['text behind #', 'cn=#04024869,dc=corp', 'cn=Hi,dc=corp'],
    ['a UTF8String behind #', 'cn=#0C03C3BC61,dc=corp', 'cn=üa,dc=corp'],
  ])('%s', (_, a, b) => expect(dnKey(a)).toBe(dnKey(b)));

  it('a name that slapd wrote equals the one Active Directory tools write', () => {
    expect(dnKey('uid=a\\2Bb\\3Dc,ou=x\\5Cy,dc=z')).toBe(dnKey('UID=a\\+b\\=c, OU=x\\\\y, DC=z'));
  });
});

describe('two names stay two', () => {
  it.each([
    ['a comma in the value and between names', 'cn=a\\,ou=b', 'cn=a,ou=b'],
    ['an accent', 'cn=Muller,dc=c', 'cn=Müller,dc=c'],
    ['a plus in the value and between values', 'cn=a\\+uid=b', 'cn=a+uid=b'],
    ['order of names', 'ou=a,ou=b', 'ou=b,ou=a'],
    ['an invisible character', 'cn=admins\u200b,dc=c', 'cn=admins,dc=c'],
    ['bytes that are no text', 'cn=\\ff,dc=c', 'cn=\\fe,dc=c'],
    ['a blank and nothing', 'cn=\\20,dc=c', 'cn=,dc=c'],
    ['a value that looks like hex', 'cn=\\#04024869,dc=c', 'cn=#04024869,dc=c'],
    ['types that are alike', 'mail=a,dc=c', 'email=a,dc=c'],
  ])('%s', (_, a, b) => expect(dnKey(a)).not.toBe(dnKey(b)));
});

describe('what is no name is refused with its place', () => {
  it.each([
    ['Support Team', 'at character 1'],
    ['cn=a,', 'at character 6'],
    ['cn=a,,dc=b', 'at character 6'],
    ['cn=a\\', 'hex digits'],
    ['cn=a\\x', 'hex digits'],
    ['cn=#1', 'pairs of hex digits'],
    ['cn="a', 'never closed'],
    ['cn="a"b,dc=c', 'closing quote'],
    ['=a', 'at character 1'],
  ])('%s', (dn, message) => {
    expect(() => dnKey(dn)).toThrow(
      expect.objectContaining({ code: 'dn_invalid', message: expect.stringContaining(message) }),
    );
    expect(tryDnKey(dn)).toBeNull();
  });
});

describe('above and below', () => {
  it('takes an escaped comma for no border', () => {
    const key = dnKey('cn=a\\,ou=people,dc=corp');
    expect(parentKey(key)).toBe('dc=corp');
    expect(isAtOrUnder(key, 'ou=people,dc=corp')).toBe(false);
    expect(isAtOrUnder(key, 'dc=corp')).toBe(true);
  });

  it('takes an escaped backslash before a comma for no escape of the comma', () => {
    const key = dnKey('cn=a\\\\,ou=people,dc=corp');
    expect(parentKey(key)).toBe('ou=people,dc=corp');
    expect(isAtOrUnder(key, 'ou=people,dc=corp')).toBe(true);
  });

  it('does not take a longer name with the same end for one below', () => {
    expect(isAtOrUnder('cn=a,xou=people,dc=corp', 'ou=people,dc=corp')).toBe(false);
    expect(isAtOrUnder('ou=people,dc=corp', 'ou=people,dc=corp')).toBe(true);
    expect(isAtOrUnder('cn=a,dc=corp', '')).toBe(true);
  });

  it('lists what is above', () => {
    expect(ancestry('cn=a,ou=b,dc=c')).toEqual(['cn=a,ou=b,dc=c', 'ou=b,dc=c', 'dc=c']);
    expect(parentKey('dc=c')).toBe('');
    expect(parentKey('')).toBeNull();
  });
});

// Values of any characters, each written in one of the ways that RFC 4514 allows.
const type = fc.constantFrom('cn', 'ou', 'dc', 'uid', 'o', 'title');
const value = fc.string({
  unit: fc.constantFrom(...Array.from('aB7 ,+"\\<>;=#éÜ漢ß.-\'(')),
  minLength: 1,
  maxLength: 12,
});
const name = fc.array(fc.array(fc.tuple(type, value), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 });

const escaped = (text: string) => text.replace(/[\\,+"<>;]|^[# ]| $/g, (character) => `\\${character}`);
const inHex = (text: string) => Buffer.from(text).toString('hex').replace(/../g, '\\$&');

function written(rdns: readonly (readonly (readonly [string, string])[])[], write: (value: string) => string): string {
  return rdns.map((rdn) => rdn.map(([type, value]) => `${type}=${write(value)}`).join('+')).join(',');
}

describe('for every name', () => {
  it('escapes, hex, case, blanks and order make no difference', () => {
    fc.assert(
      fc.property(name, (rdns) => {
        const key = dnKey(written(rdns, escaped));
        expect(dnKey(written(rdns, inHex))).toBe(key);
        expect(
          dnKey(
            written(
              rdns.map((rdn) => rdn.toReversed()),
              escaped,
            ),
          ),
        ).toBe(key);
        expect(
          dnKey(written(rdns, (value) => ` ${escaped(value.replaceAll(' ', '  '))}`).replaceAll('cn=', 'CN =')),
        ).toBe(key);
        expect(dnKey(written(rdns, (value) => escaped(value.normalize('NFD'))))).toBe(key);
      }),
    );
  });

  it('the key is a name, and its own key', () => {
    fc.assert(
      fc.property(name, (rdns) => {
        const key = dnKey(written(rdns, escaped));
        expect(dnKey(key)).toBe(key);
        // ß has no capital of its own: "SS" is another name.
        expect(dnKey(key.replace(/[^ß]/g, (letter) => letter.toUpperCase()))).toBe(key);
      }),
    );
  });

  it('a parent has one name less, and contains it', () => {
    fc.assert(
      fc.property(name, (rdns) => {
        const key = dnKey(written(rdns, escaped));
        const parent = dnKey(written(rdns.slice(1), escaped));
        expect(parentKey(key)).toBe(parent);
        expect(isAtOrUnder(key, parent)).toBe(true);
        expect(ancestry(key)).toHaveLength(rdns.length);
      }),
    );
  });
});
