// What is sent to a server, encoded by ldapts. No request sets a size or time limit of its own: a limit that the client
// wished for would end the search like a success.
import { BindRequest, ExtendedRequest, PagedResultsControl, SearchRequest, UnbindRequest } from 'ldapts';
import type { Filter } from '../../connection/filter.ts';
import { LdapFilter } from './filter.ts';

/** A request that waits for its number. */
export type Request = (messageId: number) => Buffer;

export interface Search {
  readonly base: string;
  readonly scope: 'base' | 'sub';
  readonly filter: Filter;
  readonly attributes: readonly string[];
  readonly page: { readonly size: number; readonly cookie: Buffer } | null;
}

const START_TLS = '1.3.6.1.4.1.1466.20037';

export function bindRequest(dn: string, password: string): Request {
  return (messageId) => new BindRequest({ messageId, dn, password }).write();
}

export function startTlsRequest(): Request {
  return (messageId) => new ExtendedRequest({ messageId, oid: START_TLS }).write();
}

export function unbindRequest(): Request {
  return (messageId) => new UnbindRequest({ messageId }).write();
}

export function searchRequest({ base, scope, filter, attributes, page }: Search): Request {
  return (messageId) =>
    new SearchRequest({
      messageId,
      baseDN: base,
      scope,
      filter: new LdapFilter(filter),
      attributes: [...attributes],
      sizeLimit: 0,
      timeLimit: 0,
      // Critical: a server that can't page must say so, and not send its first thousand as if they were all.
      controls: page === null ? [] : [new PagedResultsControl({ critical: true, value: page })],
    }).write();
}
