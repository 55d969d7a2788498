// The one error class. A fault that a person can mend carries a stable code, what is wrong, where, and what to do;
// the edge (cli, http, scim) turns the code into an exit code or a status. The private detail travels as `cause`.

/** Every code that an error of Rollcall can carry; a `switch` over it narrows. */
export type ErrorCode =
  | 'config_invalid' // the configuration file has faults; `faults` lists them all
  | 'config_unreadable' // the file cannot be read or is not YAML
  | 'input_invalid' // an argument, an address or an id that cannot be used
  | 'not_found' // the named organization, connection, hold, person … does not exist
  | 'conflict' // the wish contradicts what is stored (an Owner who would leave, an account linked twice)
  | 'ldif_invalid' // an LDIF record that cannot be parsed
  | 'filter_invalid' // an LDAP search filter that cannot be parsed (RFC 4515)
  | 'dn_invalid' // a distinguished name that cannot be parsed (RFC 4514)
  | 'base_not_found' // the search base is not in the directory
  | 'directory_unreachable' // a directory server cannot be connected to, is no LDAP server, or went silent or away
  | 'directory_refused' // a directory server answered and did not do it: a refused bind, a limit, a missing base
  | 'already_running' // the connection has a run under way
  | 'connection_paused' // the connection is paused: nothing is read
  | 'declared_in_file' // what the configuration file states is read-only elsewhere
  | 'schema_outdated' // the database was written by a newer Rollcall, or was never migrated
  | 'database_unreachable' // the database server cannot be reached, refuses the user, or has no such database
  | 'database_unfit' // the server's settings would lose or garble what is stored, or the user may not create tables
  | 'database_busy' // another process has been writing for longer than anybody waits
  | 'lease_lost' // another process took over what this one was doing
  | 'unauthenticated' // nobody is signed in, or the token is none that is good here
  | 'forbidden' // the caller may not do that
  | 'invitation_invalid' // an invitation that is wrong, used, withdrawn, expired or for another address
  | 'link_invalid' // a mailed link that is wrong, used or expired
  | 'access_ended' // the person is known and deactivated: somebody else has to help
  | 'signup_closed' // people come by invitation only
  | 'too_many_attempts' // nothing more is looked at for a while; `retryAfterMs` says how long
  | 'busy'; // more is asked at this moment than can be done: try again

/** One fault of a configuration: where it stands and what to do. */
export interface Fault {
  /** Dotted path into the file (`mappings[2].role`), or a file name. */
  readonly at: string;
  readonly message: string;
  /** 1-based line in the file, when it is known. */
  readonly line?: number;
}

export class RollcallError extends Error {
  readonly code: ErrorCode;
  readonly faults: readonly Fault[];
  /** After how long trying again makes sense; null where it never does. */
  readonly retryAfterMs: number | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; faults?: readonly Fault[]; retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RollcallError';
    this.code = code;
    this.faults = options.faults ?? [];
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}
