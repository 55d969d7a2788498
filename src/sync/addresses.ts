// Who holds an address while a reading is planned: the store's holders, and what this reading gave and freed so far.
// A directory is planned in pieces before any is written, and two of its people must never be given one address.
import type { AccountId } from '../core/ids.ts';

export class Addresses {
  readonly #given = new Map<string, AccountId>();
  readonly #freed = new Set<string>();

  /** Whether somebody met earlier in this reading carries it. */
  isGiven(key: string): boolean {
    return this.#given.has(key);
  }

  /** @param stored who holds it in the store. */
  holder(key: string, stored: AccountId | undefined): AccountId | null {
    return this.#given.get(key) ?? (this.#freed.has(key) ? null : (stored ?? null));
  }

  give(key: string, account: AccountId): void {
    this.#given.set(key, account);
  }

  move(account: AccountId, from: string, to: string): void {
    this.#freed.add(from);
    this.#given.delete(from);
    this.give(to, account);
  }
}
