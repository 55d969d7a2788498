// What many ask for at once and costs a trip to somebody else is asked for once; and where it failed, not again for a
// while: else everybody who opens our sign-in page would have us knock at a provider that is down.

/** A provider that comes back is found again this soon. */
const FAILED_MS = 10_000;

interface Asking<T> {
  readonly answer: Promise<T>;
  failedAt: number | null;
}

export class AskedOnce<T> {
  readonly #asked = new Map<string, Asking<T>>();

  /** The answer that is under way, the failure of a moment ago, or what `ask` gives. */
  async ask(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#asked.get(key);
    if (known !== undefined && (known.failedAt === null || performance.now() - known.failedAt < FAILED_MS)) {
      return known.answer;
    }
    const asking: Asking<T> = { answer: ask(), failedAt: null };
    this.#asked.set(key, asking);
    try {
      const answer = await asking.answer;
      this.#asked.delete(key);
      return answer;
    } catch (error) {
      asking.failedAt = performance.now();
      throw error;
    }
  }
}
