// A request as a test writes it, and what must be answered.
import type { Json, JsonObject } from '../../src/scim/json.ts';
import { PATCH_OP } from './fixtures/fixture.ts';

export interface Call {
  readonly method: string;
  readonly path: string;
  /** Text and bytes are sent as they are. */
  readonly body?: Json | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Null for none. */
  readonly token?: string | null;
}

export interface Refused extends Call {
  readonly what: string;
  readonly status: number;
  readonly scimType?: string;
  /** Says what to do. */
  readonly detail: RegExp;
  readonly allow?: string;
}

export interface Accepted extends Call {
  readonly what: string;
  readonly status: number;
  readonly answers: JsonObject;
}

type Refusal = readonly [status: number, scimType: string | null, detail: RegExp];

export function refused(what: string, call: Call, [status, scimType, detail]: Refusal): Refused {
  return { what, ...call, status, ...(scimType === null ? {} : { scimType }), detail };
}

export const get = (path: string, more: Partial<Call> = {}): Call => ({ method: 'GET', path, ...more });
export const send = (method: string, path: string, body: Call['body'], more: Partial<Call> = {}): Call => {
  return { method, path, ...(body === undefined ? {} : { body }), ...more };
};
export const post = (body: Call['body'], headers: Call['headers'] = {}): Call =>
  send('POST', '/Users', body, { headers });
export const patch = (path: string, ...Operations: Json[]): Call => {
  return send('PATCH', path, { schemas: [PATCH_OP], Operations });
};
export const alice = (...of: Json[]): Call => patch('/Users/{alice}', ...of);
export const team = (...of: Json[]): Call => patch('/Groups/{team}', ...of);
