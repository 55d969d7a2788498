// Names met in a read – ids, distinguished names, uids – each as a small number, in 16 bytes however long it is: a
// million people must fit. A name is known by 96 bits of a keyed digest: nobody can look for two that are alike, and by
// chance two of ten million are with a probability of 1 in 10^15, so equal digests are taken for equal names.
import { randomFillSync } from 'node:crypto';
import { digestName } from './name-digest.ts';

/** Words of 32 bits that are kept of each digest. */
const WORDS = 3;
const FIRST_ROOM = 1024;

export class Names {
  readonly #key = randomFillSync(new Int32Array(2));
  /** The digests, in the order in which the names came. */
  #digests = new Uint32Array(FIRST_ROOM * WORDS);
  /** Open addressing: the number of a name plus one, 0 where nothing is. At least a third of it is free. */
  #slots = new Uint32Array(FIRST_ROOM * 2);
  readonly #wanted = new Uint32Array(WORDS);
  count = 0;

  /** The number of the name, given out in order from 0; a new one where it has not been met. */
  intern(name: string): number {
    const slot = this.#locate(name);
    const known = this.#slots[slot] ?? 0;
    if (known !== 0) return known - 1;
    if ((this.count + 1) * 3 > this.#slots.length * 2) {
      this.#spread();
      return this.intern(name);
    }
    if ((this.count + 1) * WORDS > this.#digests.length) this.#digests = grown(this.#digests);
    this.#digests.set(this.#wanted, this.count * WORDS);
    this.count += 1;
    this.#slots[slot] = this.count;
    return this.count - 1;
  }

  /** The number of the name, or null where it has not been met. */
  find(name: string): number | null {
    const known = this.#slots[this.#locate(name)] ?? 0;
    return known === 0 ? null : known - 1;
  }

  /** Where the name stands, or the free place that it would take. */
  #locate(name: string): number {
    digestName(this.#key, name, this.#wanted);
    const wanted = this.#wanted;
    const a = wanted[0] ?? 0;
    const b = wanted[1] ?? 0;
    const c = wanted[2] ?? 0;
    const mask = this.#slots.length - 1;
    for (let slot = a & mask; ; slot = (slot + 1) & mask) {
      const known = this.#slots[slot] ?? 0;
      if (known === 0) return slot;
      const at = (known - 1) * WORDS;
      if (this.#digests[at] === a && this.#digests[at + 1] === b && this.#digests[at + 2] === c) return slot;
    }
  }

  /** Gives the memory back at once; nothing may be asked for afterwards. */
  letGo(): void {
    this.#digests = resized(this.#digests, 0);
    this.#slots = resized(this.#slots, 0);
  }

  /** Twice the places. */
  #spread(): void {
    const digests = this.#digests;
    const places = this.#slots.length * 2;
    resized(this.#slots, 0);
    this.#slots = new Uint32Array(places);
    const mask = places - 1;
    for (let name = 0; name < this.count; name += 1) {
      let slot = (digests[name * WORDS] ?? 0) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = name + 1;
    }
  }
}

/** A list of whole numbers below 2^32, four bytes each. */
export class Numbers {
  #values = new Uint32Array(FIRST_ROOM);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) this.#values = grown(this.#values);
    this.#values[this.length] = value;
    this.length += 1;
  }

  /** Gives the memory back at once: from now on it is an empty list. */
  letGo(): void {
    this.#values = resized(this.#values, 0);
    this.length = 0;
  }

  /** 0 for what was never set. */
  at(index: number): number {
    return index < this.length ? (this.#values[index] ?? 0) : 0;
  }

  /** Sets the value at an index; those before it that were never set are 0. */
  set(index: number, value: number): void {
    while (this.length <= index) this.push(0);
    this.#values[index] = value;
  }
}

/** With a quarter more room, in whole names. */
function grown(numbers: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  return resized(numbers, numbers.length + Math.ceil(numbers.length / 4 / WORDS) * WORDS);
}

/**
 * The numbers in so much room, zeros where there were none, in place of the array that was given. The memory itself is
 * handed over: there are never two copies, nor is the old one there until it is collected.
 */
function resized(numbers: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  return new Uint32Array(numbers.buffer.transfer(length * Uint32Array.BYTES_PER_ELEMENT));
}
