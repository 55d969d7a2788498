// Postgres, for several processes: a pool whose sessions are all set alike, numbers as SQLite gives them, and one
// clear line for a server that cannot be used. What the server must offer is checked in every session (law 12).
import knex from 'knex';
import type { Knex } from 'knex';
import { Client, types } from 'pg';
import { RollcallError } from '../errors.ts';
import { PATIENCE_MS } from './patience.ts';
import type { Server } from './postgres-faults.ts';
import { rejectionOf } from './postgres-faults.ts';

const POOL_SIZE = 10;
/** Longer than any step between two statements of a transaction: a machine that is gone gives up its locks. */
const IDLE_IN_TRANSACTION_MS = 60_000;
const CONNECT_MS = 10_000;
/** What does not wait for another goes out in one trip (read-together.ts); an option of pg that knex has no word for. */
const PIPELINED = { pipeline: true };

/** Counts and sums come as text from pg; ours are far below 2^53. Times and JSON are text columns on both databases. */
const NUMBERS: ReadonlySet<number> = new Set([types.builtins.INT8, types.builtins.NUMERIC]);

/** For these connections only: other users of pg in the process keep theirs. */
function parserOf(oid: number, format: string): Parser {
  return NUMBERS.has(oid) ? Number : ordinaryParser(oid, format);
}

type Parser = (value: string) => unknown;
const ordinaryParser = types.getTypeParser as (oid: number, format: string) => Parser;

/** Read committed: what is read after the write lock is taken is what the last writer left. */
const SESSION = [
  'SET default_transaction_isolation = "read committed"',
  `SET lock_timeout = ${PATIENCE_MS}`,
  `SET idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_MS}`,
];

export function openPostgres(url: string): Knex {
  const db = knex({
    client: 'pg',
    connection: {
      ...PIPELINED,
      connectionString: url,
      types: { getTypeParser: parserOf },
      application_name: 'rollcall',
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
    },
    pool: { min: 0, max: POOL_SIZE },
    // knex would tell of a refused connection on standard output; whoever asked is told by the error.
    log: { warn: () => undefined, error: () => undefined, debug: () => undefined, deprecate: () => undefined },
  });
  const client = db.client as { acquireRawConnection: () => Promise<Client> };
  const connect = client.acquireRawConnection.bind(client);
  client.acquireRawConnection = async () => {
    const connection = await connect().catch((error: unknown) => {
      throw rejectionOf(error, serverOf(url));
    });
    await prepareSession(connection).catch(async (error: unknown) => {
      await connection.end();
      throw error;
    });
    return connection;
  };
  return db;
}

/** The server as it may be named in a message: without the password, and with what the environment adds. */
function serverOf(url: string): Server {
  const { host, port, user, database } = new Client({ connectionString: url });
  return { server: host.startsWith('/') ? host : `${host}:${port}`, user: user ?? '', database: database ?? '' };
}

async function prepareSession(connection: Client): Promise<void> {
  await connection.query(SESSION.join(';'));
  const { rows } = await connection.query<{ fsync: string; commit: string; encoding: string }>(
    `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
            current_setting('server_encoding') AS encoding`,
  );
  const [row] = rows;
  if (row === undefined || row.fsync !== 'on') {
    throw new RollcallError(
      'database_unfit',
      'database.url: this Postgres runs with fsync = off and would lose what was acknowledged: turn fsync on',
    );
  }
  if (row.encoding !== 'UTF8') {
    throw new RollcallError(
      'database_unfit',
      `database.url: the database is encoded in ${row.encoding}: make one with ENCODING 'UTF8'`,
    );
  }
  // An answer is given after the commit is on disk, whatever the server or the role prefers (law 12).
  if (row.commit !== 'remote_apply') await connection.query('SET synchronous_commit = on');
}
