// What a command prints. With --json exactly one document goes to standard output and nothing else; people's words go
// to standard output otherwise, warnings and progress always to standard error.
import { renderTable } from './table.ts';

/** What the caller of a command reads from. */
export interface Streams {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

const COLOURS = { red: 31, green: 32, yellow: 33, bold: 1, dim: 2 } as const;

export class Output {
  readonly json: boolean;
  readonly #streams: Streams;

  constructor(streams: Streams, json: boolean) {
    this.#streams = streams;
    this.json = json;
  }

  /** The one document of a `--json` call. */
  document(value: unknown): void {
    if (this.json) this.#streams.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** The one document, one of its lists streamed: nothing is held in memory however long it is. */
  async stream(
    head: Record<string, unknown>,
    list: string,
    items: AsyncIterable<unknown>,
    tail: Record<string, unknown> = {},
  ): Promise<void> {
    if (!this.json) return;
    const opening = JSON.stringify(head, null, 2).replace(/\n?\}$/, '');
    this.#streams.stdout.write(`${opening === '{' ? '{' : `${opening},`}\n  ${JSON.stringify(list)}: [`);
    let first = true;
    for await (const item of items) {
      await this.#write(`${first ? '' : ','}\n    ${JSON.stringify(item)}`);
      first = false;
    }
    const closing = Object.entries(tail).map(([key, value]) => `,\n  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
    this.#streams.stdout.write(`${first ? '' : '\n  '}]${closing.join('')}\n}\n`);
  }

  /** A line for people. */
  line(words = ''): void {
    if (!this.json) this.#streams.stdout.write(`${harmless(words)}\n`);
  }

  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    if (this.json) return;
    const width = this.#streams.stdout.isTTY === true ? (this.#streams.stdout.columns ?? null) : null;
    const clean = rows.map((row) => row.map(harmless));
    const [title = '', ...lines] = renderTable(head, clean, width);
    this.#streams.stdout.write([this.#paint('bold', title), ...lines].map((line) => `${line}\n`).join(''));
  }

  warn(words: string): void {
    this.#streams.stderr.write(`${this.#paint('yellow', 'warning:')} ${harmless(words)}\n`);
  }

  error(words: string): void {
    this.#streams.stderr.write(`${this.#paint('red', 'rollcall:')} ${harmless(words)}\n`);
  }

  /** Something the caller must see on standard error, as it is. */
  notice(words: string): void {
    this.#streams.stderr.write(`${harmless(words)}\n`);
  }

  /** One line that is rewritten while long work goes on; only on a terminal. */
  progress(words: string): void {
    if (this.#streams.stderr.isTTY === true) this.#streams.stderr.write(`\r\u001B[2K${harmless(words)}`);
  }

  progressDone(): void {
    if (this.#streams.stderr.isTTY === true) this.#streams.stderr.write('\r\u001B[2K');
  }

  #paint(colour: keyof typeof COLOURS, words: string): string {
    const plain = this.#streams.stdout.isTTY !== true || (this.#streams.env['NO_COLOR'] ?? '') !== '';
    return plain ? words : `\u001B[${COLOURS[colour]}m${words}\u001B[0m`;
  }

  async #write(words: string): Promise<void> {
    if (this.#streams.stdout.write(words)) return;
    await new Promise((resolve) => this.#streams.stdout.once('drain', resolve));
  }
}

/** Names come from directories: control characters in them must not reach a terminal. */
function harmless(words: string): string {
  // eslint-disable-next-line no-control-regex
  return words.replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, '\uFFFD');
}
