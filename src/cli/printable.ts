// What people read must be what is there: names come from directories, and one that holds an escape sequence, a line
// break or a change of direction could rewrite the screen or forge a line.

// Tabs too: in a table they are no width that could be known. Embeddings and isolates turn what follows around.
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/g;

/** On one line, with a mark in place of each character that would do something. */
export function printable(words: string): string {
  return words.replace(UNSAFE, '\uFFFD');
}

/** As `printable`, but for line breaks around the whole: empty lines that a command itself puts there. */
export function printableBlock(words: string): string {
  const [, before = '', inner = '', after = ''] = /^(\n*)(.*?)(\n*)$/s.exec(words) ?? [];
  return before + printable(inner) + after;
}
