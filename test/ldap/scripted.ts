// Scripted servers for the tests of this folder, and the shortest ways to say what one does.
import { afterEach } from 'vitest';
import { type Asked, type Reply, type Script, ScriptedLdap } from '../support/scripted-ldap.ts';
import type { Said } from './exported.ts';

const started: ScriptedLdap[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
});

/** Stopped after the test. */
export async function serve(script: Script): Promise<ScriptedLdap> {
  const server = await ScriptedLdap.start(script);
  started.push(server);
  return server;
}

export const id = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

export function person(reply: Reply, number: number): Reply {
  return reply.entry(`uid=p${number},ou=people,dc=corp`, {
    entryUUID: [id(number)],
    uid: [`p${number}`],
    mail: [`p${number}@corp.example`],
  });
}

/** No groups, and the people by the given rule. */
export function people(search: (asked: Asked, reply: Reply) => void, more: Partial<Script> = {}): Script {
  return {
    ...more,
    search: (asked, reply) => (asked.dn.startsWith('ou=groups') ? reply.done() : search(asked, reply)),
  };
}

/** Pages of people by the number in their cookie. */
export const pages = (...each: readonly ((reply: Reply) => unknown)[]) =>
  people((asked, reply) => {
    const at = asked.page?.cookie === '' ? 0 : Number(asked.page?.cookie);
    each[at]?.(reply);
  });

export const uids = (read: Said) => read.people.map(({ attributes }) => attributes.userName);
