// A store of its own for a test, with one clock that moves a second at each look.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Declaration } from '../../src/organization/declare.ts';
import { declare } from '../../src/organization/declare.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';
import type { Sync } from '../../src/sync/context.ts';

export interface TestStore {
  readonly sync: Sync;
  readonly close: () => Promise<void>;
}

export async function openTestStore(declaration: Declaration, brake: Partial<Sync['brake']> = {}): Promise<TestStore> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-store-'));
  const db = openDatabase(`sqlite:${join(folder, 'r.db')}`);
  await migrate(db);
  let clock = Date.parse('2026-01-01T00:00:00Z');
  const now = (): string => new Date((clock += 1000)).toISOString();
  const sync: Sync = { db, brake: { share: 0.2, people: 10, windowMs: 86_400_000, deadlineMs: null, ...brake }, now };
  await declare(sync, declaration, { preview: false });
  return {
    sync,
    close: async () => {
      await db.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
