// Opaque ids that sort by the time at which they were made, also within one millisecond.
import { monotonicFactory } from 'ulid';

const next = monotonicFactory();

/** A fresh id, 26 characters. */
export function newId<Id extends string>(): Id {
  return next().toLowerCase() as Id;
}
