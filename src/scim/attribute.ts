// What the schemas say of an attribute (RFC 7643 section 7), as plain data: /Schemas prints it, and paths, filters,
// bodies and patches are all read by it.

export interface Attribute {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'decimal' | 'integer' | 'dateTime' | 'reference' | 'binary' | 'complex';
  readonly multiValued: boolean;
  readonly description: string;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly';
  readonly returned: 'always' | 'never' | 'default' | 'request';
  readonly uniqueness: 'none' | 'server' | 'global';
  readonly canonicalValues?: readonly string[];
  readonly referenceTypes?: readonly string[];
  readonly subAttributes?: readonly Attribute[];
}

export interface Schema {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly Attribute[];
}

const COMMON = {
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
} as const;

type More = Partial<Omit<Attribute, 'name' | 'type' | 'description'>>;

export function text(name: string, description: string, more: More = {}): Attribute {
  return { name, type: 'string', description, ...COMMON, ...more };
}

export function truth(name: string, description: string, more: More = {}): Attribute {
  return { name, type: 'boolean', description, ...COMMON, ...more };
}

export function instant(name: string, description: string, more: More = {}): Attribute {
  return { name, type: 'dateTime', description, ...COMMON, ...more };
}

export function reference(
  name: string,
  referenceTypes: readonly string[],
  description: string,
  more: More = {},
): Attribute {
  return { name, type: 'reference', description, referenceTypes, ...COMMON, caseExact: true, ...more };
}

export function complex(
  name: string,
  description: string,
  subAttributes: readonly Attribute[],
  more: More = {},
): Attribute {
  return { name, type: 'complex', description, subAttributes, ...COMMON, ...more };
}

/** A multi-valued attribute of the usual form: value, display, type, primary (RFC 7643 section 2.4). */
export function list(name: string, description: string, types: readonly string[], value: Attribute): Attribute {
  const kind = types.length === 0 ? {} : { canonicalValues: types };
  const subAttributes = [
    value,
    text('display', 'A name for people to read'),
    text('type', 'What it is used for', kind),
    truth('primary', 'Whether it is the one to use first; true for one value at most'),
  ];
  return complex(name, description, subAttributes, { multiValued: true });
}

/** Attributes that every resource has (RFC 7643 section 3.1); they belong to no schema. */
export const COMMON_ATTRIBUTES: readonly Attribute[] = [
  text('schemas', 'The schemas of the resource', { multiValued: true, caseExact: true, returned: 'always' }),
  text('id', 'The id that this server has given', {
    caseExact: true,
    mutability: 'readOnly',
    returned: 'always',
    uniqueness: 'server',
  }),
  text('externalId', "The client's own id", { caseExact: true }),
  complex(
    'meta',
    'What the server knows of the resource',
    [
      text('resourceType', 'User or Group', { caseExact: true, mutability: 'readOnly' }),
      instant('created', 'When it was made', { mutability: 'readOnly' }),
      instant('lastModified', 'When it was last changed', { mutability: 'readOnly' }),
      reference('location', ['uri'], 'Its address', { mutability: 'readOnly' }),
      text('version', 'Its ETag', { caseExact: true, mutability: 'readOnly' }),
    ],
    { mutability: 'readOnly' },
  ),
];
