// A SCIM door of its own for a test: the real store, the real router on a real port, on either database.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { bearerTokenHash } from '../../src/connection/bearer-token.ts';
import type { ConnectionId, OrganizationId } from '../../src/core/ids.ts';
import type { ScimLimits } from '../../src/http/scim-door.ts';
import { scimRouter } from '../../src/http/scim-router.ts';
import type { Declaration } from '../../src/organization/declare.ts';
import type { Json, JsonObject } from '../../src/scim/json.ts';
import { addScimToken } from '../../src/store/scim-tokens.ts';
import type { Sync } from '../../src/sync/context.ts';
import type { StoreOptions } from '../support/store.ts';
import { openTestStore } from '../support/store.ts';

export const ACME = 'acme' as OrganizationId;
export const SCIM = 'acme-scim' as ConnectionId;
export const OTHER = 'globex-scim' as ConnectionId;
export const PUBLIC_URL = 'https://rollcall.example';

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: JsonObject;
}

export interface Door {
  readonly sync: Sync;
  readonly url: string;
  readonly errors: unknown[];
  readonly call: (
    method: string,
    path: string,
    body?: Json,
    options?: { readonly token?: string | null; readonly headers?: Readonly<Record<string, string>> },
  ) => Promise<Answered>;
  /** Creates, and gives the id. */
  readonly make: (path: string, body: JsonObject) => Promise<string>;
  readonly flush: () => Promise<void>;
  readonly close: () => Promise<void>;
}

function mapping(group: string, role: 'manager' | 'annotator' | 'reviewer'): Declaration['mappings'][number] {
  return {
    connection: SCIM,
    groupBy: 'name',
    group,
    groupKey: group,
    organization: ACME,
    role,
    workspace: null,
    project: null,
    projectRole: null,
  };
}

const ORGANIZATION = {
  roleAuthority: 'shared',
  defaultRole: 'not_activated',
  seats: null,
  successor: null,
  projects: [],
} as const;

export const DECLARATION: Declaration = {
  organizations: [
    { ...ORGANIZATION, id: ACME, title: 'Acme', owner: 'olga@acme.example', domains: ['acme.example'] },
    {
      ...ORGANIZATION,
      id: 'globex' as OrganizationId,
      title: 'Globex',
      owner: 'gus@globex.example',
      domains: ['globex.example'],
    },
  ],
  connections: [
    { id: SCIM, kind: 'scim', organization: ACME, state: null, lifecycle: true, trustEmail: 'verified' },
    {
      id: OTHER,
      kind: 'scim',
      organization: 'globex' as OrganizationId,
      state: null,
      lifecycle: true,
      trustEmail: 'verified',
    },
  ],
  mappings: [mapping('Managers', 'manager'), mapping('Annotators', 'annotator')],
};

export async function openDoor(limits: Partial<ScimLimits> = {}, store: StoreOptions = {}): Promise<Door> {
  const { sync, close } = await openTestStore(DECLARATION, { people: 10_000, ...store });
  for (const connection of [SCIM, OTHER]) {
    const hash = bearerTokenHash(`token-of-${connection}`);
    await addScimToken(sync.db, { connection, hash, expiresAt: null }, sync.now());
  }
  const errors: unknown[] = [];
  const scim = scimRouter({
    sync,
    publicUrl: PUBLIC_URL,
    limits: { requestsPerSecond: 0, ...limits },
    report: (error) => errors.push(error),
  });
  const server = createServer({ maxHeaderSize: 256 * 1024 }, express().use('/scim/v2', scim.router));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/scim/v2`;

  const call: Door['call'] = async (method, path, body, options = {}) => {
    const { token = `token-of-${SCIM}`, headers = {} } = options;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/scim+json' }),
        ...headers,
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const parsed: JsonObject = text === '' ? {} : (JSON.parse(text) as JsonObject);
    return { status: response.status, headers: response.headers, text, body: parsed };
  };
  return {
    sync,
    url,
    errors,
    call,
    make: async (path, body) => {
      const made = await call('POST', path, body);
      if (made.status !== 201) throw new Error(`${path} answered ${made.status}: ${made.text}`);
      return made.body['id'] as string;
    },
    flush: scim.close,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await scim.close();
      await close();
    },
  };
}
