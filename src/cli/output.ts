// What a command prints. With --json exactly one document goes to standard output and nothing else; people's words go
// to standard output otherwise, warnings and progress always to standard error.
import type { Fault } from '../errors.ts';
import { type Colour, paint } from './colour.ts';
import { printable, printableBlock } from './printable.ts';
import { Progress } from './progress.ts';
import { alignRows, renderTable } from './table.ts';

/** What the caller of a command reads from. */
export interface Streams {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Each write is a call of the system: of a long list many items go in one. */
const WRITTEN_AT_ONCE = 64 * 1024;

export class Output {
  readonly json: boolean;
  readonly #streams: Streams;
  readonly #progress: Progress;
  /** Set once the one document has begun: whatever goes wrong then, a second one would make both unreadable. */
  #documented = false;
  /** Set when nobody reads any more (`rollcall members | head`): the work goes on to its end and its exit code. */
  #unread = false;

  constructor(streams: Streams, json: boolean) {
    this.#streams = streams;
    this.json = json;
    this.#progress = new Progress(streams.stderr);
    streams.stdout.once('error', () => {
      this.#unread = true;
    });
  }

  /** The one document of a `--json` call. */
  document(value: unknown): void {
    if (!this.json || this.#documented) return;
    this.#documented = true;
    this.#print(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** The one document, one of its lists streamed: nothing is held in memory however long it is. */
  async stream(
    head: Record<string, unknown>,
    list: string,
    items: AsyncIterable<unknown>,
    tail: Record<string, unknown> = {},
  ): Promise<void> {
    if (!this.json || this.#documented) return;
    this.#documented = true;
    const opening = JSON.stringify(head, null, 2).replace(/\n?\}$/, '');
    this.#print(`${opening === '{' ? '{' : `${opening},`}\n  ${JSON.stringify(list)}: [`);
    let first = true;
    let words = '';
    for await (const item of items) {
      if (this.#unread) return;
      words += `${first ? '' : ','}\n    ${JSON.stringify(item)}`;
      first = false;
      if (words.length < WRITTEN_AT_ONCE) continue;
      await this.#write(words);
      words = '';
    }
    await this.#write(words);
    const closing = Object.entries(tail).map(([key, value]) => `,\n  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
    this.#print(`${first ? '' : '\n  '}]${closing.join('')}\n}\n`);
  }

  /** A line for people. */
  line(words = ''): void {
    if (!this.json) this.#print(`${printableBlock(words)}\n`);
  }

  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    if (this.json) return;
    const { stdout } = this.#streams;
    const width = stdout.isTTY === true ? (stdout.columns ?? null) : null;
    const clean = rows.map((row) => row.map(printable));
    const [title = '', ...lines] = renderTable(head, clean, width);
    this.#print([this.#paint('bold', title, stdout), ...lines].map((line) => `${line}\n`).join(''));
  }

  warn(words: string): void {
    this.#say(`${this.#paint('yellow', 'warning:', this.#streams.stderr)} ${printable(words)}`);
  }

  error(words: string): void {
    this.#say(`${this.#paint('red', 'rollcall:', this.#streams.stderr)} ${printable(words)}`);
  }

  /** Something the caller must see on standard error, as it is. */
  notice(words: string): void {
    this.#say(words.split('\n').map(printable).join('\n'));
  }

  /** Faults of a file, one a line: where, what, why; with `file` each is a place that editors open. */
  faults(faults: readonly Fault[], file: string | null): void {
    const rows = faults.map(({ at, line, message }) => {
      const place =
        file === null ? (line === undefined ? '' : `line ${line}`) : line === undefined ? file : `${file}:${line}`;
      return [place, at, message].map(printable);
    });
    for (const line of alignRows(rows)) this.#say(line);
  }

  /** One line that is rewritten while long work goes on; only on a terminal. */
  progress(words: string): void {
    this.#progress.show(words);
  }

  progressDone(): void {
    this.#progress.erase();
  }

  #paint(colour: Colour, words: string, stream: { readonly isTTY?: boolean }): string {
    return paint(colour, words, stream, this.#streams.env);
  }

  #say(line: string): void {
    this.#progress.erase();
    this.#streams.stderr.write(`${line}\n`);
  }

  #print(words: string): boolean {
    this.#progress.erase();
    return this.#unread || this.#streams.stdout.write(words);
  }

  async #write(words: string): Promise<void> {
    if (this.#print(words)) return;
    const { stdout } = this.#streams;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        stdout.off('drain', go).off('error', go);
        resolve();
      };
      stdout.once('drain', go).once('error', go);
    });
  }
}
