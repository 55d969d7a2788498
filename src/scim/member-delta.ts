// What a request says of a group's members: who comes and who goes, never the whole list unless the request gave it,
// so that one member more or less costs the same in a group of ten and of 50,000.
import type { Filter } from './filter.ts';
import type { Json } from './json.ts';
import { isObject } from './json.ts';
import { refuse, shown } from './scim-error.ts';

export interface MemberDelta {
  /** The members so far no longer count; `joins` is the whole list. */
  readonly replaced: boolean;
  readonly joins: readonly string[];
  readonly leaves: readonly string[];
  /** Whoever meets one of these leaves too: a filter on what only the store knows of them. */
  readonly chosen: readonly Filter[];
}

export class MemberChanges {
  #replaced = false;
  readonly #joins = new Set<string>();
  readonly #leaves = new Set<string>();
  readonly #chosen: Filter[] = [];

  replace(ids: readonly string[]): void {
    this.#replaced = true;
    this.#joins.clear();
    this.#leaves.clear();
    for (const id of ids) this.#joins.add(id);
  }

  add(ids: readonly string[]): void {
    for (const id of ids) {
      this.#joins.add(id);
      this.#leaves.delete(id);
    }
  }

  remove(ids: readonly string[]): void {
    for (const id of ids) {
      this.#joins.delete(id);
      if (!this.#replaced) this.#leaves.add(id);
    }
  }

  removeWhere(filter: Filter): void {
    this.#chosen.push(filter);
  }

  /** Null where nothing was said of members. */
  delta(): MemberDelta | null {
    const says = this.#replaced || this.#joins.size > 0;
    if (!says && this.#leaves.size === 0 && this.#chosen.length === 0) return null;
    if (says && this.#chosen.length > 0) throw mixed();
    return { replaced: this.#replaced, joins: [...this.#joins], leaves: [...this.#leaves], chosen: this.#chosen };
  }
}

/** Whether who comes is meant by the filter as well, nobody can say. */
export function mixed(): ReturnType<typeof refuse> {
  const problem = 'who leaves is chosen by a filter, and others join in the same request';
  return refuse('invalidFilter', `${problem}: send two requests, or choose members by value`);
}

/** The ids in a list of members: `{ value }`, a bare id, or only a `$ref` that ends in the id. */
export function memberIds(written: Json): string[] {
  const list = Array.isArray(written) ? (written as readonly Json[]) : [written];
  return list.map((member) => {
    const id =
      typeof member === 'string' ? member : isObject(member) ? (part(member, 'value') ?? lastOf(member)) : null;
    if (typeof id === 'string' && id !== '') return id;
    throw refuse('invalidValue', `a member is named by { "value": id }, not by ${shown(member)}`);
  });
}

function part(member: { readonly [key: string]: Json }, name: string): Json | undefined {
  return Object.entries(member).find(([key]) => key.toLowerCase() === name)?.[1];
}

function lastOf(member: { readonly [key: string]: Json }): string | null {
  const address = part(member, '$ref');
  return typeof address === 'string' ? (address.split('/').at(-1) ?? null) : null;
}
