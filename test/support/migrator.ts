// A process of its own that brings the schema up and prints what it applied: `node migrator.ts URL AT`, where AT is
// the moment, in milliseconds, at which all of them begin.
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrate.ts';

const [url = '', at = '0'] = process.argv.slice(2);
await sleep(Math.max(0, Number(at) - Date.now()));
const db = openDatabase(url);
for (const name of await migrate(db)) console.log(name);
await db.destroy();
