// Cuts the stream into messages by their lengths. Each byte is copied once at most, so a group of a million members costs
// what its bytes cost; a message that will be longer than the bound is refused at its header.
import { LONGEST_HEADER, readHeader, TAG, WireFault } from './ber.ts';

/** A group of some two million members is one message of this size. */
export const LARGEST_MESSAGE = 256 * 1024 * 1024;

const NOTHING = Buffer.alloc(0);

export class Framer {
  /** The beginning of a message whose length is not known yet. */
  #head: Buffer = NOTHING;
  /** A message whose length is known, and how much of it is there. */
  #message: Buffer | null = null;
  #filled = 0;

  /** No message has begun and not ended. */
  get idle(): boolean {
    return this.#message === null && this.#head.length === 0;
  }

  /** The messages that end in this chunk. They share its memory. */
  push(chunk: Buffer): Buffer[] {
    const whole: Buffer[] = [];
    let bytes = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    this.#head = NOTHING;
    while (bytes.length > 0) {
      if (this.#message === null) {
        const size = messageSize(bytes);
        if (size === null) {
          this.#head = bytes;
          break;
        }
        if (size <= bytes.length) {
          whole.push(bytes.subarray(0, size));
          bytes = bytes.subarray(size);
          continue;
        }
        // Memory that nobody writes to is none: a false length costs its sender's bytes, not ours.
        this.#message = Buffer.allocUnsafeSlow(size);
        this.#filled = 0;
      }
      const copied = bytes.copy(this.#message, this.#filled);
      this.#filled += copied;
      bytes = bytes.subarray(copied);
      if (this.#filled === this.#message.length) {
        whole.push(this.#message);
        this.#message = null;
      }
    }
    return whole;
  }
}

function messageSize(bytes: Buffer): number | null {
  if (bytes[0] !== TAG.sequence) throw new WireFault('it does not begin like a message');
  const header = readHeader(bytes, 0, Math.min(bytes.length, LONGEST_HEADER));
  if (header === null) return null;
  if (header.length > LARGEST_MESSAGE) throw new WireFault(`a message of ${header.length} bytes`);
  return header.content + header.length;
}
