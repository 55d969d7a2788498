// A request's body: read only for those who may send one, within a bound, as JSON.
import type { Request } from 'express';
import type { Json } from '../scim/json.ts';
import { ScimError, refuse, shown } from '../scim/scim-error.ts';

const MEDIA_TYPES: ReadonlySet<string> = new Set(['application/scim+json', 'application/json']);
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]*)/i;
/** Each costs more than its bytes; a group of a hundred thousand members, four words each, has fewer. */
const MAX_VALUES = 500_000;
/** Only an escape can bring in what no text holds: one of NUL, or of half a pair. */
const DOUBTFUL = /\\u(?:0000|d[89a-f])/i;

/** @throws ScimError 415, 413 or `invalidSyntax` */
export async function readJson(request: Request, limit: number): Promise<Json> {
  const { 'content-type': type, 'content-encoding': encoding = 'identity', 'content-length': length } = request.headers;
  const media = (type ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!MEDIA_TYPES.has(media) || encoding.toLowerCase() !== 'identity') {
    const sent = media === '' ? 'without a Content-Type' : `as ${shown(media)}`;
    throw new ScimError(
      415,
      null,
      `the body came ${sent}: send application/scim+json or application/json, uncompressed`,
    );
  }
  const charset = CHARSET.exec(type ?? '')?.[1]?.toLowerCase() ?? 'utf-8';
  if (charset !== 'utf-8' && charset !== 'utf8') {
    throw new ScimError(415, null, `the body came in the charset ${shown(charset)}: JSON is sent as UTF-8`);
  }
  if (Number(length ?? 0) > limit) throw tooLarge(limit);
  const text = textOf(await readBytes(request, limit));
  if (hasMoreThan(MAX_VALUES, text)) {
    throw new ScimError(413, null, `the body holds more than ${MAX_VALUES} values: send several requests`);
  }
  try {
    return (DOUBTFUL.test(text) ? JSON.parse(text, storable) : JSON.parse(text)) as Json;
  } catch (error) {
    if (error instanceof ScimError) throw error;
    throw refuse('invalidSyntax', text.trim() === '' ? 'the body is empty: it must be JSON' : 'the body is no JSON');
  }
}

/** As commas tell, those in a text too. */
function hasMoreThan(values: number, text: string): boolean {
  let count = 1;
  for (let at = text.indexOf(','); at >= 0 && count <= values; at = text.indexOf(',', at + 1)) count += 1;
  return count > values;
}

/** A character that can't be read would come back as another one. */
function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refuse('invalidSyntax', 'the body is not valid UTF-8: it may have been written in another charset');
  }
}

/** What a database can't keep could not be read back as sent: NUL, and half of a surrogate pair. */
function storable(key: string, value: unknown): unknown {
  const texts = typeof value === 'string' ? [key, value] : [key];
  if (texts.every((text) => text.isWellFormed() && !text.includes('\0'))) return value;
  throw refuse('invalidValue', 'the body holds a NUL character or half of a surrogate pair, which no text can have');
}

async function readBytes(request: Request, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // A stream that is left half-way stays open: the refusal has to go out on it.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw tooLarge(limit);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ScimError) throw error;
    throw refuse('invalidSyntax', 'the connection ended in the middle of the body');
  }
  return Buffer.concat(chunks);
}

function tooLarge(limit: number): ScimError {
  return new ScimError(413, null, `the body has more than ${limit} bytes: send several requests`);
}
