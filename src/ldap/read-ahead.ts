// Lets a source work while what it gave is worked on: it may be ahead by so many bytes and no more.

export interface Weighed {
  /** Roughly what it takes in memory. */
  readonly bytes: number;
}

/** The items of the source, in order; its error comes after the items that it gave before. */
export async function* readAhead<T extends Weighed>(source: AsyncGenerator<T>, limit: number): AsyncGenerator<T> {
  const shelf = new Shelf<T>(limit);
  void shelf.fill(source);
  try {
    for (let item = await shelf.take(); item !== null; item = await shelf.take()) yield item;
  } finally {
    // Nobody wants the rest. What the source itself waits for is ended by whoever owns it.
    shelf.close();
  }
}

class Shelf<T extends Weighed> {
  readonly #limit: number;
  #items: T[] = [];
  #weight = 0;
  #ended: { readonly error?: unknown } | null = null;
  #closed = false;
  #news = Promise.withResolvers<void>();
  #room = Promise.withResolvers<void>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  async fill(source: AsyncGenerator<T>): Promise<void> {
    try {
      for await (const item of source) {
        this.#items.push(item);
        this.#weight += item.bytes;
        this.#news.resolve();
        if (!(await this.#hasRoom())) break;
      }
      this.#ended = {};
    } catch (error) {
      this.#ended = { error };
    }
    this.#news.resolve();
  }

  async take(): Promise<T | null> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) {
        this.#weight -= item.bytes;
        this.#room.resolve();
        return item;
      }
      if (this.#ended !== null) {
        if ('error' in this.#ended) throw this.#ended.error;
        return null;
      }
      this.#news = Promise.withResolvers();
      await this.#news.promise;
    }
  }

  close(): void {
    this.#closed = true;
    this.#room.resolve();
  }

  /** False when nobody takes any more. */
  async #hasRoom(): Promise<boolean> {
    while (this.#weight >= this.#limit && !this.#closed) {
      this.#room = Promise.withResolvers();
      await this.#room.promise;
    }
    return !this.#closed;
  }
}
