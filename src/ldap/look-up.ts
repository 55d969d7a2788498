// Who is still there, asked by stable id. "There" means there for this connection: under its base and matching its
// filter. Whoever was moved or changed out of them has left it as surely as a deleted entry; whoever was only moved
// between two pages is found.
import { type Filter, parseFilter } from '../connection/filter.ts';
import { RollcallError } from '../errors.ts';
import { type Limits, PagedSearch } from './paged-search.ts';
import type { Link } from './wire/link.ts';
import { readStableId, stableIdFilter } from './stable-id.ts';

export interface LookUp {
  readonly link: Link;
  readonly base: string;
  /** As written in the settings. */
  readonly filter: string;
  readonly idAttribute: string;
  readonly limits: Limits;
  /**
   * Ids that this read has just seen. If the server finds none of them by id, then it finds nobody so (an attribute
   * without an equality rule, or one that may be read and not searched), and its silence proves nothing.
   */
  readonly witnesses: readonly string[];
}

/** Ids in one filter: servers refuse filters that are too long. */
const ASKED_AT_ONCE = 100;

/** @throws RollcallError where the server does not answer to the end, or cannot look up by id at all. */
export async function lookUp(asked: LookUp, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const { link, witnesses, idAttribute } = asked;
  link.step = 'look-up';
  if (witnesses.length > 0 && (await find(asked, witnesses)).size === 0) {
    throw new RollcallError(
      'directory_refused',
      `look-up: ${link.server} finds nobody by "${idAttribute}", not even whom it has just returned, so nobody is proven absent: let the bind account search by it, or set users.attributes.id`,
    );
  }
  const found = new Set<string>();
  for (let at = 0; at < ids.length; at += ASKED_AT_ONCE) {
    for (const id of await find(asked, ids.slice(at, at + ASKED_AT_ONCE))) found.add(id);
  }
  return found;
}

async function find({ link, base, filter, idAttribute, limits }: LookUp, ids: readonly string[]): Promise<Set<string>> {
  const anyOfThem: Filter = { kind: 'or', filters: ids.map((id) => stableIdFilter(idAttribute, id)) };
  const question = {
    title: `"${base}"`,
    base,
    filter: { kind: 'and', filters: [parseFilter(filter), anyOfThem] } as const,
    attributes: [idAttribute],
  };
  const wanted = new Set(ids);
  const found = new Set<string>();
  for await (const { entries, skipped } of new PagedSearch(link, question, limits).batches()) {
    for (const entry of entries) {
      const read = readStableId(entry, idAttribute);
      if (read.kind !== 'id') throw unclear(link, entry.dn);
      if (wanted.has(read.id)) found.add(read.id);
    }
    for (const { at } of skipped) throw unclear(link, at);
  }
  return found;
}

/** It was asked for by its id, so it is one of those who are looked for; nobody can say which. */
function unclear(link: Link, at: string): RollcallError {
  return new RollcallError(
    'directory_refused',
    `look-up: ${link.server} returned "${at}" without an id that can be read, so nobody is proven absent: correct the entry`,
  );
}
