// What is wrong at a place of the configuration, before its line is looked up; and how a schema's issues become that.
import { z } from 'zod';
import type { Path } from './document.ts';
import { suggestion } from '../core/nearest.ts';
import { describeIssue } from './wording.ts';

export interface Finding {
  readonly path: Path;
  /** Stands behind the path: `must be a list`. */
  readonly message: string;
}

export interface Findings {
  readonly faults: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** The value, or null and everything that is wrong with it. */
export function readAs<T>(
  schema: z.ZodType<T>,
  value: unknown,
  path: Path,
): { readonly value: T | null; readonly findings: readonly Finding[] } {
  const read = schema.safeParse(value, { error: describeIssue });
  if (read.success) return { value: read.data, findings: [] };
  return { value: null, findings: read.error.issues.flatMap((issue) => findingsOf(issue, schema, path, [])) };
}

/**
 * Those fields of an object that can be read, each for itself: what two good fields say of each other is a fault
 * even while a third is bad, and all faults are told at once.
 */
export function readableFields<Shape extends z.core.$ZodShape>(
  schema: z.ZodObject<Shape, z.core.$strict>,
  value: unknown,
): Partial<z.output<z.ZodObject<Shape, z.core.$strict>>> {
  if (typeof value !== 'object' || value === null) return {};
  const written = new Map<string, unknown>(Object.entries(value));
  const fields: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(schema.shape)) {
    const read = z.safeParse(field, written.get(key));
    if (read.success) fields[key] = read.data;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each field was just parsed by the schema of its key
  return fields as Partial<z.output<z.ZodObject<Shape, z.core.$strict>>>;
}

function findingsOf(issue: z.core.$ZodIssue, schema: z.ZodType, base: Path, inner: Path): readonly Finding[] {
  const within = [...inner, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  const path = [...base, ...within];
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, within);
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, known) }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // Whoever wrote a list meant the list: the branch that got further in says what is wrong.
    const deeper = issue.errors.find((branch) => branch.some((error) => error.path.length > 0));
    if (deeper !== undefined) return deeper.flatMap((error) => findingsOf(error, schema, base, within));
    const messages = new Set(issue.errors.flatMap((branch) => branch.map((error) => error.message)));
    return [{ path, message: [...messages].join(', or ') }];
  }
  return [{ path, message: issue.message }];
}

export function unknownKey(key: string, known: readonly string[]): string {
  const near = suggestion(key, known);
  if (near !== '') return `is an unknown key${near}`;
  return known.length === 0 ? 'is an unknown key' : `is an unknown key. Known here: ${known.join(', ')}`;
}

/** The keys that a schema knows at a path; empty where it is not a fixed set. */
export function keysAt(schema: z.core.$ZodType, path: Path): readonly string[] {
  const [part, ...rest] = path;
  if (schema instanceof z.ZodObject) {
    const shape: z.core.$ZodShape = schema.shape;
    if (part === undefined) return Object.keys(shape);
    const field = shape[String(part)];
    return field === undefined ? [] : keysAt(field, rest);
  }
  if (schema instanceof z.ZodArray) return part === undefined ? [] : keysAt(schema.element, rest);
  if (schema instanceof z.ZodUnion) return [...new Set(schema.options.flatMap((option) => keysAt(option, path)))];
  if (schema instanceof z.ZodPipe) return keysAt(schema.in, path);
  const wraps = schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return wraps ? keysAt(schema.def.innerType, path) : [];
}
