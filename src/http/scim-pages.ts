// Where the last page of a client ended, so that the next index of its list goes on behind it: nobody is passed over
// when others before them are deleted meanwhile, and page 1,000 costs what page 2 does. Only a memory: where it is
// missing (another process, a restart), the index counts.
import type { Position } from '../scim/cursor.ts';

const MAX_ENTRIES = 10_000;
const KEEP_MS = 600_000;

export class PageMemory {
  readonly #ends = new Map<string, { readonly position: Position; readonly at: number }>();

  remember(token: string, question: string, nextIndex: number, position: Position): void {
    const key = keyOf(token, question, nextIndex);
    this.#ends.delete(key);
    this.#ends.set(key, { position, at: Date.now() });
    if (this.#ends.size <= MAX_ENTRIES) return;
    const [oldest] = this.#ends.keys();
    if (oldest !== undefined) this.#ends.delete(oldest);
  }

  recall(token: string, question: string, startIndex: number): Position | null {
    const end = this.#ends.get(keyOf(token, question, startIndex));
    return end === undefined || Date.now() - end.at > KEEP_MS ? null : end.position;
  }
}

function keyOf(token: string, question: string, index: number): string {
  return `${token} ${index} ${question}`;
}
