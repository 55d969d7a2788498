// Settings of a SCIM connection: the bearer token names the connection (design.md section 5).
import { z } from 'zod';
import { secretRef } from './secret.ts';

export const scimSettings = z.strictObject({
  /** Null: only tokens made by `token scim` are accepted. */
  token: secretRef.optional().transform((token) => token ?? null),
});

export type ScimSettings = z.output<typeof scimSettings>;
