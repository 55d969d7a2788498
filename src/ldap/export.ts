// Reads an exported directory as a server would be read: base, filters and the same facts. A file that parses to its end
// is complete: it has no pages, and whoever is not in it is not there (design.md section 5, `sync --ldif`).
import { type FileHandle, open } from 'node:fs/promises';
import { tryDnKey } from '../connection/dn.ts';
import type { LdapSettings } from '../connection/ldap.ts';
import type { ConnectionId, Instant } from '../core/ids.ts';
import type { DirectoryItem, DirectoryOutcome, DirectoryReading } from '../core/reading.ts';
import { RollcallError } from '../errors.ts';
import { ExportSurvey, Selection } from './export-survey.ts';
import { FactReader } from './fact-reader.ts';
import { directoryFingerprint } from './fingerprint.ts';
import { type LdifRecord, readLdif } from './ldif.ts';

export interface ExportRequest {
  readonly connection: ConnectionId;
  readonly settings: LdapSettings;
  readonly file: string;
  /** When the directory was exported, as far as is known: accounts with a date of expiry are judged by it. */
  readonly at: Instant;
}

/** Nothing is opened before `items` is iterated; faults of the file are thrown there, before or between the items. */
export function readExport(request: ExportRequest): DirectoryReading {
  let outcome: DirectoryOutcome | null = null;
  return {
    kind: 'directory',
    connection: request.connection,
    at: request.at,
    items: items(request, (found) => {
      outcome = found;
    }),
    nested: request.settings.groups.nested,
    outcome: () => {
      if (outcome === null) throw new Error('the outcome of a reading is known when its items have ended');
      return outcome;
    },
    // There is nothing behind a file to ask again: who was not read is not there.
    lookUp: () => Promise.resolve(new Set()),
  };
}

async function* items(
  { settings, file, at }: ExportRequest,
  finish: (outcome: DirectoryOutcome) => void,
): AsyncGenerator<DirectoryItem> {
  const handle = await openExport(file);
  try {
    const before = await handle.stat({ bigint: true });
    if (!before.isFile()) throw unreadable(file, 'it is no plain file, and it is read twice');
    const survey = new ExportSurvey(settings, file);
    for await (const record of records(handle, file)) survey.take(record);
    survey.requireBases();
    const kind = survey.kind();
    const reader = new FactReader({ settings, kind, at, groupsWithoutList: survey.groupsWithoutList });
    const users = new Selection(settings.users);
    const groups = new Selection(settings.groups);
    for await (const record of records(handle, file)) {
      if (record.kind !== 'entry') continue;
      const key = tryDnKey(record.entry.dn);
      if (key === null) {
        yield { kind: 'skipped', skipped: { at: `line ${record.line}`, reason: `"${record.entry.dn}" is no DN` } };
        continue;
      }
      if (users.takes(record.entry, key)) yield* reader.person(record.entry);
      if (groups.takes(record.entry, key)) {
        yield* reader.group(record.entry);
        yield* reader.outerGroups(record.entry);
      }
    }
    const after = await handle.stat({ bigint: true });
    if (after.size !== before.size || after.mtimeNs !== before.mtimeNs) {
      throw unreadable(file, 'it changed while it was read: wait until the export has ended');
    }
    const reason = survey.incomplete() ?? reader.incomplete();
    finish({
      complete: reason === null,
      reason: reason === null ? null : `${file}: ${reason}`,
      fingerprint: directoryFingerprint(settings, kind),
      warnings: [...survey.warnings(), ...reader.warnings()],
    });
  } finally {
    await handle.close();
  }
}

/** Larger than the default: fewer pieces to join, and still nothing beside a run's memory. */
const CHUNK_BYTES = 256 * 1024;

function records(handle: FileHandle, file: string): AsyncGenerator<LdifRecord> {
  return readLdif(handle.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK_BYTES }), file);
}

async function openExport(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'r');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'it cannot be opened';
    throw unreadable(file, code === 'ENOENT' ? 'there is no such file' : code, cause);
  }
}

function unreadable(file: string, why: string, cause?: unknown): RollcallError {
  return new RollcallError('input_invalid', `cannot read the export ${file}: ${why}`, { cause });
}
