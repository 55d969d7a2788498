// Requests that must be refused, and odd ones that must not. Alice and Bob are people of the connection that asks, the
// team is its group with Alice in it; Carol is of another connection.
import type { Json, JsonObject } from '../../src/scim/json.ts';
import { ALICE } from './fixtures/fixture.ts';
import type { Accepted, Call, Refused } from './refusal.ts';
import { alice, get, patch, post, refused, send, team } from './refusal.ts';

const list = (query: string): Call => get(`/Users?${query}`);
const search = (body: JsonObject): Call => send('POST', '/Users/.search', body);
const pairs = Array.from({ length: 17 }, (_one, at) => `(userName eq "u${at}" or nickName eq "n${at}")`).join(' and ');
const deep = `${'('.repeat(100)}title pr${')'.repeat(100)}`;
const long = `userName eq "${'x'.repeat(100_000)}"`;
const hundred = Array.from({ length: 100 }, (_one, at) => `type eq "t${at}"`).join(' or ');
const title = { op: 'replace', path: 'title', value: 'x' };

const WHO: readonly Refused[] = [
  ...Object.entries({
    'no token': null,
    'a wrong': 'nobody',
    'an expired': 'expired',
    'a revoked': 'revoked',
    'half a': 'a b',
  }).flatMap(([what, token]) => [
    refused(`${what} token, reading`, get('/Users', { token }), [401, null, /token/]),
    refused(`${what} token, sending no JSON`, send('POST', '/Users', '{', { token }), [401, null, /token/]),
  ]),
  refused('a user and a password', get('/Users', { headers: { Authorization: 'Basic YTpi' } }), [401, null, /Bearer/]),
  ...[
    get('/Users/{carol}'),
    send('PUT', '/Users/{carol}', ALICE),
    patch('/Users/{carol}', title),
    send('DELETE', '/Users/{carol}', undefined),
    send('PUT', '/Groups/{team}', { displayName: 'Taken' }, { token: 'other' }),
  ].map((call) => refused(`${call.method} of another connection's`, call, [404, null, /not this connection's/])),
  refused(
    "another connection's person as a member",
    team({ op: 'add', path: 'members', value: [{ value: '{carol}' }] }),
    [400, 'invalidValue', /no such User or Group/],
  ),
];

const BODIES: readonly Refused[] = [
  refused('half of JSON', post('{"userName":'), [400, 'invalidSyntax', /no JSON/]),
  refused('an empty body', post(''), [400, 'invalidSyntax', /empty/]),
  refused('a list', post([]), [400, 'invalidSyntax', /one JSON object/]),
  refused('null', post('null'), [400, 'invalidSyntax', /one JSON object/]),
  refused('XML', post('<user/>', { 'Content-Type': 'text/xml' }), [415, null, /application\/scim\+json/]),
  refused('no type', post(new TextEncoder().encode('{}'), { 'Content-Type': '' }), [415, null, /Content-Type/]),
  refused('gzip', post('{}', { 'Content-Encoding': 'gzip' }), [415, null, /uncompressed/]),
  refused('UTF-16', post('{}', { 'Content-Type': 'application/json; charset="UTF-16"' }), [415, null, /UTF-8/]),
  refused('Latin 1 that says nothing of it', post(Uint8Array.from(Buffer.from('{"userName":"jörg"}', 'latin1'))), [
    400,
    'invalidSyntax',
    /UTF-8/,
  ]),
  refused('a NUL', post('{"userName":"a\\u0000b"}'), [400, 'invalidValue', /NUL/]),
  refused('half a pair', post('{"userName":"\\uD800@acme.example"}'), [400, 'invalidValue', /surrogate/]),
  refused('eleven megabytes', post(`{"userName":"${'x'.repeat(11_000_000)}"}`), [413, null, /several requests/]),
  refused('five million numbers', post(`{"userName":"a","x":[${'1,'.repeat(5_000_000)}1]}`), [
    413,
    null,
    /500000 values/,
  ]),
  refused(
    'a thousand and one attributes',
    post(Object.fromEntries(Array.from({ length: 1_001 }, (_one, at) => [`a${at}`, at]))),
    [400, 'invalidSyntax', /1000 attributes/],
  ),
  refused('a million brackets', post('['.repeat(1_000_000)), [400, 'invalidSyntax', /no JSON/]),
  refused('a nest', post({ userName: 'a', x: JSON.parse(`${'['.repeat(50)}${']'.repeat(50)}`) as Json }), [
    400,
    'invalidSyntax',
    /nested/,
  ]),
  refused('no userName', post({ displayName: 'x' }), [400, 'invalidValue', /"userName" is missing or blank/]),
  refused('a blank userName', post({ userName: ' \t' }), [400, 'invalidValue', /"userName" is missing or blank/]),
  refused('userName null', post({ userName: null }), [400, 'invalidValue', /"userName" is missing or blank/]),
  refused('a userName of parts', post({ userName: { a: 1 } }), [400, 'invalidValue', /"userName" must be text/]),
  refused('a long userName', post({ userName: 'x'.repeat(5_000) }), [400, 'invalidValue', /500 characters/]),
  refused('a taken userName', post({ userName: 'ALICE@acme.example' }), [409, 'uniqueness', /take another name/]),
  refused('an e-mail that is null', post({ userName: 'a', emails: [null] }), [400, 'invalidValue', /null/]),
  refused('active perhaps', post({ userName: 'a', active: 'perhaps' }), [400, 'invalidValue', /true or false/]),
  refused('a PUT without userName', send('PUT', '/Users/{alice}', { title: 'x' }), [400, 'invalidValue', /missing/]),
  refused('a blank group', send('POST', '/Groups', { displayName: '' }), [400, 'invalidValue', /"displayName" is/]),
  refused('a taken name', send('POST', '/Groups', { displayName: 'TEAM' }), [409, 'uniqueness', /take another name/]),
  refused('a PUT of members null', send('PUT', '/Groups/{team}', { displayName: 'Team', members: null }), [
    400,
    'invalidValue',
    /say \[\] for nobody/,
  ]),
];

const PATCHES: readonly Refused[] = [
  refused('no operations', send('PATCH', '/Users/{alice}', {}), [400, 'invalidSyntax', /"Operations"/]),
  refused('operations null', send('PATCH', '/Users/{alice}', { Operations: null }), [400, 'invalidSyntax', /list/]),
  refused('an operation null', alice(null), [400, 'invalidSyntax', /Operations\[0\] must be an object/]),
  refused('an operation {}', alice({}), [400, 'invalidSyntax', /"add", "replace" or "remove"/]),
  refused('an unknown operation', alice({ ...title, op: 'move' }), [400, 'invalidSyntax', /not move/]),
  refused('a second that fails', alice(title, { ...title, path: 'nosuch' }), [400, 'invalidPath', /nosuch.*\/Schemas/]),
  refused('too many', alice(...Array.from({ length: 5_001 }, () => title)), [413, null, /send several/]),
  refused(
    'much to compare',
    alice(...Array.from({ length: 1_000 }, () => ({ op: 'remove', path: `emails[${hundred}]` }))),
    [413, null, /send several/],
  ),
  refused('nothing to add', alice({ op: 'add', path: 'title' }), [400, 'invalidValue', /no value/]),
  refused('remove without a path', alice({ op: 'remove' }), [400, 'noTarget', /needs a path/]),
  refused('a path that is a number', alice({ ...title, path: 7 }), [400, 'invalidPath', /must be text/]),
  refused('a sub-attribute of none', alice({ ...title, path: 'name.nick' }), [400, 'invalidPath', /name\.nick/]),
  refused('an unknown schema', alice({ ...title, path: 'urn:x:User:title' }), [400, 'invalidPath', /\/Schemas/]),
  refused('an unknown key', alice({ op: 'replace', value: { nosuch: 1 } }), [400, 'invalidPath', /nosuch/]),
  refused('half a value path', alice({ ...title, path: 'emails[type eq "work"' }), [400, 'invalidFilter', /closing/]),
  refused('a path to no element', alice({ ...title, path: 'emails[type sw "x"].value' }), [
    400,
    'noTarget',
    /no value/,
  ]),
  ...['id', 'meta.created', 'groups'].map((path) => {
    return refused(`the read-only ${path}`, alice({ ...title, path }), [400, 'mutability', /read-only/]);
  }),
  refused('removing userName', alice({ op: 'remove', path: 'userName' }), [400, 'mutability', /replace it/]),
  refused('a blank userName', alice({ ...title, path: 'userName', value: ' ' }), [400, 'invalidValue', /blank/]),
  refused('a taken userName', alice({ ...title, path: 'userName', value: 'BOB@acme.example' }), [
    409,
    'uniqueness',
    /take another name/,
  ]),
  refused('a member in part', team({ ...title, path: 'members.display' }), [400, 'mutability', /add another/]),
  refused('a member as another', team({ ...title, path: 'members[value eq "{alice}"]', value: { value: '{bob}' } }), [
    400,
    'mutability',
    /remove it and add the other/,
  ]),
  ...['add', 'replace'].map((op) => {
    return refused(`${op} members null`, team({ op, path: 'members', value: null }), [400, 'invalidValue', /\[\]/]);
  }),
  refused('members nobody knows', team({ op: 'add', path: 'members', value: [{ value: '{alice}x' }] }), [
    400,
    'invalidValue',
    /can't be a member/,
  ]),
  ...['PUT', 'PATCH', 'DELETE'].map((method) => {
    const body = method === 'PUT' ? ALICE : method === 'PATCH' ? { Operations: [title] } : undefined;
    const call = send(method, '/Users/{alice}', body, { headers: { 'If-Match': 'W/"99"' } });
    return refused(`${method} of what was changed meanwhile`, call, [412, null, /read it again/]);
  }),
];

const LISTS: readonly Refused[] = [
  refused('a filter of 100 levels', list(`filter=${deep}`), [400, 'invalidFilter', /nested more than 50/]),
  refused('a filter of 100 kB', list(`filter=${long}`), [400, 'invalidFilter', /10000 characters/]),
  refused('100 levels, posted', search({ filter: deep }), [400, 'invalidFilter', /nested more than 50/]),
  refused('100 kB, posted', search({ filter: long }), [400, 'invalidFilter', /10000 characters/]),
  refused('a filter of nothing', list('filter=eq'), [400, 'invalidFilter', /character 1/]),
  refused('a filter on what is not there', list('filter=nosuch eq "x"'), [400, 'invalidFilter', /no attribute/]),
  refused('a NUL in a filter', list('filter=userName eq "a\\u0000"'), [400, 'invalidFilter', /NUL/]),
  refused('broken UTF-8 in a filter', list('filter=%E0%A4'), [400, 'invalidFilter', /expected an attribute/]),
  refused('two filters', list('filter=title pr&filter=title pr'), [400, 'invalidValue', /given once/]),
  refused('a filter that is no text', search({ filter: 7 }), [400, 'invalidValue', /as text/]),
  refused('a count in words', list('count=ten'), [400, 'invalidCount', /whole number/]),
  refused('half a count', search({ count: 1.5 }), [400, 'invalidCount', /whole number/]),
  refused('a startIndex in words', list('startIndex=one'), [400, 'invalidValue', /whole number/]),
  refused('a startIndex past all counting', search({ startIndex: 1e300 }), [400, 'invalidValue', /15 digits/]),
  refused('a count past all counting', list('count=9999999999999999'), [400, 'invalidCount', /15 digits/]),
  refused('a cursor of their own', list('cursor=mine'), [400, 'invalidCursor', /begin again/]),
  refused('a cursor with a NUL', list(`cursor=${Buffer.from('["",null,"\\u0000"]').toString('base64url')}`), [
    400,
    'invalidCursor',
    /begin again/,
  ]),
  refused('an order by nothing', list('sortBy=nosuch'), [400, 'invalidPath', /no attribute/]),
  refused('an unknown direction', list('sortBy=title&sortOrder=up'), [400, 'invalidValue', /ascending/]),
  refused('a filter on /Schemas', get('/Schemas?filter=id pr'), [403, null, /can't be filtered/]),
];

const PLACES: readonly Refused[] = [
  refused('a broken percent sign', get('/Users/%FF'), [400, 'invalidSyntax', /percent sign/]),
  refused('a NUL as an id', get('/Users/%00'), [404, null, /there is no User/]),
  refused('no such person', get('/Users/nobody'), [404, null, /deleted, or is not this connection's/]),
  refused('no such place', get('/Nothing'), [404, null, /\/ResourceTypes/]),
  refused('two slashes', get('//Nothing'), [404, null, /\/ResourceTypes/]),
  refused('a place below a person', get('/Users/{alice}/emails'), [404, null, /\/ResourceTypes/]),
  refused('/Me', get('/Me'), [501, null, /connection and not for a person/]),
  ...[
    { ...send('PUT', '/Users', {}), allow: 'GET, POST' },
    { ...send('DELETE', '/Groups', undefined), allow: 'GET, POST' },
    { ...send('POST', '/Users/{alice}', {}), allow: 'GET, PUT, PATCH, DELETE' },
    { ...get('/Users/.search'), allow: 'POST' },
    { ...get('/Bulk'), allow: 'POST' },
    { ...send('POST', '/Schemas', 'no JSON'), allow: 'GET' },
    { ...send('POST', '/ServiceProviderConfig', 'no JSON'), allow: 'GET' },
  ].map((call) => ({ ...refused(`${call.method} ${call.path}`, call, [405, null, /not possible here/]) })),
  refused(
    'too much in bulk',
    send('POST', '/Bulk', {
      Operations: Array.from({ length: 1_001 }, () => ({ method: 'DELETE', path: '/Users/x' })),
    }),
    [413, null, /send several/],
  ),
  refused('bulk without operations', send('POST', '/Bulk', {}), [400, 'invalidSyntax', /"Operations"/]),
  refused('failOnErrors 0', send('POST', '/Bulk', { failOnErrors: 0, Operations: [] }), [
    400,
    'invalidValue',
    /from 1/,
  ]),
];

export const REFUSED: readonly Refused[] = [...WHO, ...BODIES, ...PATCHES, ...LISTS, ...PLACES];

const taken = (what: string, call: Call, status: number, answers: JsonObject): Accepted => {
  return { what, ...call, status, answers };
};

export const ACCEPTED: readonly Accepted[] = [
  taken('seventeen joined pairs', list(`filter=${encodeURIComponent(pairs)}`), 200, { totalResults: 0 }),
  taken('count 0', list('count=0'), 200, { totalResults: 2, Resources: [] }),
  taken('a count below 0', list('count=-1'), 200, { totalResults: 2, Resources: [] }),
  taken('startIndex 0', list('startIndex=0'), 200, { totalResults: 2, startIndex: 1, itemsPerPage: 2 }),
  taken('a startIndex beyond the end', list('startIndex=9'), 200, { totalResults: 2, itemsPerPage: 0 }),
  taken('attributes of unknown names', get('/Users/{bob}?attributes=nosuch'), 200, { id: '{bob}' }),
  taken('unknown names left out', get('/Users/{bob}?excludedAttributes=no'), 200, { userName: 'bob@acme.example' }),
  taken(
    'no schemas, op in capitals',
    send('PATCH', '/Users/{alice}', { Operations: [{ op: 'REMOVE', path: 'title' }] }),
    200,
    { id: '{alice}' },
  ),
  taken('no operation', alice(), 200, { id: '{alice}' }),
  taken('a bulk request of none', send('POST', '/Bulk', { Operations: [] }), 200, { Operations: [] }),
];
