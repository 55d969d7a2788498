// A process of its own that takes a lease, says so, and keeps it until it is killed: `node lease-holder.ts URL NAME`.
import { openDatabase } from '../../src/store/database.ts';
import { acquireLease, keepLease } from '../../src/store/leases.ts';

const [url = '', name = ''] = process.argv.slice(2);
const db = openDatabase(url);
const lease = await acquireLease(db, name);
if (lease !== null) keepLease(db, lease);
console.log(lease === null ? 'refused' : 'held');
if (lease === null) await db.destroy();
// The timer alone would let the process end.
else setInterval(() => undefined, 1_000);
