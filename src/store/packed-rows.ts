// Rows of a plan that outlive the transaction in which they were planned: an edit that is only shown is rolled back, and
// its rows are stored afterwards. Packed they are some twenty bytes each, so that a company of any size fits into memory.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { insertText, rowsText } from './bulk.ts';
import type { Database } from './database.ts';
import type { PlanRow } from './plan-rows.ts';
import { CHANGE, toRow } from './plan-rows.ts';

/** Some rows, in their order. */
export type PackedRows = Buffer;

const COLUMNS = CHANGE.split(',').map((column) => column.trim());
/** Rows resemble each other; looking longer for what they share gains little. */
const FASTEST = { level: 1 };

export function packRows(rows: readonly PlanRow[]): PackedRows {
  return deflateRawSync(rowsText(rows.map(toRow)), FASTEST);
}

export async function addPackedRows(db: Database, packed: readonly PackedRows[]): Promise<void> {
  for (const rows of packed) await insertText(db, 'changes', COLUMNS, inflateRawSync(rows).toString());
}
