// Who posts a response: a browser that asked for one here, or anybody. Anybody's costs next to nothing, and each is counted
// by itself: however much junk is posted, also from the address of a victim, a browser that is signing in gets through.
import type { Request } from 'express';
import type { Stranger } from '../organization/throttle.ts';
import { failedAt, spentAt } from '../organization/throttle.ts';
import type { OpenRequest } from '../store/saml-requests.ts';
import { openRequests } from '../store/saml-requests.ts';
import { browserOf } from './saml-browser.ts';
import type { SamlConnection, SamlDoor } from './saml-door.ts';

export interface Sender {
  /** What this browser asked of the connection and was not answered yet. */
  readonly open: readonly OpenRequest[];
  /** For how long nothing of theirs is looked at; null while they may post. */
  readonly spent: { readonly retryAfterMs: number } | null;
  /** Counts a response that proved nothing. */
  readonly failed: () => Promise<void>;
}

/** @param what counted by itself: whoever is kept from signing out for a while can still sign in. */
export async function senderOf(
  door: SamlDoor,
  { connection }: SamlConnection,
  request: Request,
  what: 'sign-in' | 'sign-out',
): Promise<Sender> {
  const browser = browserOf(request, door.publicUrl);
  const wanted = { connection: connection.id, at: door.sync.now() };
  const open = browser === null ? [] : await openRequests(door.sync.db, { ...wanted, browser });
  const who: Stranger = browser === null || open.length === 0 ? { address: request.ip ?? '' } : { browser };
  const name = `saml ${what} ${connection.id}`;
  return {
    open,
    spent: await spentAt(door.sync, name, who),
    failed: async () => failedAt(door.sync, name, who),
  };
}
