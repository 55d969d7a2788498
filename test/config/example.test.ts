import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { loadConfig } from '../../src/config/load.ts';
import { channels, configFile, connection, mapping, organization, settingsByKind } from '../../src/config/schema.ts';

const EXAMPLE = fileURLToPath(new URL('../../config/rollcall.example.yaml', import.meta.url));
const ENV = {
  ACME_SCIM_TOKEN: 'a',
  CORP_CA: 'b',
  CORP_BIND: 'c',
  HOOK_SECRET: 'd',
  ZD_TOKEN: 'e',
  MAIL_SERVER: 'smtp://f',
};

/** Every key of a schema, dotted, as deep as it is a fixed set; `[]` for the items of a list. */
function keysOf(schema: z.core.$ZodType, path: string): readonly string[] {
  if (schema instanceof z.ZodObject) {
    const shape: z.core.$ZodShape = schema.shape;
    return Object.entries(shape).flatMap(([key, field]) => [`${path}.${key}`, ...keysOf(field, `${path}.${key}`)]);
  }
  if (schema instanceof z.ZodArray) return keysOf(schema.element, `${path}[]`);
  if (schema instanceof z.ZodPipe) return keysOf(schema.in, path);
  const wraps = schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return wraps ? keysOf(schema.def.innerType, path) : [];
}

function keysIn(value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => keysIn(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [`${path}.${key}`, ...keysIn(inner, `${path}.${key}`)]);
}

const itemsOf = (document: Record<string, unknown>, list: string, key: string, value: string): readonly unknown[] =>
  z
    .array(z.looseObject({}))
    .parse(document[list])
    .filter((item) => item[key] === value);

test('the example names every key that the configuration knows', () => {
  const document = z.looseObject({}).parse(parse(readFileSync(EXAMPLE, 'utf8')));
  const missing = (schema: z.ZodType, value: unknown, path: string): readonly string[] => {
    const named = new Set(keysIn(value, path));
    return keysOf(schema, path).filter((key) => !named.has(key));
  };
  const lists = { organizations: organization, mappings: mapping, connections: connection };
  expect(missing(configFile, document, '')).toEqual([]);
  for (const [list, schema] of Object.entries(lists))
    expect(missing(z.array(schema), document[list], list)).toEqual([]);
  for (const [kind, schema] of Object.entries(settingsByKind)) {
    expect(missing(z.array(schema), itemsOf(document, 'connections', 'kind', kind), kind)).toEqual([]);
  }
  for (const [channel, schema] of Object.entries(channels)) {
    expect(missing(z.array(schema), itemsOf(document, 'escalation', 'channel', channel), channel)).toEqual([]);
  }
  // What is looked for is found: the walk goes through lists, defaults and transforms.
  expect(keysOf(z.array(settingsByKind.ldap), '')).toContain('[].users.disabled.values');
});

test('the example is free of faults', () => {
  const config = loadConfig({ file: EXAMPLE, env: ENV });
  expect(config.warnings.map(({ at, message }) => [at, message.includes('not yet served')])).toEqual([
    ['escalation[2]', true],
  ]);
  expect(config.connections.map(({ kind }) => kind)).toEqual(['scim', 'saml', 'ldap']);
});

test('the example states the defaults as they are', () => {
  const config = loadConfig({ file: EXAMPLE, env: ENV });
  const plain = configFile.parse({});
  const { window, deadline, ...brake } = plain.brake;
  expect(config.brake).toEqual({ ...brake, windowMs: window, deadlineMs: deadline });
  const { drain, ...server } = plain.server;
  expect(config.server).toEqual({ ...server, publicUrl: 'http://localhost:8080', drainMs: drain });
  expect(config.limits).toEqual(plain.limits);
});
