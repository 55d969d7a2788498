// A complete read of the directory `corp`, in which everybody is in the group `staff`.
import type { ConnectionId, Instant } from '../../src/core/ids.ts';
import type { DirectoryItem, DirectoryReading } from '../../src/core/reading.ts';

export const corp = 'corp' as ConnectionId;

/** @param during what happens once everybody was read, before the read ends. */
export function readStaff(at: Instant, people: readonly string[], during?: () => Promise<void>): DirectoryReading {
  async function* items(): AsyncGenerator<DirectoryItem> {
    yield { kind: 'group', externalId: 'staff', name: 'staff', nameKey: 'staff', aliases: ['staff'] };
    for (const id of people) {
      const attributes = { email: `${id}@acme.example`, userName: id, firstName: null, lastName: null, locator: id };
      yield { kind: 'person', externalId: id, active: true, attributes, aliases: [id], container: null };
      yield { kind: 'links', links: [{ group: 'staff', member: id }] };
    }
    await during?.();
  }
  return {
    kind: 'directory',
    connection: corp,
    at,
    items: items(),
    nested: false,
    outcome: () => ({ complete: true, reason: null, fingerprint: 'f', warnings: [] }),
    lookUp: () => Promise.resolve(new Set()),
  };
}

/** Names in a row: p0, p1 … */
export function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, nth) => `${prefix}${nth}`);
}
