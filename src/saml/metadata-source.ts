// Reading metadata from where the connection says it is: a file, an address or the text itself. Bounded in size and
// time, and never further than the address that was written: a redirect could lead inside the operator's network.
import { readFile, stat } from 'node:fs/promises';
import type { IdpMetadata } from '../connection/saml.ts';
import { RollcallError } from '../errors.ts';
import { METADATA_BOUNDS } from './rules/bounds.ts';

const FETCH_MS = 10_000;

/** @throws RollcallError `input_invalid` that says which source, why, and what to do. */
export async function readMetadataSource(source: IdpMetadata): Promise<string> {
  switch (source.kind) {
    case 'xml':
      return source.xml;
    case 'file':
      return readMetadataFile(source.path);
    case 'url':
      return fetchMetadata(source.url);
  }
}

/** Names the source without repeating a whole document. */
export function sourceKey(source: IdpMetadata): string {
  switch (source.kind) {
    case 'xml':
      return `xml ${source.xml}`;
    case 'file':
      return `file ${source.path}`;
    case 'url':
      return `url ${source.url}`;
  }
}

async function readMetadataFile(path: string): Promise<string> {
  try {
    if ((await stat(path)).size > METADATA_BOUNDS.bytes) throw tooLarge(`the file ${path}`);
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (cause instanceof RollcallError) throw cause;
    throw new RollcallError('input_invalid', `idpMetadata: cannot read the file ${path}: put the metadata there`, {
      cause,
    });
  }
}

async function fetchMetadata(url: string): Promise<string> {
  try {
    const response = await fetch(url, {
      redirect: 'error',
      signal: AbortSignal.timeout(FETCH_MS),
      headers: { accept: 'application/samlmetadata+xml, application/xml, text/xml' },
    });
    if (!response.ok || response.body === null) {
      throw new RollcallError('input_invalid', `idpMetadata: ${url} answered ${response.status}`);
    }
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of response.body) {
      length += part.length;
      if (length > METADATA_BOUNDS.bytes) throw tooLarge(url);
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  } catch (cause) {
    if (cause instanceof RollcallError) throw cause;
    const why = 'it does not answer within 10 seconds, or leads elsewhere';
    throw new RollcallError('input_invalid', `idpMetadata: cannot fetch ${url}: ${why}`, { cause });
  }
}

function tooLarge(what: string): RollcallError {
  const megabytes = METADATA_BOUNDS.bytes / 1024 / 1024;
  return new RollcallError(
    'input_invalid',
    `idpMetadata: ${what} is larger than ${megabytes} MB: it is not one provider's`,
  );
}
