// What ldapsearch says beside the entries: result codes, page cookies, counts. They are the only proof in an exported
// file that the search returned everything; a limit that was hit shows nowhere else.

const KEYS: ReadonlySet<string> = new Set([
  'search',
  'result',
  'matcheddn',
  'text',
  'control',
  'pagedresults',
  'sortresult',
  'vlvpos',
]);

const ADVICE: ReadonlyMap<number, string> = new Map([
  [3, 'export it again with a higher time limit'],
  [4, 'export it again in pages (ldapsearch -E pr=500/noprompt), or with an account that has no size limit'],
  [10, 'this part of the tree is kept on another server: export it there'],
  [11, 'export it again in pages (ldapsearch -E pr=500/noprompt)'],
  [32, 'the base of that search does not exist'],
  [50, 'the account may not read this: export with one that may'],
]);

export class SearchTrailer {
  /** Searches that began with ldapsearch's full heading, which is always followed by a result. */
  #begun = 0;
  #results = 0;
  #entries = 0;
  #cookie = '';
  #problem: string | null = null;

  entry(): void {
    this.#entries += 1;
  }

  /** Whether a record that begins so belongs to the search and not to the directory. */
  take(key: string, value: () => string): boolean {
    if (!KEYS.has(key)) return false;
    if (key === 'result') this.#result(value());
    if (key === 'pagedresults') this.#cookie = value().replace(/^cookie=/, '');
    return true;
  }

  /**
   * What is wrong with the file itself: more entries than the search returned. ldapsearch writes names into comments as
   * they are, so somebody whose name holds line breaks could have written entries of their own into the export.
   */
  comment(text: string): string | null {
    if (text === '# extended LDIF') {
      if (this.#cookie === '') this.#entries = 0;
      this.#begun += 1;
    }
    const counted = /^# numEntries: (\d+)$/.exec(text);
    if (counted === null) return null;
    const announced = Number(counted[1]);
    const found = this.#entries;
    this.#entries = 0;
    if (found > announced) {
      return `the search returned ${announced} entries, and the file has ${found}: somebody may have written entries into a name, export with "ldapsearch -LLL"`;
    }
    if (found < announced) {
      this.#problem ??= `the file says that it holds ${announced} entries and has ${found}: export it again`;
    }
    return null;
  }

  /** Null where nothing says that entries are missing. */
  problem(): string | null {
    if (this.#problem !== null) return this.#problem;
    if (this.#begun > this.#results) {
      return 'the file has no line "result:" for its search, so its end is missing: export it again';
    }
    if (this.#cookie !== '') return 'the file ends between two pages of its search: export it again with "noprompt"';
    return null;
  }

  #result(value: string): void {
    this.#results += 1;
    const [, digits = '', text = ''] = /^(\d+)\s*(.*)$/.exec(value) ?? [];
    const code = Number(digits);
    if (digits !== '' && code === 0) return;
    const advice = ADVICE.get(code) ?? 'export it again';
    this.#problem ??= `the search that made the file ended with "${text || value}" (${digits || 'no code'}): ${advice}`;
  }
}
