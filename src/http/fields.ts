// The fields of a form or a JSON body: text of bounded length, or a refusal that names the field.
import { z } from 'zod';
import { emailAddress } from '../config/scalar.ts';
import { isAddress } from '../core/fact.ts';
import { RollcallError } from '../errors.ts';

/**
 * The text of a field; '' where it is missing. Twice the same field, or an object, is no text; nor is one with a NUL,
 * which Postgres does not store.
 */
export function textField(body: unknown, name: string): string {
  const value = fieldOf(body, name);
  return typeof value === 'string' && !value.includes('\0') ? value : '';
}

export function fieldOf(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined;
  return (body as Record<string, unknown>)[name];
}

/** @throws RollcallError `input_invalid` for what is no address. */
export function emailField(body: unknown, name = 'email'): string {
  const text = textField(body, name).trim();
  if (emailAddress.safeParse(text).success && isAddress(text)) return text.normalize('NFC');
  throw new RollcallError('input_invalid', `${name}: write an e-mail address such as anna@company.example`);
}

/** Nothing that is unseen or turns the text around it: a name stands in lists beside those of others. */
const NAME = z
  .string()
  .max(100)
  .regex(/^[^\p{Cc}\p{Cs}\p{Cn}<>\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]*$/u);

/**
 * A name of a person or a thing; null where it is missing or empty.
 * @throws RollcallError `input_invalid`, also for what is no text: taken for empty, it would wipe a name out.
 */
export function nameField(body: unknown, name: string): string | null {
  const value = fieldOf(body, name) ?? '';
  const read = NAME.safeParse(typeof value === 'string' ? value.trim().normalize('NFC') : value);
  if (read.success) return read.data === '' ? null : read.data;
  throw new RollcallError('input_invalid', `${name}: at most 100 characters, none of them < or > or invisible`);
}

/** @throws RollcallError `input_invalid` for what is neither true nor false. */
export function booleanField(body: unknown, name: string): boolean {
  const value = fieldOf(body, name);
  if (typeof value === 'boolean') return value;
  throw new RollcallError('input_invalid', `${name}: true or false`);
}

/**
 * The token of a link, from the query or the form that it led to; null where there is none. One that is there and empty
 * is a wrong one, so that it is refused and not ignored.
 */
export function tokenOf(query: unknown, body: unknown): string | null {
  if (fieldOf(query, 'token') !== undefined) return textField(query, 'token');
  const text = textField(body, 'token');
  return text === '' ? null : text;
}
