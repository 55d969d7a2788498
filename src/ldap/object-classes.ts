// Superior object classes. OpenLDAP lists only the classes that were written and matches their superiors all the same;
// Active Directory and 389 list them all. So the usual chains are filled in, and every entry is `top`.
import type { Entry } from './entry.ts';

const SUPERIOR: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    organizationalperson: ['person'],
    inetorgperson: ['organizationalperson'],
    residentialperson: ['person'],
    pilotperson: ['person'],
    user: ['organizationalperson'],
    computer: ['user'],
    pilotorganization: ['organization', 'organizationalunit'],
    rfc822localpart: ['domain'],
    dnsdomain: ['domain'],
    friendlycountry: ['country'],
    dsa: ['applicationentity'],
    nestedgroup: ['groupofnames'],
    ipausergroup: ['nestedgroup'],
    qualitylabelleddata: ['top'],
  }),
);

/** Whether the entry is of the class (lower case), itself or through a superior class. */
export function isOfClass(entry: Entry, wanted: string): boolean {
  return wanted === 'top' || entry.octets('objectclass').some((value) => reaches(value.toLowerCase(), wanted));
}

function reaches(each: string, wanted: string): boolean {
  return each === wanted || (SUPERIOR.get(each)?.some((superior) => reaches(superior, wanted)) ?? false);
}
