// Attribute types under their several names: a DN or filter may spell `cn` as `commonName` or `2.5.4.3` (RFC 4519).

const CANONICAL: ReadonlyMap<string, string> = new Map(
  Object.entries({
    cn: ['commonname', '2.5.4.3'],
    sn: ['surname', '2.5.4.4'],
    serialnumber: ['2.5.4.5'],
    c: ['countryname', '2.5.4.6'],
    l: ['localityname', '2.5.4.7'],
    st: ['stateorprovincename', '2.5.4.8'],
    street: ['streetaddress', '2.5.4.9'],
    o: ['organizationname', '2.5.4.10'],
    ou: ['organizationalunitname', '2.5.4.11'],
    title: ['2.5.4.12'],
    description: ['2.5.4.13'],
    member: ['2.5.4.31'],
    owner: ['2.5.4.32'],
    name: ['2.5.4.41'],
    givenname: ['gn', '2.5.4.42'],
    initials: ['2.5.4.43'],
    generationqualifier: ['2.5.4.44'],
    x500uniqueidentifier: ['2.5.4.45'],
    dnqualifier: ['2.5.4.46'],
    uniquemember: ['2.5.4.50'],
    objectclass: ['2.5.4.0'],
    uid: ['userid', '0.9.2342.19200300.100.1.1'],
    mail: ['rfc822mailbox', '0.9.2342.19200300.100.1.3'],
    dc: ['domaincomponent', '0.9.2342.19200300.100.1.25'],
    email: ['e', 'emailaddress', 'pkcs9email', '1.2.840.113549.1.9.1'],
    entryuuid: ['1.3.6.1.1.16.4'],
    memberof: ['1.2.840.113556.1.2.102'],
    objectguid: ['1.2.840.113556.1.4.2'],
  }).flatMap(([type, others]) => others.map((other) => [other, type] as const)),
);

/** The one lower-case name of an attribute type; a type that is not known keeps its own. */
export function attributeTypeKey(type: string): string {
  const lower = type.toLowerCase();
  const plain = lower.startsWith('oid.') ? lower.slice(4) : lower;
  return CANONICAL.get(plain) ?? plain;
}
