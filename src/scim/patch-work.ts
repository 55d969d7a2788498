// How much one request may make the server compare: whoever asks for more keeps all others waiting. A bulk request has
// no more of it than a single PATCH.
import { ScimError } from './scim-error.ts';

/** A third of a second, and a thousand times what any client asks at once. */
const MAX_WORK = 1_000_000;

export class PatchWork {
  #taken = 0;

  /** @param work characters of a path to be read, or values to be compared. @throws ScimError 413 */
  take(work: number): void {
    this.#taken += work;
    if (this.#taken <= MAX_WORK) return;
    throw new ScimError(413, null, 'the operations ask for too much at once: send several requests');
  }
}
