// What the commands of single sign-on work on: the store, the installation's key, and the connection that is named.
import { readFileSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { loadSecretKey } from '../config/secret-key.ts';
import { RollcallError } from '../errors.ts';
import type { ProviderDoor, SamlConnection, SamlDoor } from '../http/saml-door.ts';
import { findSamlConnection } from '../http/saml-door.ts';
import { sealingKey } from '../store/sealed.ts';
import type { Context } from './command.ts';

/** One subject of `rollcall saml`: what follows the connection on the command line, and what comes of it. */
export type SamlSubject = (context: Context, call: SamlCall) => Promise<number>;

export interface SamlCall {
  readonly connection: string;
  readonly action: string | null;
  readonly value: string | null;
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

export type SamlDesk = ProviderDoor & Pick<SamlDoor, 'sealingKey'>;

export async function openDesk({ config, sync, env, out }: Context): Promise<SamlDesk> {
  const { connections, database, server } = config();
  return {
    sync: await sync(),
    publicUrl: server.publicUrl,
    settingsOf: samlSettingsOf(connections),
    sealingKey: sealingKey(loadSecretKey(database.url, env)),
    log: (line) => out.warn(line),
  };
}

/** Settings stand in the file alone. */
export function samlSettingsOf(connections: Config['connections']): SamlDoor['settingsOf'] {
  return async (id) => {
    const declared = connections.find((one) => one.id === id);
    return declared?.kind === 'saml' ? declared.settings : null;
  };
}

/** @throws RollcallError `not_found`. */
export async function needSaml(desk: ProviderDoor, id: string): Promise<SamlConnection> {
  const found = await findSamlConnection(desk, id);
  if (found !== null) return found;
  throw new RollcallError('not_found', `there is no SAML connection ${id}: \`rollcall connections\` lists them`);
}

/** A file, or standard input for `-`. @throws RollcallError `input_invalid`. */
export function readInput(path: string): Buffer {
  try {
    return readFileSync(path === '-' ? 0 : path);
  } catch (cause) {
    throw new RollcallError('input_invalid', `cannot read the file ${path}`, { cause });
  }
}
