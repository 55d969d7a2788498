// Why a Postgres cannot be used, in one line that says what to do. The cause travels along; a password never does.
import { RollcallError } from '../errors.ts';

export interface Server {
  readonly server: string;
  readonly user: string;
  readonly database: string;
}

export function rejectionOf(error: unknown, { server, user, database }: Server): unknown {
  const cause = error as { readonly code?: unknown; readonly message?: unknown };
  const code = typeof cause.code === 'string' ? cause.code : '';
  const message = typeof cause.message === 'string' ? cause.message : '';
  const reject = (words: string): RollcallError =>
    new RollcallError('database_unreachable', `database.url: ${words}`, { cause: error });
  if (message.includes('password must be a string')) {
    return reject(`Postgres at ${server} asks ${user} for a password: put it into the address or into PGPASSWORD`);
  }
  switch (code) {
    case '28P01':
    case '28000':
      return reject(`Postgres at ${server} refuses ${user}: check user and password (the address, or PGPASSWORD)`);
    case '3D000':
      return reject(`Postgres at ${server} has no database ${database}: create it, as with \`createdb ${database}\``);
    case '42501':
      return reject(`Postgres at ${server} does not let ${user} into ${database}: grant CONNECT on it`);
    case '53300':
      return reject(`Postgres at ${server} has no connection left: raise max_connections, or stop other clients`);
    case '57P03':
      return reject(`Postgres at ${server} is starting or stopping: try again in a moment`);
    default:
      break;
  }
  if (/^(E[A-Z]+|08...)$/.test(code) || /timeout|terminated|SSL/i.test(message)) {
    return reject(`cannot reach Postgres at ${server} (${code || message}): is it running, and is the address right?`);
  }
  return error;
}
