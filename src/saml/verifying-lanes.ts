// Small responses do not wait for large ones: a thread for each. Whoever posts the largest that is taken, signed by nobody,
// costs half a second of a thread; from a few addresses that would keep everybody else waiting.
import type { VerifierOptions } from './verifier.ts';
import { Verifier } from './verifier.ts';
import type { Verdict } from './verify.ts';
import type { VerifyJob } from './verify-worker.ts';

/** Characters of base64: a few hundred groups, some thirty milliseconds. */
const SMALL = 64 * 1024;

export class VerifyingLanes {
  readonly #small: Verifier;
  readonly #large: Verifier;

  constructor(options: VerifierOptions = {}) {
    this.#small = new Verifier(options);
    this.#large = new Verifier(options);
  }

  /** As `Verifier.verify`. */
  async verify(job: VerifyJob, sender: string): Promise<Verdict | 'busy'> {
    return (job.posted.length <= SMALL ? this.#small : this.#large).verify(job, sender);
  }

  async close(): Promise<void> {
    await Promise.all([this.#small.close(), this.#large.close()]);
  }
}
