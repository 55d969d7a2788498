// By which rule the values of an attribute are compared (RFC 4517, and Active Directory's own attributes). An exported
// file carries no schema, so what differs from "text without case" stands here as data.
import { tryDnKey } from '../connection/dn.ts';
import { parseDn } from '../connection/dn-syntax.ts';
import { exactTextKey, foldBlanks, foldText, textKey } from '../connection/text-key.ts';
import { sidText } from './binary-id.ts';
import { type Octets, octetsText } from './entry.ts';
import { parseGeneralizedTime } from './generalized-time.ts';

export interface MatchingRule {
  /** The compared form; null for a value that is not of the syntax. */
  readonly key: (value: Octets) => string | null;
  /** Null where values have no order. */
  readonly compare: ((a: string, b: string) => number) | null;
  /** The compared form inside a substring assertion, where blanks at the cut edges count; null where there are none. */
  readonly part: ((value: Octets) => string | null) | null;
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byNumber = (a: string, b: string) => Number(a) - Number(b);
const byInteger = (a: string, b: string) => (BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0);

const ofText = (fold: (text: string) => string) => (value: Octets) => {
  const text = octetsText(value);
  return text === null ? null : fold(text);
};

/** RFC 4517 section 3.3.16: no zeros in front, so `(uidNumber=007)` is Undefined to a server. */
export function isInteger(value: Octets): boolean {
  return /^(?:0|-?[1-9]\d*)$/.test(value);
}

const TEXT: MatchingRule = { key: ofText(textKey), compare: byText, part: ofText(foldText) };
const EXACT_TEXT: MatchingRule = {
  key: ofText(exactTextKey),
  compare: byText,
  part: ofText((text) => foldBlanks(text.normalize('NFC'))),
};
const digits = (text: string) => textKey(text).replace(/[ -]/g, '');
const PHONE: MatchingRule = { key: ofText(digits), compare: null, part: ofText(digits) };
const OCTETS: MatchingRule = { key: (value) => value, compare: byText, part: (value) => value };
const CLASS: MatchingRule = { key: ofText(textKey), compare: null, part: null };
const INTEGER: MatchingRule = {
  key: (value) => (isInteger(value) ? value : null),
  compare: byInteger,
  part: null,
};
const BOOLEAN: MatchingRule = {
  key: (value) => (/^(?:true|false)$/i.test(value) ? value.toLowerCase() : null),
  compare: null,
  part: null,
};
const TIME: MatchingRule = {
  key: (value) => parseGeneralizedTime(value)?.toString() ?? null,
  compare: byNumber,
  part: null,
};
const NAME: MatchingRule = {
  key: (value) => {
    const text = octetsText(value);
    return text === null ? null : tryDnKey(withoutUid(text));
  },
  compare: null,
  part: null,
};
// Filters write a SID either as its bytes or as text.
const SID: MatchingRule = { key: (value) => sidText(value) ?? value.toUpperCase(), compare: null, part: null };
// Active Directory takes a class's name for the DN of its category: `(objectCategory=person)` is in most filters.
const CATEGORY: MatchingRule = {
  key: (value) => {
    const text = octetsText(value);
    if (text === null) return null;
    const name = tryDnKey(text) === null ? undefined : parseDn(text)[0]?.[0]?.value;
    const short = textKey(typeof name === 'string' ? name : text);
    return PERSON_CLASSES.has(short) ? 'person' : short;
  },
  compare: null,
  part: null,
};
const PERSON_CLASSES: ReadonlySet<string> = new Set([
  'person',
  'user',
  'contact',
  'inetorgperson',
  'organizationalperson',
]);

/** `uniqueMember` may end in a bit string that tells bearers of one name apart: `cn=x,dc=y#'0101'B` (RFC 4517 3.3.21). */
export function withoutUid(name: string): string {
  return name.replace(/#'[01]*'B$/, '');
}

const BY_ATTRIBUTE: ReadonlyMap<string, MatchingRule> = new Map(
  (
    [
      [EXACT_TEXT, 'memberuid homedirectory unixhomedirectory loginshell entrycsn labeleduri sshpublickey ref'],
      [PHONE, 'telephonenumber mobile homephone pager facsimiletelephonenumber'],
      [
        INTEGER,
        `uidnumber gidnumber shadowlastchange shadowmin shadowmax shadowwarning shadowinactive shadowexpire
         useraccountcontrol primarygroupid accountexpires pwdlastset badpwdcount badpasswordtime lastlogon
         lastlogontimestamp lockouttime logoncount grouptype samaccounttype instancetype admincount usncreated
         usnchanged systemflags countrycode codepage msds-supportedencryptiontypes numsubordinates`,
      ],
      [BOOLEAN, 'nsaccountlock hassubordinates pwdreset showinadvancedviewonly iscriticalsystemobject isdeleted'],
      [
        TIME,
        `createtimestamp modifytimestamp whencreated whenchanged pwdchangedtime pwdaccountlockedtime pwdfailuretime
         pwdstarttime pwdendtime krbprincipalexpiration krbpasswordexpiration krblastpwdchange authtimestamp`,
      ],
      [
        NAME,
        `member uniquemember memberof manager secretary owner seealso roleoccupant assistant managedby directreports
         distinguishedname entrydn creatorsname modifiersname subschemasubentry nsroledn nsrole memberofindirect
         pwdpolicysubentry aliasedobjectname mepmanagedentry mepmanagedby memberuser`,
      ],
      [OCTETS, 'objectguid jpegphoto userpassword usercertificate thumbnailphoto photo audio ms-ds-consistencyguid'],
      [SID, 'objectsid sidhistory'],
      [CATEGORY, 'objectcategory'],
      [CLASS, 'objectclass structuralobjectclass'],
    ] as const
  ).flatMap(([rule, types]) => types.split(/\s+/).map((type) => [type, rule] as const)),
);

/** The rule of an attribute, by its key; text without case where nothing else is known. */
export function ruleOf(type: string): MatchingRule {
  return BY_ATTRIBUTE.get(type) ?? TEXT;
}

/** The rules that a filter may name after ":" (RFC 4517 section 4.2), by name and number. */
export const NAMED_RULES: ReadonlyMap<string, MatchingRule> = new Map<string, MatchingRule>([
  ['caseignorematch', TEXT],
  ['2.5.13.2', TEXT],
  ['caseignoreia5match', TEXT],
  ['1.3.6.1.4.1.1466.109.114.2', TEXT],
  ['caseexactmatch', EXACT_TEXT],
  ['2.5.13.5', EXACT_TEXT],
  ['caseexactia5match', EXACT_TEXT],
  ['1.3.6.1.4.1.1466.109.114.1', EXACT_TEXT],
  ['distinguishednamematch', NAME],
  ['2.5.13.1', NAME],
  ['objectidentifiermatch', CLASS],
  ['2.5.13.0', CLASS],
  ['booleanmatch', BOOLEAN],
  ['2.5.13.13', BOOLEAN],
  ['integermatch', INTEGER],
  ['2.5.13.14', INTEGER],
  ['octetstringmatch', OCTETS],
  ['2.5.13.17', OCTETS],
  ['generalizedtimematch', TIME],
  ['2.5.13.27', TIME],
]);
