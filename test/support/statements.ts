// The statements that a store on SQLite was asked, and which of them look through more than they need: a scan of a table
// that grows, or an index entered by a column that all rows of a company share.
import type { Database } from '../../src/store/database.ts';

/** Tables that grow with people, groups, requests and time. */
const LARGE = new Set([
  ...['accounts', 'external_people', 'external_groups', 'links', 'memberships', 'placements', 'person_grants'],
  ...['blocks', 'keeps', 'conflicts', 'runs', 'plans', 'changes', 'brake_spent', 'events', 'deliveries'],
  ...['scim_resources', 'scim_values', 'scim_requests', 'credentials', 'sessions', 'session_openings'],
  ...[
    'api_tokens',
    'account_events',
    'account_activations',
    'invitations',
    'mailed_links',
    'saml_attempts',
    'saml_sessions',
  ],
  ...['saml_requests', 'saml_used_ids', 'throttles'],
]);

/** Columns that a whole company, or all of time, has in common. */
const SHARED = /\((connection|organization|in_group|state|type|kind|channel|status|part|attribute)=\?\)$/;

/** Holds by the statement's own literals what these name: it is as small as what is open. */
const SMALL = /INDEX (plans_committing|events_unplaced)$/;

interface Connection {
  prepare: (text: string) => unknown;
}

/** From now on every reading, changing and deleting statement is added to the set. */
export async function recordStatements(db: Database): Promise<ReadonlySet<string>> {
  const asked = new Set<string>();
  const pool = db.client as {
    readonly acquireConnection: () => Promise<Connection>;
    readonly releaseConnection: (connection: Connection) => Promise<void>;
  };
  const connection = await pool.acquireConnection();
  const prepare = connection.prepare.bind(connection);
  connection.prepare = (text) => {
    if (/^\s*(select|update|delete)\b/i.test(text)) asked.add(text);
    return prepare(text);
  };
  await pool.releaseConnection(connection);
  return asked;
}

/** Steps that look through too much, each after its statement; statements that `except` names are not looked at. */
export async function scansAmong(
  db: Database,
  asked: ReadonlySet<string>,
  except: readonly RegExp[] = [],
): Promise<string[]> {
  const found: string[] = [];
  for (const text of [...asked].filter((one) => !except.some((pattern) => pattern.test(one)))) {
    const values = (text.match(/\?/g) ?? []).map(() => '[]');
    const steps: { readonly detail: string }[] = await db.raw(`EXPLAIN QUERY PLAN ${text}`, values);
    const tables = tablesByName(text);
    for (const { detail } of steps) {
      const [, how, name = ''] = /^(SCAN|SEARCH) (\w+)/.exec(detail) ?? [];
      const isLoose = how === 'SCAN' ? !SMALL.test(detail) : SHARED.test(detail);
      if (isLoose && LARGE.has(tables.get(name) ?? name)) found.push(`${text.replaceAll(/\s+/g, ' ')}: ${detail}`);
    }
  }
  return found;
}

/** The plan names tables as the statement does. */
function tablesByName(text: string): ReadonlyMap<string, string> {
  const named = text.matchAll(/\b(?:FROM|JOIN)\s+[`"]?(\w+)[`"]?\s+(?:AS\s+)?[`"]?(\w+)[`"]?/gi);
  return new Map([...named].map(([, table = '', name = '']) => [name, table]));
}
