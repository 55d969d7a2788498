// Whether what is referred to is declared in this file.
import { suggestion } from '../core/nearest.ts';
import type { Parts } from './read.ts';

/** Why an id refers to nothing, or null. A list that could not be read at all is one fault, not one for each reference. */
export function unknownId(id: string, list: 'organizations' | 'connections', parts: Parts): string | null {
  if (parts.faults.some(({ path }) => path.length === 1 && path[0] === list)) return null;
  const known = parts[list].flatMap(({ named }) => (named === null ? [] : [named]));
  if (known.includes(id)) return null;
  const noun = list === 'organizations' ? 'an organization' : 'a connection';
  return `names ${noun} that this file does not declare: ${id}${suggestion(id, known)}`;
}
