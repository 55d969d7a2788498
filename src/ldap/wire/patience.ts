// How long a server is waited for. Only waiting counts: what is done with what came must not make a good server look slow.

/** One limit of the settings, counted down by waiting; and an hour at which everything ends (the run's). */
export class Patience {
  readonly #seconds: number;
  readonly #setting: string;
  readonly #end: RunEnd | null;
  #leftMs: number;

  constructor(seconds: number, setting: string, end: RunEnd | null = null) {
    this.#seconds = seconds;
    this.#setting = setting;
    this.#end = end;
    this.#leftMs = seconds * 1000;
  }

  get leftMs(): number {
    return Math.max(0, Math.min(this.#leftMs, this.#end?.leftMs ?? Number.POSITIVE_INFINITY, LONGEST_TIMER_MS));
  }

  /** The run's time is over, however fast the server sends. */
  get ended(): boolean {
    return this.#end !== null && this.#end.leftMs <= 0;
  }

  spend(ms: number): void {
    this.#leftMs -= ms;
  }

  /** Which limit has passed. */
  overdue(): string {
    if (this.#end !== null && this.#end.leftMs <= this.#leftMs) return this.#end.overdue();
    return `no answer within ${this.#seconds} seconds (${this.#setting})`;
  }
}

/** When a run, or a sign-in, must have ended. */
export class RunEnd {
  readonly #seconds: number;
  readonly #setting: string;
  readonly #at: number;

  constructor(seconds: number, setting = 'timeouts.run') {
    this.#seconds = seconds;
    this.#setting = setting;
    this.#at = performance.now() + seconds * 1000;
  }

  get leftMs(): number {
    return this.#at - performance.now();
  }

  overdue(): string {
    return `the read took longer than ${this.#seconds} seconds (${this.#setting}): allow it more time, or narrow base and filter`;
  }
}

/** Node takes a longer one for none at all. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
