// What a response is held against: who we are, who may speak, what this browser asked for, and the time.
/** How long a person may take at their provider. */
export const REQUEST_LIFETIME_MS = 30 * 60_000;

export type SignedParts = 'either' | 'assertion' | 'response' | 'both';

/** A request that this browser made at this connection and that was not answered yet. */
export interface AwaitedRequest {
  readonly id: string;
  readonly createdAt: string;
}

export interface Expectation {
  /** Our entity id: the audience. */
  readonly entityId: string;
  /** Where responses are to arrive: destination and recipient. */
  readonly acsUrl: string;
  /** The provider's entity id: the issuer. */
  readonly provider: string;
  /** PEM certificates of the provider that may sign now. */
  readonly certificates: readonly string[];
  /** Our private keys, PEM, the current one first. */
  readonly decryptionKeys: readonly string[];
  readonly signed: SignedParts;
  readonly awaited: readonly AwaitedRequest[];
  /** Whether a response that nobody here asked for is taken. */
  readonly allowIdpInitiated: boolean;
  readonly clockSkewMs: number;
  readonly now: number;
}
