// If-Match and If-None-Match (RFC 7644 section 3.14): weak and strong spellings of one version are the same one.
import { ScimError } from '../scim/scim-error.ts';
import type { Resource } from './scim-present.ts';
import { etagOf } from './scim-present.ts';

/** @throws ScimError 412 when the resource is no longer the version that the client knows. */
export function requireMatch(ifMatch: string | null, resource: Pick<Resource, 'version'>): void {
  if (ifMatch === null || names(ifMatch, resource)) return;
  throw new ScimError(412, null, `the resource is now ${etagOf(resource)}: read it again, and change that`);
}

/** Whether the header names the resource's present version, or any. */
export function names(header: string, resource: Pick<Resource, 'version'>): boolean {
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//i, ''));
  return tags.includes('*') || tags.includes(`"${resource.version}"`);
}
