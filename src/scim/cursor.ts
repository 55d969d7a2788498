// Cursors (RFC 9865): where the last page ended, readable by this server alone and good only for the question that it
// was given for. They hold nothing secret and need no memory, so they never expire.
import { createHash } from 'node:crypto';
import { refuse } from './scim-error.ts';

/** Where a page ended: the value sorted by (null where there is none), and the id. */
export interface Position {
  readonly key: string | null;
  readonly id: string;
}

export function writeCursor({ key, id }: Position, question: string): string {
  return Buffer.from(JSON.stringify([checkOf(question), key, id])).toString('base64url');
}

/** @throws ScimError `invalidCursor` */
export function readCursor(cursor: string, question: string): Position {
  const [check, key, id] = partsOf(cursor);
  const isOurs = typeof id === 'string' && (key === null || typeof key === 'string') && !`${key}${id}`.includes('\0');
  if (!isOurs) {
    throw refuse('invalidCursor', 'the cursor is not one of this server: begin again with an empty cursor');
  }
  if (check !== checkOf(question)) {
    throw refuse('invalidCursor', 'the cursor was given for another filter or order: begin again with an empty cursor');
  }
  return { key, id };
}

function partsOf(cursor: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    // A NUL is nothing that a database could be asked for, and stands in no cursor of ours.
    const ours = Array.isArray(parts) && !parts.some((part) => typeof part === 'string' && part.includes('\0'));
    return ours ? (parts as readonly unknown[]) : [];
  } catch {
    return [];
  }
}

function checkOf(question: string): string {
  return createHash('sha256').update(question).digest('base64url').slice(0, 12);
}
