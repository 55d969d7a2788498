// A process of its own that reads the staff and stands still where it is told to, until it is killed:
// `node staff-reader.ts URL COUNT reading|planning|committing`.
import { openDatabase } from '../../src/store/database.ts';
import type { Sync } from '../../src/sync/context.ts';
import { runDirectory } from '../../src/sync/directory-run.ts';
import { names, readStaff } from './staff-reading.ts';

const [url = '', count = '0', stop = ''] = process.argv.slice(2);
const sync: Sync = {
  db: openDatabase(url),
  brake: { share: 0.2, people: 10, windowMs: 86_400_000, deadlineMs: null },
  now: () => new Date().toISOString(),
};
await runDirectory(sync, readStaff(sync.now(), names('p', Number(count))), {
  preview: false,
  progress: (step, done) => {
    if (step !== stop || done === 0) return;
    console.log(stop);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
});
