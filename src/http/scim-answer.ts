// What the SCIM door answers: media type, errors with their status as text (RFC 7644 section 3.12), lists.
import type { Response } from 'express';
import { RollcallError } from '../errors.ts';
import type { Json, JsonObject } from '../scim/json.ts';
import { ScimError } from '../scim/scim-error.ts';
import type { PlanRef } from '../sync/context.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null for an answer without a body. */
  readonly body: JsonObject | null;
  /** What the request caused. */
  readonly plan: PlanRef | null;
}

export function answer(status: number, body: JsonObject | null, more: Partial<Answer> = {}): Answer {
  return { status, headers: {}, plan: null, ...more, body };
}

export function errorBody(status: number, scimType: string | null, detail: string): JsonObject {
  const typed = scimType === null ? {} : { scimType };
  return { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: String(status), ...typed, detail };
}

/** The answer to what was thrown; what nobody foresaw tells the client nothing of it. Who may come again is told when. */
export function errorAnswer(error: unknown, headers: Answer['headers'] = {}): Answer {
  if (error instanceof ScimError) {
    return answer(error.status, errorBody(error.status, error.scimType, error.message), { headers });
  }
  if (error instanceof RollcallError && error.code === 'database_busy') {
    return answer(503, errorBody(503, null, error.message), { headers: { ...headers, 'Retry-After': '5' } });
  }
  const detail = 'something unforeseen happened; nothing was changed. Try again, and tell whoever runs this server';
  return answer(500, errorBody(500, null, detail), { headers });
}

/** Resources, as a list that is whole. */
export function listBody(resources: readonly Json[], more: JsonObject = {}): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: resources.length,
    itemsPerPage: resources.length,
    ...more,
    Resources: resources,
  };
}

export function send(response: Response, { status, headers, body }: Answer): void {
  response.status(status).set(headers);
  // Not `json`: Express would add an ETag of its own, and answer 304 by it.
  if (body === null) response.end();
  else response.set('Content-Type', 'application/scim+json; charset=utf-8').end(JSON.stringify(body));
}
