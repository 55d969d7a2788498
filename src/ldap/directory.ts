// Reads a live directory into a DirectoryReading (design.md section 3, law 5).
//
// What a server or the network does never throws: the items end, and the outcome says that the read is not complete, at
// which step, and what to do. What was seen until then counts, and nobody is missed. Only a fault of the configuration
// throws (`config_invalid`: no password, no certificate), and that before anything is sent.
import type { DirectoryItem, DirectoryOutcome, DirectoryReading } from '../core/reading.ts';
import { RollcallError } from '../errors.ts';
import { directoryFingerprint } from './fingerprint.ts';
import { type DirectoryRequest, LiveRead } from './live-read.ts';
import { lookUp } from './look-up.ts';
import { GENERIC, type ServerKind, serverKind } from './server-kinds.ts';
import { openSession } from './session.ts';
import { RunEnd } from './wire/patience.ts';

/** Ids that a look-up is proved with: one may be deleted in the meantime, all of them hardly. */
const WITNESSES = 5;

/**
 * Nothing is opened before `items` is iterated. `lookUp` opens a connection of its own; it throws where the server does
 * not answer it to the end, and then nobody is proven absent.
 */
export function readDirectory(request: DirectoryRequest): DirectoryReading {
  const { settings } = request;
  let kind: ServerKind = settings.serverKind === null ? GENERIC : serverKind(settings.serverKind);
  let outcome: DirectoryOutcome | null = null;
  const witnesses = { person: new Array<string>(), group: new Array<string>() };

  async function* items(): AsyncGenerator<DirectoryItem> {
    const reasons: string[] = [];
    const read = new LiveRead(request, reasons);
    try {
      await read.open();
      kind = read.kind;
      for await (const batch of read.batches()) {
        for (const item of batch) {
          if (item.kind === 'person' || item.kind === 'group') {
            const known = witnesses[item.kind];
            if (known.length < WITNESSES) known.push(item.externalId);
          }
          yield item;
        }
      }
    } catch (error) {
      if (!isDirectoryFailure(error)) throw error;
      reasons.push(error.message);
    } finally {
      await read.close();
    }
    outcome = {
      complete: reasons.length === 0,
      reason: reasons.length === 0 ? null : reasons.join('; '),
      fingerprint: directoryFingerprint(settings, kind),
      warnings: read.warnings(),
    };
  }

  return {
    kind: 'directory',
    connection: request.connection,
    at: request.at,
    items: items(),
    nested: settings.groups.nested,
    outcome: () => {
      if (outcome === null) throw new Error('the outcome of a reading is known when its items have ended');
      return outcome;
    },
    lookUp: async (sort, ids) => {
      if (ids.length === 0) return new Set();
      const session = await openSession({ ...request, onStep: undefined });
      try {
        const { base, filter } = sort === 'person' ? settings.users : settings.groups;
        const own = sort === 'person' ? settings.users.attributes.id : null;
        const idAttribute = own ?? session.kind.stableId;
        const limits = { pageSeconds: settings.timeouts.page, end: new RunEnd(settings.timeouts.run) };
        return await lookUp({ link: session.link, base, filter, idAttribute, limits, witnesses: witnesses[sort] }, ids);
      } finally {
        await session.link.close();
      }
    },
  };
}

/** What a server or the network did, in contrast to what is wrong with the settings or with us. */
export function isDirectoryFailure(error: unknown): error is RollcallError {
  return (
    error instanceof RollcallError && (error.code === 'directory_unreachable' || error.code === 'directory_refused')
  );
}
