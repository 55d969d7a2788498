// A process of its own that writes twenty accounts: `node writer.ts URL SIDE`.
import type { AccountId } from '../../src/core/ids.ts';
import { addAccounts } from '../../src/store/accounts.ts';
import { inTransaction, openDatabase } from '../../src/store/database.ts';
import { newId } from '../../src/store/ids.ts';

const [url = '', side = ''] = process.argv.slice(2);
const db = openDatabase(url);
for (let nth = 0; nth < 20; nth += 1) {
  const account = { id: newId<AccountId>(), email: `${side}${nth}@acme.example`, firstName: null, lastName: null };
  await inTransaction(db, (trx) => addAccounts(trx, [account], new Date().toISOString()));
}
await db.destroy();
