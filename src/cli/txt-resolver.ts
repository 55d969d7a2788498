// Whom the TXT records of domains are asked of: the system's resolvers, or those that ROLLCALL_DNS_SERVERS names.
import { Resolver } from 'node:dns/promises';
import type { Environment } from '../connection/secret.ts';
import { RollcallError } from '../errors.ts';
import type { TxtResolver } from '../organization/domains.ts';

const VARIABLE = 'ROLLCALL_DNS_SERVERS';

/** @throws RollcallError `config_invalid` for what is no list of addresses. */
export function txtResolver(env: Environment): TxtResolver {
  const resolver = new Resolver({ timeout: 5000, tries: 2 });
  const named = env[VARIABLE] ?? '';
  try {
    if (named !== '') resolver.setServers(named.split(',').map((server) => server.trim()));
  } catch (cause) {
    throw new RollcallError(
      'config_invalid',
      `${VARIABLE} must hold addresses with commas between, such as 192.0.2.1 or 192.0.2.1:53`,
      { cause },
    );
  }
  return async (name) => resolver.resolveTxt(name);
}
