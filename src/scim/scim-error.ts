// A refusal of the SCIM door: a status, the scimType of RFC 7644 section 3.12 where there is one, and what to do.
import type { ErrorCode } from '../errors.ts';
import { RollcallError } from '../errors.ts';

export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers'
  | 'invalidCursor'
  | 'invalidCount';

export class ScimError extends RollcallError {
  readonly status: number;
  readonly scimType: ScimType | null;

  constructor(status: number, scimType: ScimType | null, detail: string) {
    super(codeOf(status), detail);
    this.name = 'ScimError';
    this.status = status;
    this.scimType = scimType;
  }
}

function codeOf(status: number): ErrorCode {
  if (status === 404) return 'not_found';
  return status === 409 || status === 412 ? 'conflict' : 'input_invalid';
}

/** A 400 with its scimType. */
export function refuse(scimType: ScimType, detail: string): ScimError {
  return new ScimError(400, scimType, detail);
}

/** What was sent, cut short: enough to recognize it by, never the whole of a hostile value. */
export function shown(text: unknown): string {
  const words = typeof text === 'string' ? text : (JSON.stringify(text) ?? 'nothing');
  return words.length > 80 ? `${words.slice(0, 80)}…` : words;
}
