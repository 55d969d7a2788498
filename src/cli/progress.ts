// One line on standard error that is rewritten while long work goes on: only on a terminal, and gone at the end.
import { printable } from './printable.ts';
import { widthOf } from './table.ts';

/** Oftener nobody reads it, and a terminal over a slow line would hold up the work. */
const REWRITE_MS = 100;
const ERASE = '\r\u001B[2K';

export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(words: string): unknown;
}

export class Progress {
  readonly #stream: Terminal;
  readonly #clock: () => number;
  #shownAt: number | null = null;

  constructor(stream: Terminal, clock: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#clock = clock;
  }

  show(words: string): void {
    if (this.#stream.isTTY !== true) return;
    const now = this.#clock();
    if (this.#shownAt !== null && now - this.#shownAt < REWRITE_MS) return;
    this.#shownAt = now;
    const line = printable(words);
    // A line that wraps could not be erased as one.
    const columns = this.#stream.columns ?? 80;
    this.#stream.write(ERASE + (widthOf(line) < columns ? line : line.slice(0, Math.floor(columns / 2))));
  }

  /** Before anything else is printed, so that no line is written behind half of it. */
  erase(): void {
    if (this.#shownAt === null) return;
    this.#shownAt = null;
    this.#stream.write(ERASE);
  }
}
