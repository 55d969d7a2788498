// The two kinds of resource, each with its schema and extensions.
import type { Schema } from './attribute.ts';
import { GROUP_SCHEMA } from './schema-group.ts';
import { ENTERPRISE_SCHEMA, USER_SCHEMA } from './schema-user.ts';

export interface ResourceType {
  readonly name: 'User' | 'Group';
  readonly endpoint: '/Users' | '/Groups';
  readonly schema: Schema;
  readonly extensions: readonly Schema[];
}

export const USER: ResourceType = {
  name: 'User',
  endpoint: '/Users',
  schema: USER_SCHEMA,
  extensions: [ENTERPRISE_SCHEMA],
};

export const GROUP: ResourceType = { name: 'Group', endpoint: '/Groups', schema: GROUP_SCHEMA, extensions: [] };

export const RESOURCE_TYPES: readonly ResourceType[] = [USER, GROUP];
