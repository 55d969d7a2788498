// A process of its own that pushes: `node pusher.ts URL add|remove PERSON…`, one push a person. Each person who is
// added joins the group `everybody`, by a push that names that one member only.
import type { ConnectionId } from '../../src/core/ids.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { Sync } from '../../src/sync/context.ts';
import { push } from '../../src/sync/push.ts';

const [url = '', act = '', ...people] = process.argv.slice(2);
const sync: Sync = {
  db: openDatabase(url),
  brake: { share: 0.2, people: 10, windowMs: 86_400_000, deadlineMs: null },
  now: () => new Date().toISOString(),
};
const connection = 'acme-scim' as ConnectionId;
const everybody = { externalId: 'everybody', name: 'everybody', nameKey: 'everybody', members: 'unknown' as const };
for (const id of people) {
  const attributes = { email: `${id}@acme.example`, userName: id, firstName: null, lastName: null, locator: null };
  const base = { kind: 'push' as const, connection, at: sync.now(), leaves: [], groupsGone: [] };
  if (act === 'remove') await push(sync, { ...base, people: [], groups: [], joins: [], peopleGone: [id] });
  else {
    await push(sync, {
      ...base,
      people: [{ externalId: id, active: true, attributes, groups: 'unknown' }],
      groups: [everybody],
      joins: [{ group: 'everybody', member: { kind: 'person', externalId: id } }],
      peopleGone: [],
    });
  }
}
await sync.db.destroy();
