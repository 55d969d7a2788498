// Opaque ids that sort by the time at which they were made, also within one millisecond.
import { randomBytes } from 'node:crypto';
import { monotonicFactory } from 'ulid';

/** An id takes sixteen random bytes; asked for one by one, each would cost more than the rest of the id. */
const BYTES_AT_ONCE = 4_096;
let bytes = Buffer.alloc(0);
let used = 0;

/** From 0 to below 1, in steps of 1/256; ids need 32 of them. */
function random(): number {
  if (used === bytes.length) {
    bytes = randomBytes(BYTES_AT_ONCE);
    used = 0;
  }
  return (bytes[used++] ?? 0) / 256;
}

const next = monotonicFactory(random);

/** A fresh id, 26 characters. */
export function newId<Id extends string>(): Id {
  return next().toLowerCase() as Id;
}
