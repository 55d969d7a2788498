// What the server says of itself (RFC 7644 section 4, RFC 9865 section 4): only what is so.
import type { Schema } from './attribute.ts';
import { COMMON_ATTRIBUTES } from './attribute.ts';
import type { JsonObject } from './json.ts';
import type { ListLimits } from './list-query.ts';
import type { ResourceType } from './resource-type.ts';
import { RESOURCE_TYPES } from './resource-type.ts';

const PREFIX = 'urn:ietf:params:scim:schemas:core:2.0';

export interface DoorLimits extends ListLimits {
  readonly bodyBytes: number;
  readonly bulkOperations: number;
}

export function serviceProviderConfig(base: string, limits: DoorLimits): JsonObject {
  return {
    schemas: [`${PREFIX}:ServiceProviderConfig`],
    patch: { supported: true },
    bulk: { supported: true, maxOperations: limits.bulkOperations, maxPayloadSize: limits.bodyBytes },
    filter: { supported: true, maxResults: limits.maxCount },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    pagination: {
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: limits.defaultCount,
      maxPageSize: limits.maxCount,
    },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'A token of the connection, made by `rollcall token scim CONNECTION`',
        specUri: 'https://www.rfc-editor.org/rfc/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  };
}

export function resourceTypes(base: string): JsonObject[] {
  return RESOURCE_TYPES.map((type) => describeType(base, type));
}

/** All schemas of all resource types. */
export function schemas(base: string): JsonObject[] {
  return RESOURCE_TYPES.flatMap(({ schema, extensions }) => [withExternalId(schema), ...extensions]).map((schema) =>
    describeSchema(base, schema),
  );
}

/** It belongs to every resource and to no schema; but Entra maps to what it finds in /Schemas alone. */
function withExternalId(schema: Schema): Schema {
  const external = COMMON_ATTRIBUTES.filter(({ name }) => name === 'externalId');
  return { ...schema, attributes: [...external, ...schema.attributes] };
}

function describeType(base: string, { name, endpoint, schema, extensions }: ResourceType): JsonObject {
  return {
    schemas: [`${PREFIX}:ResourceType`],
    id: name,
    name,
    endpoint,
    description: schema.description,
    schema: schema.id,
    schemaExtensions: extensions.map(({ id }) => ({ schema: id, required: false })),
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
  };
}

function describeSchema(base: string, schema: Schema): JsonObject {
  return {
    schemas: [`${PREFIX}:Schema`],
    // Attributes are plain data: what is read by is what is shown.
    ...(JSON.parse(JSON.stringify(schema)) as JsonObject),
    meta: { resourceType: 'Schema', location: `${base}/Schemas/${schema.id}` },
  };
}
