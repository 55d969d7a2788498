// A trial of a response that somebody has at hand: every rule of a sign-in is asked of it, and nothing is changed or used
// up. The same response may be tried again, and still signs its person in where its browser brings it.
import type { Identity } from '../saml/identity.ts';
import { readIdentity } from '../saml/identity.ts';
import { verifyResponse } from '../saml/verify.ts';
import type { Verdict } from '../saml/verify.ts';
import type { PlanRow } from '../store/plan-rows.ts';
import type { SignedIn } from '../sync/sign-in.ts';
import { trySignIn } from '../sync/sign-in.ts';
import type { ProviderDoor, SamlConnection, SamlDoor } from './saml-door.ts';
import { providerOf } from './saml-door.ts';
import { expectationOf, questionOf } from './saml-question.ts';

export interface Trial {
  readonly answer: SignedIn | { readonly kind: 'refused'; readonly rule: string; readonly reason: string };
  /** Null when the message did not get so far. */
  readonly identity: Identity | null;
  /** SHA-256 fingerprint of the certificate whose key signed. */
  readonly certificate: string | null;
  /** What it would change. */
  readonly rows: readonly PlanRow[];
}

/** @param posted the value of the field SAMLResponse. */
export async function tryResponse(
  door: ProviderDoor & Pick<SamlDoor, 'sealingKey'>,
  saml: SamlConnection,
  posted: string,
): Promise<Trial> {
  const provider = await providerOf(door, saml);
  const ask = async (id: string): Promise<Verdict> => {
    const open = [{ id, purpose: 'try' as const, createdAt: door.sync.now() }];
    return verifyResponse(posted, await expectationOf(door, saml, provider, open));
  };
  const first = await ask('');
  // Which browser asked can't be told from here: the request that it names counts as one that was made.
  const answers = first.response?.inResponseTo ?? null;
  const verdict = answers === null ? first : await ask(answers);
  if (verdict.kind === 'refused') return refused(verdict, null, null);
  const { certificate } = verdict;
  const identity = readIdentity(verdict.assertion, saml.settings, provider.metadata.kind);
  if ('rule' in identity) return refused(identity, null, certificate);
  const tried = await trySignIn(door.sync, questionOf(saml, identity, door.sync.now()));
  return { ...tried, identity, certificate };
}

function refused(
  { rule, reason }: { readonly rule: string; readonly reason: string },
  identity: Identity | null,
  certificate: string | null,
): Trial {
  return { answer: { kind: 'refused', rule, reason }, identity, certificate, rows: [] };
}
