// `migrate`: brings the schema up.
import { migrate } from '../store/migrate.ts';
import { openDatabase } from '../store/database.ts';
import type { Command } from './command.ts';
import { EXIT } from './command.ts';

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'bring the database schema up to date',
  examples: ['rollcall migrate'],
  async run({ out, config }) {
    const db = openDatabase(config().database.url);
    try {
      const applied = await migrate(db);
      out.document({ applied });
      out.line(applied.length === 0 ? 'the schema is up to date' : `applied ${applied.join(', ')}`);
    } finally {
      await db.destroy();
    }
    return EXIT.done;
  },
};
